"""A small clock for shifts."""
