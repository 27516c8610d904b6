"""What tree-sitter knows of a text: errors, blocks, strings, definitions and names. A leaf package."""
