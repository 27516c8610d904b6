"""Limits for the callers of an interface."""
