"""`nearside complete FILE:LINE:COL`: one suggestion, outside any editor."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from inference.completer import Completer, Suggestion
from inference.lines import split_lines
from inference.prompts import CursorContext, window
from inference.types import Engine, NearsideError
from settings.schema import Completion
from settings.tables import shown

LARGEST_FILE = 64_000_000  # bytes; beyond this it is no source file


class WrongLocation(Exception):
    """The argument is not FILE:LINE:COL. The text is one line for the user."""


@dataclass(frozen=True)
class Location:
    """A place in a file. `line` and `column` count from 1, columns in characters."""

    path: Path
    line: int
    column: int


def parse_location(text: str) -> Location:
    """Read FILE:LINE:COL from the right, since a file's name may hold colons. Raises WrongLocation."""
    match = re.fullmatch(r"(.+):([0-9]{1,9}):([0-9]{1,9})", text, re.DOTALL)
    if not match:
        raise WrongLocation(
            f"Nothing was completed, because {shown(text)} is not FILE:LINE:COL; "
            "name all three, as in src/app.py:12:5."
        )
    location = Location(Path(match[1]), int(match[2]), int(match[3]))
    if not location.line or not location.column:
        raise WrongLocation(
            f"Nothing was completed, because line {location.line}, column {location.column} does not exist; "
            "LINE and COL count from 1."
        )
    return location


def read_lines(path: Path) -> list[str]:
    """Return a source file's lines with their ends. Raises NearsideError where it is none."""
    try:
        if not path.is_file():
            missing = "is not a file" if path.exists() else "does not exist"
            raise _cannot(f"{path} {missing}", "name a source file")
        if path.stat().st_size > LARGEST_FILE:
            raise _cannot(f"{path} is larger than {LARGEST_FILE // 1_000_000} MB", "name a source file")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise _cannot(f"{path} cannot be read ({reason})", "name a file you may read") from error
    if b"\0" in content[:8192]:
        raise _cannot(f"{path} is not text", "name a source file in UTF-8")
    text = content.decode("utf-8-sig", "replace")
    if "\N{REPLACEMENT CHARACTER}" in text:
        print(f"{path} is not all UTF-8; what is not stands as \N{REPLACEMENT CHARACTER}.", file=sys.stderr)
    return split_lines(text)


def cursor(location: Location, settings: Completion, workspace: Path) -> CursorContext:
    """Return what the model is shown at `location`. Raises NearsideError where the file has no such place."""
    lines = read_lines(location.path)
    if location.line > len(lines):
        raise _cannot(f"{location.path} has {len(lines)} lines, not {location.line}", "name one it has")
    characters = len(lines[location.line - 1].rstrip("\r\n"))
    if location.column > characters + 1:
        raise _cannot(
            f"line {location.line} of {location.path} has {characters} characters",
            f"name a column from 1 to {characters + 1}",
        )
    prefix, suffix = window(lines, location.line - 1, location.column - 1, settings)
    path = location.path.resolve()
    return CursorContext(
        document=path.as_uri(),
        prefix=prefix,
        suffix=suffix,
        client=f"command-line-{os.getpid()}",
        path=path.relative_to(workspace).as_posix() if path.is_relative_to(workspace) else path.name,
        repository=workspace.name,
    )


async def complete(
    engine: Engine, context: CursorContext, settings: Completion, deadline_ms: float
) -> Suggestion:
    """Ask the engine once, and let go of it."""
    completer = Completer(engine, settings)
    try:
        completer.model = (await engine.info()).model
        return await completer.complete(context, deadline_ms)
    finally:
        await completer.close()
        await engine.close()


def printable(text: str) -> str:
    """Return text without what a terminal would obey instead of showing it."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def as_json(suggestion: Suggestion) -> dict[str, object]:
    """Return what `--json` prints."""
    return {
        "text": suggestion.text,
        "model": suggestion.model,
        "confidence": None if suggestion.confidence is None else round(suggestion.confidence, 4),
        "evaluated_tokens": suggestion.usage.evaluated_tokens,
        "reused_tokens": suggestion.usage.reused_tokens,
        "latency_ms": round(suggestion.latency_ms, 1),
        "partial": suggestion.partial,
        "reason": suggestion.reason,
    }


def _cannot(why: str, what_to_do: str) -> NearsideError:
    return NearsideError(f"Nothing was completed, because {why}; {what_to_do}.")
