"""Walking through the pages of an interface."""
