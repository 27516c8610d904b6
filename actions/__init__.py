"""Code actions: what a model drafts, applied to a copy and verified before anybody's text changes."""
