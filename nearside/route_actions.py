"""`nearside route actions`: the last code actions, what they tried, and what was sent and why."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from inference.cost.amounts import number, written
from inference.cost.tables import printable
from inference.routing.acted import Acted, acted, told
from settings import paths


def listed(project: Path | None, limit: int, as_json: bool) -> str:
    """Return the newest actions, one a line or as JSON. Raises LedgerUnusable."""
    found = acted(paths.ledger_file(), str(project.resolve()) if project else None, limit)
    if as_json:
        return json.dumps([_as_dict(one) for one in found], indent=1, ensure_ascii=False)
    if not found:
        return "No code action has run yet."
    return "\n".join(printable(f"{_when(one)}  {told(one)}{_cost(one)}") for one in found)


def _as_dict(one: Acted) -> dict[str, object]:
    attempts = [asdict(attempt) for attempt in one.attempts]
    return asdict(one.action) | {"attempts": attempts, "dollars": number(one.cost), "sentence": told(one)}


def _when(one: Acted) -> str:
    try:
        return f"{datetime.fromtimestamp(one.action.time):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return "?"


def _cost(one: Acted) -> str:
    return f" ({written(one.cost)} USD)" if one.cost else ""
