"""`nearside sent`: what went to hosted models and what was kept here, from the log of requests."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inference.outbound.audit import AuditLog, audit_log
from inference.types import NearsideError

MOST_FILES = 4
"""Files a line names; --json names all."""


class LogUnreadable(NearsideError):
    """The log of requests is there and cannot be read."""


def entries(log: AuditLog, days: float) -> list[dict[str, Any]]:
    """Return what is logged of the last days, oldest first; 0 is all of it. Raises LogUnreadable."""
    try:
        return list(log.read(days))
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise LogUnreadable(
            f"What was sent is not shown, because {log.folder} cannot be read: {why}; make it readable."
        ) from None


def printed(log: AuditLog, found: Sequence[dict[str, Any]], as_json: bool) -> str:
    """Return entries for the user, one a block, times as this machine's clock has them."""
    if as_json:
        return json.dumps({"log": str(log.folder), "requests": list(found)}, indent=1, ensure_ascii=False)
    return "\n".join(_block(entry) for entry in found)


def summary(log: AuditLog, found: Sequence[dict[str, Any]], days: float) -> str:
    """Return one line of how many there were, and where the log is."""
    sent = sum(entry.get("decision") == "sent" for entry in found)
    when = f"in the last {days:g} days" if days else "in all"
    return f"{sent} sent and {len(found) - sent} kept here {when}; the log is in {_plain(log.folder)}"


def _block(entry: dict[str, Any]) -> str:
    if entry.get("decision") == "sent":
        to = f"{_count(entry.get('size')):,} bytes to {entry.get('provider', '')} {entry.get('model', '')}"
        lines = [f"{_when(entry)}  sent  {entry.get('purpose', '')}: {to}"]
    else:
        reason = entry.get("reason", "")
        lines = [f"{_when(entry)}  kept here  {entry.get('purpose', '')}: {reason}"]
    if files := _names(entry.get("files"), _count(entry.get("more_files"))):
        lines.append(f"    text of {files}")
    if redacted := _pairs(entry.get("redacted")):
        lines.append("    secrets replaced: " + ", ".join(f"{n} {kind}" for kind, n in redacted.items()))
    if kept := _pairs(entry.get("kept_back")):
        lines.append("    left out: " + ", ".join(f"{path} ({why})" for path, why in kept.items()))
    if digest := entry.get("sha256"):
        lines.append(f"    sha256 {digest}")
    return "\n".join(map(_plain, lines))


def _names(files: Any, more: int) -> str:
    files = files if isinstance(files, list) else []
    more += max(0, len(files) - MOST_FILES)
    return ", ".join(map(str, files[:MOST_FILES])) + (f" and {more} more" if more else "")


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _pairs(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _when(entry: dict[str, Any]) -> str:
    try:
        return datetime.fromisoformat(entry["time"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (KeyError, TypeError, ValueError):
        return "at an unknown time"


def _plain(text: object) -> str:
    """Return text without what would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in str(text))


def show(days: float, as_json: bool) -> None:
    """Print the log of this user."""
    log = audit_log()
    found = entries(log, days)
    if found or as_json:
        print(printed(log, found, as_json))
    print(summary(log, found, days), file=sys.stderr)
