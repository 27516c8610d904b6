"""Trams of a town."""
