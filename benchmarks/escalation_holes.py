"""What the local model makes of holes, as routing sees it: a score, and whether the draft was right.

Each hole is kept in the cache folder by all that its outcome depends on: filling a thousand takes minutes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from benchmarks.holes import SEED, Hole, checkout, fill, held_out
from benchmarks.in_process import InProcess
from inference.confidence import version
from inference.models import resolve
from inference.quiet import too_little
from settings.paths import cache_dir
from settings.schema import Completion

ONE_LINE = Completion(max_lines=1, max_tokens=48)
"""Only the first line is judged; a greedy draft begins the same however long it gets."""

BATCH = 50
"""Holes filled before they are written down: a run that is broken off goes on there."""


@dataclass(frozen=True)
class Outcome:
    """One hole."""

    score: float
    """The draft's confidence; 0 where the model had nothing to say."""
    right: bool
    characters: int
    """Of the text that stood there, blanks around it aside."""
    project: str
    language: str


def outcomes(of: str, count: int, model: Path | None = None) -> list[Outcome]:
    """Return what becomes of `count` holes of a set, 'checkout' or 'held-out', in the same shuffled order."""
    if of == "checkout":
        holes = checkout(count)
    else:
        holes = held_out()
        Random(SEED).shuffle(holes)
    keys = [_key(hole) for hole in holes[:count]]
    file = cache_dir() / "benchmarks" / "escalation" / f"{_version(model or resolve('auto'))}.json"
    known = json.loads(file.read_text("utf-8")) if file.exists() else {}
    missing = {key: hole for key, hole in zip(keys, holes, strict=False) if key not in known}
    for at in range(0, len(missing), BATCH):
        batch = list(missing)[at : at + BATCH]
        found = asyncio.run(_filled([missing[key] for key in batch], model))
        known |= {key: asdict(one) for key, one in zip(batch, found, strict=True)}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(known), "utf-8")
    return [Outcome(**known[key]) for key in keys]


async def _filled(holes: Sequence[Hole], model: Path | None) -> list[Outcome]:
    engine = InProcess(model)
    try:
        filled = await fill(holes, engine, ONE_LINE)
    finally:
        await engine.close()
    rows = []
    for one in filled:
        hole, text, sure = one.hole, one.suggestion.text, one.suggestion.confidence
        drafted = not too_little(text) and sure is not None
        rows.append(
            Outcome(
                round(sure, 6) if drafted and sure is not None else 0.0,
                drafted and hole.is_right(text),
                len(hole.expected.strip()),
                hole.context.repository or Path(hole.context.path).parts[0],
                hole.context.language,
            )
        )
    return rows


def _key(hole: Hole) -> str:
    context = hole.context
    parts = (context.path, context.repository, context.prefix, context.suffix, hole.expected)
    more = [text for snippet in context.snippets for text in (snippet.path, snippet.text)]
    return hashlib.sha256("\0".join([*parts, *more]).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _version(model: Path) -> str:
    with model.open("rb") as opened:
        return f"{hashlib.file_digest(opened, 'sha256').hexdigest()[:12]}-{version()}"
