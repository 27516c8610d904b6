"""What the local model makes of holes, as routing sees it: a score, and whether the draft was right.

Kept in the cache folder by everything it depends on, as filling a thousand holes takes minutes.
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
    holes = holes[:count]
    kept = cache_dir() / "benchmarks" / "escalation" / f"{_key(holes, model or resolve('auto'))}.json"
    if kept.exists():
        return [Outcome(**row) for row in json.loads(kept.read_text("utf-8"))]
    found = asyncio.run(_filled(holes, model))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps([asdict(one) for one in found]), "utf-8")
    return found


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


def _key(holes: Sequence[Hole], model: Path) -> str:
    digest = hashlib.sha256(f"{version()} {model.stat().st_size}".encode())
    with model.open("rb") as opened:
        digest.update(hashlib.file_digest(opened, "sha256").digest())
    for hole in holes:
        context = hole.context
        parts = (context.path, context.prefix, context.suffix, hole.expected)
        digest.update("\0".join(parts).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]
