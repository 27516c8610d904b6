"""What one file says about names, by tree-sitter: what it defines, what it imports, what its names hold.

`walk.py` runs one query over the tree and hands each node it captures to a function of the language's own.
"""

from syntax.extract.walk import facts

__all__ = ["facts"]
