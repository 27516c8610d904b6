"""Documentation of names, looked up on this machine: nothing is imported, executed or fetched for it."""

from tools.documentation.doc import Doc, NotFound
from tools.documentation.library import Library

__all__ = ["Doc", "Library", "NotFound"]
