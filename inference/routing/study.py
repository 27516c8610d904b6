"""What the ledger teaches the router: labels, recent scores and what asking costs. Reads the file: not for an
event loop. Only what the same model and the same weights of the confidence scored counts."""

from __future__ import annotations

import contextlib
import logging
import math
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from inference import calls
from inference.calls import PICO, LedgerUnusable
from inference.routing.calibration import SHIPPED, Calibration, Labelled, calibrated
from inference.routing.decision import BY_SCORE, Decision, standing
from inference.routing.quality import Rung, ladder
from inference.routing.share import ENOUGH, RECENT
from inference.routing.shipped import shipped

log = logging.getLogger(__name__)

NEWEST = 2000
"""Labels looked at: some weeks of work. Older ones are of other code, and of another hand."""
DAYS = 30
"""Days that costs and stops are averaged over."""

_LABELS = """
    SELECT confidence, max(label, COALESCE(survived, 0)), project FROM suggestions
    WHERE model = ? AND scorer = ? AND confidence IS NOT NULL AND label IS NOT NULL
    ORDER BY time DESC LIMIT ?
"""
_NAMES = Decision.__dataclass_fields__
_DECISIONS = f"SELECT {', '.join(_NAMES)} FROM decisions"
_BY_SCORE = ", ".join(f"'{rule}'" for rule in BY_SCORE)
_RECENT = f"""
    SELECT score, occasion FROM decisions
    WHERE (? IS NULL OR project = ?) AND model = ? AND scorer = ? AND rule IN ({_BY_SCORE})
    ORDER BY time DESC LIMIT ?
"""
_LATEST_MODEL = """
    SELECT model, scorer FROM suggestions
    WHERE (? IS NULL OR project = ?) AND confidence IS NOT NULL AND model <> '' AND scorer <> ''
    ORDER BY time DESC LIMIT 1
"""
_STOPS = f"""
    SELECT count(*), count(DISTINCT date(time, 'unixepoch', 'localtime')) FROM decisions
    WHERE time >= ? AND (? IS NULL OR project = ?) AND rule IN ({_BY_SCORE})
"""
_COSTS = """
    SELECT count(DISTINCT CASE WHEN suggestion = '' THEN id ELSE suggestion END),
        sum(COALESCE(cost, reserved)) FROM calls
    WHERE time >= ? AND (? IS NULL OR project = ?) AND purpose = 'completion' AND state <> 'released'
"""
_COMPARED = """
    SELECT count(*), sum(d.agreed), sum(right), sum(hosted_right) FROM (
        SELECT agreed, max(s.label, COALESCE(s.survived, 0)) AS right,
            CASE WHEN agreed THEN max(s.label, COALESCE(s.survived, 0)) ELSE hosted_right END AS hosted_right
        FROM decisions JOIN suggestions AS s ON s.id = suggestion
        WHERE explore AND agreed IS NOT NULL AND s.label IS NOT NULL AND (? IS NULL OR decisions.project = ?)
    ) AS d WHERE hosted_right IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """Drafts kept local that a hosted model was asked about only to compare, and that have labels."""

    drafts: int = 0
    agreed: int = 0
    local_right: int = 0
    hosted_right: int = 0


@dataclass(frozen=True, slots=True)
class Study:
    """What is known for one project and model."""

    project: str = ""
    model: str = ""
    scorer: str = ""
    labels: tuple[Labelled, ...] = ()
    """Newest first, of all the user's projects."""
    recent: tuple[float, ...] = ()
    """What recent drafts stood at when they were decided, oldest first."""
    calibration: Calibration = SHIPPED
    rungs: tuple[Rung, ...] = ()
    """The cuts routing.min_quality is met by."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What stops and asking came to in the last DAYS."""

    stops: float = 0.0
    """Drafts decided by score on a day with any."""
    asked: int = 0
    """Completions a hosted model was asked about, retries not counted."""
    cost: Decimal | None = None
    """US dollars for one; None where none was asked for."""


