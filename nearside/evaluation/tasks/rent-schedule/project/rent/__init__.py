"""Leases and what is paid for them."""
