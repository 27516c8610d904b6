"""What an evaluation plans and has seen so far, as a JSON file that can be continued and compared."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import time
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from inference.types import NearsideError
from settings import paths

VERSION = 1
MOST_BYTES = 50_000_000


class RecordError(NearsideError):
    """A saved evaluation cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Try:
    """One draft, in the loop or raw, and what became of it."""

    model: str
    hosted: bool
    passed: bool
    step: str
    """The highest check that was tried; the one that failed where `passed` is false."""
    why: str = ""
    """The first line of what failed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One run of one task."""

    task: str
    kind: str
    run: int
    """From 1."""
    solved: bool
    """The loop's draft passes the hidden tests."""
    why: str = ""
    """Why it is not solved."""
    tries: tuple[Try, ...] = ()
    raw: bool | None = None
    """Whether one answer without the loop does; None where it was not tried."""
    raw_why: str = ""
    seconds: float = 0.0
    cost: Decimal | None = Decimal(0)
    """US dollars; None where nobody knows."""

    @property
    def escalated(self) -> bool:
        return any(one.hosted for one in self.tries)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be evaluated; a continued evaluation goes by the same."""

    completion: str | dict[str, str]
    """model.completion as the settings write it; a key is never part of it."""
    tasks: tuple[str, ...]
    runs: int
    raw: bool
    cloud: bool
    tasks_from: str = ""
    """The folder of the tasks; empty for those that are shipped."""


@dataclass(slots=True)
class Evaluation:
    """A plan and what came of it so far."""

    plan: Plan
    started: float
    """Seconds since 1970."""
    model: str = ""
    hosted_model: str = ""
    """The one that was escalated to, if any may be."""
    weights: int | None = None
    """Bytes; None where nobody knows, as for the four below."""
    memory: int | None = None
    """Bytes."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    timed_tokens: int = 0
    decode_ms: float = 0.0
    left_out: dict[str, str] = field(default_factory=dict)
    """Tasks that cannot be run here, and why."""
    seen: list[Seen] = field(default_factory=list)
    file: Path = field(default=Path(), compare=False)

    @property
    def expected(self) -> int:
        return len(self.plan.tasks) * self.plan.runs

    @property
    def complete(self) -> bool:
        return len(self.seen) >= self.expected

    @property
    def speed(self) -> float | None:
        """Tokens a second while it generates; None where unknown."""
        return self.timed_tokens / self.decode_ms * 1000 if self.decode_ms and self.timed_tokens else None

    @property
    def cost(self) -> Decimal | None:
        known = [one.cost for one in self.seen if one.cost is not None]
        return sum(known, Decimal(0)) if len(known) == len(self.seen) else None


def folder() -> Path:
    return paths.state_dir() / "eval"


def new(plan: Plan, name: str) -> Evaluation:
    """Return an evaluation that is saved under a name of its own, with the time and the model in it."""
    started = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(started))
    base = f"{stamp}-{re.sub(r'[^A-Za-z0-9.]+', '-', name).strip('-.')[:60]}"
    file, number = folder() / f"{base}.json", 2
    while file.exists():
        file, number = folder() / f"{base}-{number}.json", number + 1
    return Evaluation(plan, started, file=file)


def save(evaluation: Evaluation, file: Path | None = None) -> None:
    """Write an evaluation, whole or not at all. Raises RecordError."""
    file = file or evaluation.file
    text = json.dumps(as_json(evaluation), indent=1, ensure_ascii=False) + "\n"
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        why = (error.strerror or type(error).__name__).lower()
        raise RecordError(f"The evaluation was not saved to {file}: {why}. Name another file.") from None


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return everything that is saved; amounts of money are texts, so that none is rounded."""
    table = dataclasses.asdict(evaluation)
    del table["file"]
    for one in table["seen"]:
        one["cost"] = None if one["cost"] is None else str(one["cost"])
    return {"version": VERSION, "complete": evaluation.complete, **table}


def read(file: Path) -> Evaluation:
    """Return a saved evaluation. Raises RecordError."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ValueError("it is too large")
        table = json.loads(file.read_bytes())
        if not isinstance(table, dict) or table.get("version") != VERSION:
            raise ValueError("no evaluation of this version of Nearside is in it")
        return _of(table, file)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, InvalidOperation) as error:
        why = str(error) if type(error) is ValueError else "it is no saved evaluation"
    raise RecordError(f"{file} was not read: {why}. Name a file that `nearside eval` wrote.")


def unfinished() -> Evaluation:
    """Return the newest evaluation that was cut. Raises RecordError where there is none."""
    for file in sorted(folder().glob("*.json"), reverse=True):
        try:
            found = read(file)
        except RecordError:
            continue
        if not found.complete:
            return found
    raise RecordError("Nothing was continued, because no evaluation was cut; leave out --continue.")


def _of(table: dict[str, Any], file: Path) -> Evaluation:
    table = {key: value for key, value in table.items() if key not in ("version", "complete")}
    plan = Plan(**{**table.pop("plan")})
    seen = []
    for one in table.pop("seen"):
        cost = None if one["cost"] is None else Decimal(one["cost"])
        tries = tuple(Try(**each) for each in one["tries"])
        seen.append(Seen(**{**one, "cost": cost, "tries": tries}))
    plan = dataclasses.replace(plan, tasks=tuple(plan.tasks))
    made = Evaluation(plan, seen=seen, file=file, **table)
    if not isinstance(plan.runs, int) or not all(isinstance(name, str) for name in plan.tasks):
        raise TypeError
    return made