@dataclass(frozen=True, slots=True)
class History:
    """What a user may want to know of the past."""

    spending: Spending = Spending()
    compared: Compared = Compared()
    decisions: tuple[Decision, ...] = field(default=())
    """Newest first."""


def study(file: Path, project: str, model: str, scorer: str) -> Study:
    """Return what the ledger teaches about one project; nothing where it cannot be read."""
    labels: list[Labelled] = []
    recent: list[float] = []
    try:
        with _opened(file) as ledger:
            if ledger is not None:
                rows = ledger.execute(_LABELS, (model, scorer, NEWEST))
                labels = [Labelled(row[0], bool(row[1]), str(row[2])) for row in rows if _is_score(row[0])]
                recent = _recent(ledger, project, model, scorer)
                if len(recent) < ENOUGH:
                    recent = _recent(ledger, None, model, scorer)
    except LedgerUnusable as error:
        log.warning("Nothing was learned for routing: %s", error)
    calibration = calibrated(labels, project)
    rungs = ladder(labels, calibration, shipped().scores, project)
    return Study(project, model, scorer, tuple(labels), tuple(recent), calibration, rungs)


def latest_model(file: Path, project: str | None = None) -> tuple[str, str] | None:
    """Return the model, and the weights that scored it, of the newest draft. Raises LedgerUnusable."""
    with _opened(file) as ledger:
        found = ledger.execute(_LATEST_MODEL, (project, project)).fetchone() if ledger else None
    return (str(found[0]), str(found[1])) if found else None


def history(file: Path, project: str | None, decisions: int) -> History:
    """Return what was spent, compared and decided, of one project or all. Raises LedgerUnusable."""
    with _opened(file) as ledger:
        if ledger is None:
            return History()
        since = time.time() - DAYS * 86_400.0
        stops, days = ledger.execute(_STOPS, (since, project, project)).fetchone()
        asked, cost = ledger.execute(_COSTS, (since, project, project)).fetchone()
        each = Decimal(_whole(cost)) / PICO / asked if asked else None
        counts = ledger.execute(_COMPARED, (project, project)).fetchone()
        compared = Compared(*(_whole(count) for count in counts))
        rows = ledger.execute(
            f"{_DECISIONS} WHERE (? IS NULL OR project = ?) ORDER BY time DESC LIMIT ?",
            (project, project, decisions),
        ).fetchall()
    spending = Spending(stops / days if days else 0.0, asked, each)
    return History(spending, compared, tuple(map(_decision, rows)))


def _recent(ledger: sqlite3.Connection, project: str | None, model: str, scorer: str) -> list[float]:
    rows = ledger.execute(_RECENT, (project, project, model, scorer, RECENT)).fetchall()
    stood = (standing(_score(score), occasion == "typed over") for score, occasion in reversed(rows))
    return [value for value in stood if value is not None]


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection | None]:
    if not file.exists():
        yield None
        return
    with calls.read(file, "Nothing was learned for routing") as ledger:
        yield ledger


def _decision(row: tuple[Any, ...]) -> Decision:
    """Return a row of the file as a record; a file can hold anything."""
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    for name in ("score", "probability", "cut", "kept"):
        values[name] = _number(values[name])
    for name in ("time", "keep_local", "min_quality"):
        values[name] = _number(values[name]) or 0.0
    left = values["left"]
    values["left"] = Decimal(left) / PICO if isinstance(left, int) else None
    values["moments"] = _whole(values["moments"])
    values["ask"], values["explore"] = bool(values["ask"]), bool(values["explore"])
    values["note"] = "".join(c if c.isprintable() else "?" for c in str(values["note"]))
    return Decision(**values)


def _number(value: Any) -> float | None:
    """Return a number of the file, which may be infinite; None for what is none."""
    return value if isinstance(value, int | float) and value == value else None


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0


def _is_score(value: Any) -> bool:
    return _score(value) is not None


def _score(value: Any) -> float | None:
    known = isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1
    return float(value) if known else None
