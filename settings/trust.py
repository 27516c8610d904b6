"""Which project files the user consented to, and what one may do without consent: tighten, never loosen."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settings import paths
from settings.schema import Untrusted

Value = Any
DECLINED = "declined "
"""Stands before the hash of settings the user said no to."""


def tightened(
    rule: Untrusted, current: Value, proposed: Value, choices: tuple[str, ...] = ()
) -> Value | None:
    """Return what an untrusted project may make of `current` when it asks for `proposed`; None refuses it."""
    match rule:
        case "lower":
            return proposed if proposed < current else None
        case "raise":
            return proposed if proposed > current else None
        case "stricter":
            return proposed if choices.index(proposed) < choices.index(current) else None
        case "disable":
            return None if proposed else False
        case "narrow":
            # An empty intersection must not come out as the empty list, which allows everything.
            return (proposed if not current else tuple(item for item in proposed if item in current)) or None
        case "extend":
            return current + tuple(item for item in proposed if item not in current)
        case _:
            return None


def granted(workspace: Path, table: Mapping[str, Any], what: str = "") -> bool:
    """Say whether the user consented to this workspace's settings as they stand now.

    `what` is something else in the workspace that needs a consent of its own, here and in what follows.
    """
    digest = _digest(table)
    return bool(digest) and _recall().get(_name(workspace, what)) == digest


def grant(workspace: Path, table: Mapping[str, Any], what: str = "") -> None:
    """Remember the user's consent to these settings; a change to them needs a new one. Raises OSError."""
    _store({**_recall(), _name(workspace, what): _digest(table)})


def decline(workspace: Path, table: Mapping[str, Any], what: str = "") -> None:
    """Remember that the user wants no question about these settings again. Raises OSError."""
    _store({**_recall(), _name(workspace, what): DECLINED + _digest(table)})


def declined(workspace: Path, table: Mapping[str, Any], what: str = "") -> bool:
    """Say whether the user refused this workspace's settings as they stand now."""
    return _recall().get(_name(workspace, what)) == DECLINED + _digest(table)


def revoke(workspace: Path, what: str = "") -> bool:
    """Forget the consent and say whether there was one. Raises OSError."""
    known = _recall()
    had = known.pop(_name(workspace, what), None)
    if had is not None:
        _store(known)
    return had is not None and not had.startswith(DECLINED)


def _name(workspace: Path, what: str) -> str:
    return str(workspace.resolve()) + (f"\0{what}" if what else "")  # no path holds a NUL


def _digest(table: Mapping[str, Any]) -> str:
    """Hash a table by its content, not its layout; empty, and never trusted, where that cannot be done."""
    try:
        text = json.dumps(table, sort_keys=True, default=str)
    except (ValueError, TypeError, RecursionError):
        return ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _file() -> Path:
    return paths.state_dir() / "trust.json"


def _recall() -> dict[str, str]:
    """Read the consents. A file that cannot be read is no consent."""
    try:
        known = json.loads(_file().read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _store(known: Mapping[str, str]) -> None:
    """Write the consents in one step, so that a crash leaves the old ones or the new ones."""
    target = _file()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".trust-")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(known, stream, indent=1)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
