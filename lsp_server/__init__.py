"""The only code that knows LSP. Importing it makes lsprotocol start quickly (startup.py)."""

from lsp_server.startup import import_lsprotocol

import_lsprotocol()
