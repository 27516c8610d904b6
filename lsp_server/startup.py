"""Start-up time: lsprotocol's import is most of it, and more than half of that can be saved."""

from __future__ import annotations

import gc
import sys
from typing import Any


def import_lsprotocol() -> None:
    """Import lsprotocol.types without what only costs time: garbage collection and generated reprs.

    attrs writes and compiles the methods of 554 classes at import. A third of that is __repr__, which
    nothing here calls; the classes are otherwise the same. Nothing is done if it is imported already.
    """
    if "lsprotocol.types" in sys.modules:
        return
    import attrs

    define = attrs.define

    def without_repr(cls: Any = None, **options: Any) -> Any:
        return define(cls, **{"repr": False, **options})

    collecting = gc.isenabled()
    gc.disable()  # nothing imported becomes garbage, and every pass walks all of it
    attrs.define = without_repr
    try:
        import lsprotocol.types  # noqa: F401
        import pygls.lsp.server  # noqa: F401
    finally:
        attrs.define = define
        gc.freeze()
        if collecting:
            gc.enable()
