"""A small server of static sites."""
