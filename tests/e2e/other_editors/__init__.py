"""Editors without a plugin of ours, set up as docs/editors.md says and driven in a terminal."""
