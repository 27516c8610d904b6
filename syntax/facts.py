"""What one file says about names: what it defines, what it imports, what types its names have.

Facts are per file and know of no other file: retrieval/graph joins them.
"""

from __future__ import annotations

from dataclasses import dataclass

from syntax.definitions import Kind


@dataclass(frozen=True, slots=True)
class Symbol:
    """One definition. Lines count from 0 and `last` is still part of it."""

    name: str
    kind: Kind
    first: int
    last: int
    stub: str
    """The signature as the text has it, without its body; of a class, the heads of its members too."""
    owner: str = ""
    """What it belongs to within its file, dotted: `Outer.Inner`."""
    bases: tuple[str, ...] = ()
    """Of a class or type: what it extends, implements or embeds, as written but without type arguments."""
    type: str = ""
    """Of a function what it returns, of an attribute, variable or constant what it holds: an annotation as
    written, or the callee of the call that makes it (`self.x = Foo(1)` is `Foo`). Empty if nothing says."""

    @property
    def qualified(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a file gets from elsewhere, or everything of one place."""

    module: str
    """As written, relative marks kept: `..a.b`, `./x.js`, `com.foo`, `crate::a`, `stdio.h`."""
    name: str = ""
    """What is taken of the module; empty for the module itself, `*` for everything."""
    alias: str = ""
    """The name it goes by here; empty for everything."""
    line: int = 0
    exported: bool = False
    """Whether this file hands it on: `export … from`, `pub use`; in Python every import does."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one file says."""

    language: str
    """LSP language identifier."""
    package: str = ""
    """The package, namespace or module a file names itself as being of (Go, Java, Kotlin, C#, PHP)."""
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
