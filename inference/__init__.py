"""Engines that complete text, and the choice between them. Knows nothing of LSP or of retrieval."""
