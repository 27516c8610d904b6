"""A scripted model for the tasks of `nearside eval`: it solves one once it sees what failed."""

from __future__ import annotations

from typing import Any

from actions.target import target
from nearside.evaluation.tasks import WRITES_TESTS, EvalTask, load_all
from syntax.languages import language_of

WRONG = {
    "invoice-rounding": ("sorted(nets.items())", "nets.items()"),
    "parcel-rates": ("weight <= most", "weight >= most"),
    "durations": ('("1h"), 3600', '("1h"), 3601'),
    "token-bucket": ("[True, True, True, False]", "[True, True, False, False]"),
    "sales-report": ("sorted(totals.items())", "list(totals.items())"),
    "ticket-notices": ('"closed": ("{urgent}', '"closed": ("The {urgent}'),
    "cache-expiry": ("popitem(last=False)", "popitem(last=True)"),
    "table-align": ("numbers > 0 && words == 0", "numbers >= 0 && words >= 0"),
    "static-files": ("file / INDEX", 'file / "home.html"'),
    "order-search": ('f"%{text}%"', "text"),
    "rent-schedule": ("min(lease.start.day,", "min(28,"),
    "ring-buffer": ("count > r.Len()", "count > len(r.samples)"),
    "link-header": ("match[1].lower()", "match[1].upper()"),
    "route-match": ("given.length > wanted.length", "given.length < wanted.length"),
    "payment-matching": ("queue.popleft()", "queue[0]"),
    "tram-routes": ("Way(minutes, path)", "Way(minutes, path[1:])"),
}
"""For each task what makes a wrong answer of its solution: one that parses, and that visible tests notice."""


def part_of(task: EvalTask) -> str:
    """Return what a model that knows the solution answers: the new text of the part it is shown."""
    if task.action == WRITES_TESTS:
        [text] = task.reference.values()
        return text
    old, new = task.texts[task.file].splitlines(), task.reference[task.file].splitlines()
    part = target(task.texts[task.file], language_of(task.file), task.first, task.last)
    after = len(old) - part.last - 1
    assert new[: part.first] == old[: part.first] and new[len(new) - after :] == old[part.last + 1 :]
    return "\n".join(new[part.first : len(new) - after]) + "\n"


def wrong(task: EvalTask, text: str) -> str:
    find, put = WRONG[task.name]
    assert find in text
    return text.replace(find, put)


class Strong:
    """Answers as a model that solves a task once it sees what is wrong with its first answer."""

    def __init__(self) -> None:
        self._parts = {}
        for task in load_all():
            part = target(task.texts[task.file], language_of(task.file), task.first, task.last)
            self._parts[part.text.rstrip()] = task

    def __call__(self, body: Any) -> str:
        turns = body["messages"]
        asked = next(turn["content"] for turn in turns if turn["role"] == "user")
        task = next(task for part, task in self._parts.items() if part in asked)
        seen = any(turn["role"] == "assistant" for turn in turns)
        return f"```\n{part_of(task) if seen else wrong(task, part_of(task))}```"
