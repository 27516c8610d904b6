"""Rows of the ledger as they are handed to it, and the statements that write and read them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from inference.confidence import version


@dataclass(frozen=True)
class Entry:
    """One suggestion that was made, shown or not."""

    id: str
    """Unique among all servers of this user."""
    time: float
    """Seconds since 1970."""
    project: str = ""
    """Path of the workspace, empty where there is none."""
    client: str = ""
    language: str = ""
    model: str = ""
    source: str = ""
    """What it came from: 'engine', 'cache' or 'speculation'."""
    confidence: float | None = None
    characters: int = 0
    lines: int = 0
    alternatives: int = 1
    latency_ms: float = 0.0
    evaluated_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    partial: bool = False
    """The deadline cut it."""
    withheld: str = ""
    """Why it was not shown, empty if it was."""
    scorer: str = field(default_factory=version)
    """The weights its confidence came from."""


_NAMES = [one.name for one in fields(Entry)]
SUGGESTED = (
    f"INSERT INTO suggestions ({', '.join(_NAMES)}) VALUES ({', '.join('?' * len(_NAMES))}) "
    "ON CONFLICT (id) DO UPDATE SET characters = excluded.characters, lines = excluded.lines, "
    "alternatives = excluded.alternatives, partial = excluded.partial, confidence = excluded.confidence, "
    "withheld = excluded.withheld"
)
_EVENT = "INTO events (suggestion, kind, time, characters, by_client) VALUES (?, ?, ?, ?, ?)"
SHOWN = f"INSERT {_EVENT} ON CONFLICT (suggestion, kind) DO UPDATE SET by_client = excluded.by_client"
PARTIAL = f"INSERT {_EVENT} ON CONFLICT (suggestion, kind) DO UPDATE SET characters = excluded.characters"
ACCEPTED = f"INSERT OR REPLACE {_EVENT}"  # also in place of another ending: a late word of the client's wins
ENDED = f"INSERT OR IGNORE {_EVENT}"
WORKED = """
    INSERT INTO work VALUES (date(?, 'unixepoch', 'localtime'), ?, ?, 1, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (day, project, model) DO UPDATE SET requests = requests + 1,
        evaluated_tokens = evaluated_tokens + excluded.evaluated_tokens,
        reused_tokens = reused_tokens + excluded.reused_tokens,
        generated_tokens = generated_tokens + excluded.generated_tokens,
        busy_ms = busy_ms + excluded.busy_ms, measured_ms = measured_ms + excluded.measured_ms,
        joules = joules + excluded.joules
"""
DECIDED = (
    "INSERT OR REPLACE INTO decisions (suggestion, occasion, time, project, model, scorer, rule, ask, "
    "explore, score, probability, cut, keep_local, min_quality, kept, moments, left, note) "
    f"VALUES ({', '.join('?' * 18)})"
)
COMPARED = """
    UPDATE decisions SET agreed = COALESCE(?, agreed), hosted_right = COALESCE(?, hosted_right)
    WHERE suggestion = ? AND occasion = ?
"""
RECENT = """
    SELECT max(e.time), max(e.kind IN ('accepted', 'partial'))
    FROM (SELECT id FROM suggestions WHERE project = ? ORDER BY time DESC LIMIT ?) AS s
    JOIN events AS e ON e.suggestion = s.id
    WHERE e.kind IN ('accepted', 'partial', 'rejected')
    GROUP BY e.suggestion ORDER BY 1 DESC LIMIT ?
"""
BY_DAY = """
    SELECT date(e.time, 'unixepoch', 'localtime') AS day, e.kind, count(*)
    FROM events AS e JOIN suggestions AS s ON s.id = e.suggestion
    WHERE e.time >= ? AND (? IS NULL OR s.project = ?) GROUP BY day, e.kind ORDER BY day
"""


@dataclass(frozen=True)
class ActionEntry:
    """One code action that has ended."""

    id: str
    time: float
    """When it began, in seconds since 1970."""
    project: str
    kind: str
    """As actions/kinds.py names it."""
    language: str
    ending: str
    """'passed', 'nothing' or 'cancelled'."""
    rule: str = ""
    """Why a hosted model was asked or not (routing/action.py); empty where that was no question."""
    asked: bool = False
    note: str = ""
    """What forbade it, or what had failed, as the rest of a sentence."""
    seconds: float = 0.0


@dataclass(frozen=True)
class AttemptEntry:
    """One draft of an action."""

    action: str
    number: int
    """From 1 on."""
    model: str
    hosted: bool
    passed: bool
    step: str
    """The highest check it came to, which is the one that failed unless it passed."""
    seconds: float = 0.0
    generated_tokens: int = 0


@dataclass(frozen=True)
class LookupEntry:
    """One call of a tool that looked something up; what it looked for is no part of it."""

    time: float
    """In seconds since 1970."""
    project: str
    tool: str
    engine: str
    """Who answered, or what kind of source; empty where nobody did."""
    seconds: float
    characters: int
    """Of what came back."""
    ok: bool


def _insert(table: str, row: type) -> str:
    names = [one.name for one in fields(row)]
    return f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


ACTED, ATTEMPTED = _insert("actions", ActionEntry), _insert("attempts", AttemptEntry)
LOOKED_UP = _insert("lookups", LookupEntry)
