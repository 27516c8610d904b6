"""What tree-sitter knows of a text: errors, blocks, strings and comments, definitions and names. A leaf package."""
