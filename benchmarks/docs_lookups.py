"""How many of forty names are found, and how long a look-up takes when what it needs has been read."""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.docs_names import NAMES, Asked
from settings.schema import Docs
from tools.documentation import Doc, Library, NotFound
from tools.documentation.index import Index

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5


@dataclass(frozen=True)
class Answer:
    """What one look-up said."""

    asked: Asked
    doc: Doc | None
    message: str
    seconds: float
    read: int
    """Files that were read for it."""

    @property
    def right(self) -> bool:
        """Whether it is the signature of the right place, or for a wrong name a line with what was meant."""
        asked = self.asked
        if asked.kind == "wrong":
            suggested = re.split(r" or |\?", self.message.partition("did you mean ")[2])
            return self.doc is None and "\n" not in self.message and asked.meant in suggested
        if self.doc is None:
            return False
        place = re.sub(r"(:\d+|#.*)$", "", self.doc.where)
        return asked.signature in self.doc.signature and place.endswith(asked.where)


def look(library: Library, asked: Asked) -> Answer:
    begun, before = time.perf_counter(), library.index.misses
    doc, message = None, ""
    try:
        doc = library.look(asked.name)
    except NotFound as error:
        message = str(error)
    seconds = time.perf_counter() - begun
    return Answer(asked, doc, message, seconds, library.index.misses - before)


def lookups(index: Path, rounds: int = ROUNDS) -> tuple[list[Answer], list[Answer]]:
    """Return the first answers, with an empty index, and those of later rounds, with a new library on it."""
    library = Library(ROOT, Docs(), Index(index))
    first = [look(library, asked) for asked in NAMES]
    library.close()
    library = Library(ROOT, Docs(), Index(index))
    look(library, NAMES[0])  # the environment is found once
    later = [look(library, asked) for _ in range(rounds) for asked in NAMES]
    library.close()
    return first, later


def report() -> str:
    """Look all of them up, and say how it went."""
    with tempfile.TemporaryDirectory() as folder:
        first, later = lookups(Path(folder) / "index.db")
    lines = ["| kind | names | found right |", "|---|---|---|"]
    for kind in dict.fromkeys(asked.kind for asked in NAMES):
        its = [answer for answer in first if answer.asked.kind == kind]
        lines.append(f"| {kind} | {len(its)} | {sum(answer.right for answer in its)} |")
    right = sum(answer.right for answer in first)
    lines.append(f"| all | {len(first)} | {right} |")
    for called, answers in (("first look", first), ("after it", later)):
        times = sorted(1000 * answer.seconds for answer in answers)
        middle, late = times[len(times) // 2], times[int(0.95 * (len(times) - 1))]
        took = f"p50 {middle:.1f} ms, p95 {late:.1f} ms, most {times[-1]:.1f} ms"
        lines.append(f"{called}: {len(times)} look-ups, {took}")
    slow = sorted(later, key=lambda answer: -answer.seconds)[:3]
    lines.append("slowest: " + ", ".join(f"{one.asked.name} {1000 * one.seconds:.0f} ms" for one in slow))
    for answer in (*first, *later[: len(NAMES)]):
        if not answer.right:
            doc = answer.doc
            said = f"{doc.signature.splitlines()[:1]} {doc.where}" if doc else answer.message
            lines.append(f"wrong: {answer.asked.name}: {said}")
    return "\n".join(lines)
