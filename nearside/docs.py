"""`nearside docs`: the documentation of a name, as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from settings.schema import Docs
from tools.documentation import Doc, Library


def look(root: Path, settings: Docs, name: str, language: str) -> Doc:
    """Return what is known of a name. Raises NotFound."""
    library = Library(root, settings)
    try:
        return library.look(name, language)
    finally:
        library.close()


def learn(root: Path, settings: Docs, names: Iterable[str]) -> None:
    """Look names up, one a line, so that the index holds them."""


def printed(doc: Doc, as_json: bool) -> str:
    """Return an answer for the user: where it is last, for a terminal to make it clickable."""
    if as_json:
        return json.dumps(doc.as_json(), indent=1, ensure_ascii=False)
    head = " ".join(part for part in (doc.title, doc.version) if part)
    parts = [head, doc.signature, doc.text, f"{doc.source}: {doc.where}"]
    return "\n\n".join(part for part in parts if part)
