"""`nearside docs`: the documentation of a name, as text or JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

from settings.schema import Docs
from tools.documentation import Doc, Library, NotFound
from tools.documentation.at_cursor import Cursor, at_cursor
from tools.documentation.doc import Deadline, Late
from tools.documentation.index import Lost

LEARN_SECONDS = 45.0
"""Until what a server asked for is given up."""


def look(root: Path, settings: Docs, name: str, language: str) -> Doc:
    """Return what is known of a name. Raises NotFound."""
    library = Library(root, settings)
    try:
        return library.look(name, language)
    finally:
        library.close()


def learn(root: Path, settings: str, question: str) -> None:
    """Answer a server's question to nobody, so that the index holds what its answer needs.

    `settings` are docs.folders and docs.python of the server, `question` a name or a cursor, as JSON.
    """
    if hasattr(os, "nice"):
        os.nice(10)
    folders, python = json.loads(settings)
    asked = json.loads(question)
    library = Library(root, Docs(python=python, folders=tuple(folders)))
    try:
        if "name" in asked:
            library.look(asked["name"], asked["language"])
        else:
            at_cursor(library.python.names, root, Cursor(**asked), Deadline(LEARN_SECONDS))
    except (NotFound, Late, Lost):
        return
    finally:
        library.close()


def printed(doc: Doc, as_json: bool) -> str:
    """Return an answer for the user: where it is last, for a terminal to make it clickable."""
    if as_json:
        return json.dumps(doc.as_json(), indent=1, ensure_ascii=False)
    head = " ".join(part for part in (doc.title, doc.version) if part)
    parts = [head, doc.signature, doc.text, f"{doc.source}: {doc.where}"]
    return "\n\n".join(part for part in parts if part)
