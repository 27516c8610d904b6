"""The project as searchable text, and what of it a prompt gets to see. Knows nothing of LSP or of engines."""
