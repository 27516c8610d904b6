"""Sales of a chain of shops."""
