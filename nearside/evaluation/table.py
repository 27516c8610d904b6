"""Evaluations as tables of text: a row for each model, as published comparisons have it, then the details."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal

from actions.kinds import TASKS
from inference.cost.amounts import written
from inference.cost.tables import Table
from nearside.evaluation.record import Evaluation, Seen

UNKNOWN = "unknown"
NOT_RUN = "-"
STEPS = ("answer", "applies", "parses", "same code", "lint", "tests", "hidden tests")
"""Of the ladder, from below, and what decides in the end."""


def of(evaluations: Sequence[Evaluation]) -> list[Table]:
    """Return the tables of one evaluation, or of several side by side."""
    tables = [_models(evaluations), _kinds(evaluations), _failures(evaluations)]
    if len(evaluations) == 1:
        tables.append(_unsolved(evaluations[0]))
    return [table for table in tables if table.rows]


def _models(evaluations: Sequence[Evaluation]) -> Table:
    raw = any(one.plan.raw for one in evaluations)
    return Table(
        "Models",
        (
            *("model", "weights", "in the loop", *(["raw"] if raw else []), "tok/s", "memory"),
            *("cost, USD", "escalated", "tasks x runs"),
        ),
        tuple(_row(one, raw) for one in evaluations),
        "Score: runs of tasks whose hidden tests pass.",
    )


def _row(one: Evaluation, raw: bool) -> tuple[str, ...]:
    name = f"{one.model} + {one.hosted_model}" if one.hosted_model else one.model
    return (
        name,
        _size(one.weights),
        _score(one.seen, _loop),
        *([_score(one.seen, _raw) if one.plan.raw else NOT_RUN] if raw else []),
        UNKNOWN if one.speed is None else f"{one.speed:,.0f}" if one.speed >= 10 else f"{one.speed:.1f}",
        _size(one.memory),
        _cost(one.cost),
        str(sum(seen.escalated for seen in one.seen)),
        f"{len(one.plan.tasks)} x {one.plan.runs}" + ("" if one.complete else f", {len(one.seen)} run"),
    )


def _kinds(evaluations: Sequence[Evaluation]) -> Table:
    several = len(evaluations) > 1
    raw = any(one.plan.raw for one in evaluations)
    columns = ["kind of task"]
    for one in evaluations:
        columns.append(f"{one.model}, loop" if several else "in the loop")
        if raw:
            columns.append(f"{one.model}, raw" if several else "raw")
    rows = []
    for kind in TASKS:
        row = [kind]
        for one in evaluations:
            seen = [each for each in one.seen if each.kind == kind]
            row.append(_score(seen, _loop))
            if raw:
                row.append(_score(seen, _raw) if one.plan.raw else NOT_RUN)
        if any(cell != NOT_RUN for cell in row[1:]):
            rows.append(tuple(row))
    return Table("By kind", tuple(columns), tuple(rows))


def _failures(evaluations: Sequence[Evaluation]) -> Table:
    """Return how often which check failed, of the local model's drafts and of hosted ones."""
    several = len(evaluations) > 1
    columns, counts = ["check"], []
    for one in evaluations:
        for who, hosted in (("local", False), *([("hosted", True)] if one.plan.cloud else [])):
            columns.append(f"{one.model}, {who}" if several else f"{who} drafts")
            counts.append(_failed(one, hosted))
    rows = [(step, *(str(count[step]) for count in counts)) for step in STEPS if any(c[step] for c in counts)]
    return Table("Failed checks", tuple(columns), tuple(rows), "Drafts of the loop by the check they failed.")


def _failed(one: Evaluation, hosted: bool) -> Counter[str]:
    count = Counter[str]()
    for seen in one.seen:
        for each in seen.tries:
            if each.hosted == hosted and not each.passed:
                count[each.step] += 1
        if seen.tries and seen.tries[-1].passed and not seen.solved and seen.tries[-1].hosted == hosted:
            count["hidden tests"] += 1
    return count


def _unsolved(one: Evaluation) -> Table:
    rows = [
        (seen.task, f"run {seen.run}, {_drafts(seen)}: {seen.why}") for seen in one.seen if not seen.solved
    ]
    return Table("Not solved", ("task", "why"), tuple(rows))


def _drafts(seen: Seen) -> str:
    many = len(seen.tries)
    return f"{many} draft{'' if many == 1 else 's'}"


def _loop(seen: Seen) -> bool | None:
    return seen.solved


def _raw(seen: Seen) -> bool | None:
    return seen.raw


def _score(seen: Sequence[Seen], of_one: Callable[[Seen], bool | None]) -> str:
    told = [solved for one in seen if (solved := of_one(one)) is not None]
    return f"{sum(told)}/{len(told)}" if told else NOT_RUN


def _size(size: int | None) -> str:
    if size is None:
        return UNKNOWN
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _cost(cost: Decimal | None) -> str:
    return UNKNOWN if cost is None else written(cost)
