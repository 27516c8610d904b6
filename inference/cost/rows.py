"""What the ledger holds of each day and project, as figures nothing has been reckoned from yet."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from inference.calls import PICO

_SUGGESTIONS = """
    SELECT day, project, count(*), sum(shown), sum(shown AND taken), sum(shown AND NOT asked),
        sum(shown * evaluated_tokens), sum(shown * reused_tokens), sum(shown * generated_tokens)
    FROM (
        SELECT date(time, 'unixepoch', 'localtime') AS day, project, evaluated_tokens, reused_tokens,
            generated_tokens,
            EXISTS (SELECT 1 FROM events WHERE suggestion = id AND kind = 'shown') AS shown,
            EXISTS (SELECT 1 FROM events WHERE suggestion = id AND kind IN ('accepted', 'partial')) AS taken,
            EXISTS (SELECT 1 FROM calls AS c WHERE c.suggestion = s.id AND state <> 'released') AS asked
        FROM suggestions AS s WHERE time >= ? AND (? IS NULL OR project = ?)
    ) WHERE day IS NOT NULL GROUP BY day, project
"""
_WORK = """
    SELECT day, project, sum(evaluated_tokens), sum(reused_tokens), sum(generated_tokens), sum(busy_ms),
        sum(measured_ms), sum(joules)
    FROM work WHERE day >= ? AND (? IS NULL OR project = ?) GROUP BY day, project
"""
_CALLS = """
    SELECT date(time, 'unixepoch', 'localtime') AS day, project, count(*),
        count(DISTINCT CASE WHEN suggestion = '' THEN id ELSE suggestion END),
        sum(COALESCE(cost, reserved)), sum(input_tokens), sum(output_tokens), sum(cost IS NULL)
    FROM calls WHERE time >= ? AND (? IS NULL OR project = ?) AND state <> 'released'
    GROUP BY day, project HAVING day IS NOT NULL
"""


@dataclass(slots=True)
class Row:
    """One day of one project, or a sum of such."""

    requests: int = 0
    """Suggestions made on this machine, shown or not."""
    shown: int = 0
    accepted: int = 0
    """Of those shown, taken at least in part."""
    kept: int = 0
    """Of those shown, the ones no hosted model was asked about."""
    answered_evaluated: int = 0
    """Prompt tokens behind what was shown, and so on."""
    answered_reused: int = 0
    answered_generated: int = 0
    evaluated: int = 0
    """Of everything the engine did, also ahead of requests."""
    reused: int = 0
    generated: int = 0
    busy: Decimal = Decimal(0)
    """Seconds the engine worked."""
    measured: Decimal = Decimal(0)
    """Of those, the ones a counter measured."""
    joules: Decimal = Decimal(0)
    calls: int = 0
    """Requests to hosted models, each retry counted."""
    asked: int = 0
    """What a hosted model was asked about, retries not counted."""
    dollars: Decimal = Decimal(0)
    hosted_input: int = 0
    hosted_output: int = 0
    unsettled: int = 0
    """Calls whose reservation stands for the cost."""


Rows = dict[tuple[str, str], Row]
"""By day (ISO) and project."""


def read(connection: sqlite3.Connection, first: date, project: str | None = None) -> Rows:
    """Return the rows from a local day on, of one project or of all."""
    rows: Rows = {}
    start = datetime.combine(first, time()).timestamp()
    for day, where, *values in connection.execute(_SUGGESTIONS, (start, project, project)):
        row = rows.setdefault((_name(day), _name(where)), Row())
        row.requests, row.shown, row.accepted, row.kept = map(_whole, values[:4])
        row.answered_evaluated, row.answered_reused, row.answered_generated = map(_whole, values[4:])
    for day, where, *values in connection.execute(_WORK, (first.isoformat(), project, project)):
        row = rows.setdefault((_name(day), _name(where)), Row())
        row.evaluated, row.reused, row.generated = map(_whole, values[:3])
        row.busy, row.measured = _decimal(values[3]) / 1000, _decimal(values[4]) / 1000
        row.joules = _decimal(values[5])
    for day, where, *values in connection.execute(_CALLS, (start, project, project)):
        row = rows.setdefault((_name(day), _name(where)), Row())
        row.calls, row.asked = map(_whole, values[:2])
        row.dollars = Decimal(_whole(values[2])) / PICO
        row.hosted_input, row.hosted_output, row.unsettled = map(_whole, values[3:])
    return rows


def total(rows: Iterable[Row]) -> Row:
    """Add rows up."""
    whole = Row()
    for row in rows:
        for field in fields(Row):
            setattr(whole, field.name, getattr(whole, field.name) + getattr(row, field.name))
    return whole


def _name(value: Any) -> str:
    """Return a day or project as it can be shown anywhere."""
    return "".join(c if c.isprintable() else "?" for c in str(value))


def _whole(value: Any) -> int:
    return int(_decimal(value))


def _decimal(value: Any) -> Decimal:
    """Return a figure of the file; 0 for what is none, as a file can hold anything."""
    if isinstance(value, int):
        return Decimal(value)
    return Decimal(repr(value)) if isinstance(value, float) and math.isfinite(value) else Decimal(0)
