"""Invoices of a small workshop."""
