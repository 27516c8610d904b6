"""What compiled modules of the standard library say of themselves, asked of the Python that runs Nearside.

They have no text to read. Only modules in this Python's own library are asked, never one of a project.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import types
from pathlib import Path

from tools.documentation.doc import MOST_SIGNATURE, Doc, plain

VERSION = ".".join(map(str, sys.version_info[:3]))
PAGE = f"https://docs.python.org/{sys.version_info[0]}.{sys.version_info[1]}/library/"


def look(module: str, rest: list[str]) -> Doc | None:
    """Return what is known of a name in a compiled module; None for any other module or an unknown name."""
    holder = _own(module)
    if holder is None:
        return None
    thing: object = holder
    for part in rest:
        known = inspect.getattr_static(thing, part, None)
        if known is None:
            return None
        thing = getattr(thing, part, known) if isinstance(thing, (type, types.ModuleType)) else known
    name = ".".join(rest) if module == "builtins" else ".".join([module, *rest])
    page = _page(holder, rest) if module == "builtins" else f"{module.lstrip('_')}.html"
    anchor = f"#{name}" if rest else ""
    return Doc(
        name or module,
        _signature(thing, rest[-1] if rest else ""),
        plain(inspect.getdoc(thing) or ""),
        VERSION,
        PAGE + page + anchor,
        "standard library",
    )


def _page(builtins: types.ModuleType, rest: list[str]) -> str:
    """Return the page of the library's manual that a built-in name stands on."""
    first = getattr(builtins, rest[0], None) if rest else None
    if isinstance(first, type):
        return "exceptions.html" if issubclass(first, BaseException) else "stdtypes.html"
    return "functions.html"


def names(module: str, rest: list[str]) -> list[str]:
    """Return the names in a compiled module or one of its classes."""
    thing: object = _own(module)
    for part in rest:
        thing = getattr(thing, part, None)
    return [] if thing is None else [name for name in dir(thing) if not name.startswith("_")]


def _own(name: str) -> types.ModuleType | None:
    """Return a compiled module of this Python; None for any that has a text, or lies anywhere else."""
    if name not in sys.stdlib_module_names or "." in name:
        return None
    if name not in sys.builtin_module_names:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return None
        origin = spec.origin if spec else None
        if not origin or not origin.endswith((".so", ".pyd")) or not _is_ours(Path(origin)):
            return None
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _is_ours(path: Path) -> bool:
    library = Path(inspect.__file__).parent
    return path.parent in (library / "lib-dynload", library.parent / "DLLs")


def _signature(thing: object, name: str) -> str:
    if isinstance(thing, types.ModuleType):
        return ""
    try:
        head = f"{name}{inspect.signature(thing)}" if callable(thing) else name  # type: ignore[arg-type]
    except (ValueError, TypeError):
        head = f"{name}(…)" if callable(thing) else name
    return (
        f"{'class' if isinstance(thing, type) else 'def'} {head}"[:MOST_SIGNATURE]
        if callable(thing)
        else head
    )
