"""The first run as a new user has it: from nothing to the first suggestion, with every message on the way.

Each part does what the pages tell a user to do, in a home folder of its own: Neovim as editors/nvim/README.md
says, VS Code as docs/vscode.md, `make demo` as README.md. Beside them llama.vim, with llama-server.
"""
