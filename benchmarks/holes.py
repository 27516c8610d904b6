"""Lines with their end taken out, and what the engine and the completer make of them.

Two sets that share no file: `held_out` (training/heldout.jsonl.gz, packages the model was trained on) and
`checkout` (this repository, which it never saw).
"""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import cast

from inference.completer import Completer, Suggestion
from inference.draft_features import first_line
from inference.generation import Draft
from inference.lines import split_lines
from inference.prompts import CursorContext, window
from inference.types import CompletionRequest, Engine, EngineInfo, Piece, Snippet
from settings.schema import Completion

ROOT = Path(__file__).resolve().parents[1]
HELD_OUT = ROOT / "training" / "heldout.jsonl.gz"
LANGUAGES = {".py": "python", ".lua": "lua"}
LONGEST = 160  # characters of an expected text, as in the held-out set
SEED = 20261121


@dataclass(frozen=True)
class Hole:
    """A cursor and the text that stood behind it up to the end of the hole, within one line."""

    context: CursorContext
    expected: str
    kind: str
    """'rest', 'keystroke' or 'node', as training/holes.py cuts them."""
    prose: bool = False
    whole: tuple[str, int] = ("", 0)
    """The file's text without the hole and the cursor's offset in it; only where there is a whole file."""

    def is_right(self, text: str) -> bool:
        """Whether the first line of `text` is what stood there, white space at its end aside."""
        return first_line(text).rstrip() == self.expected.rstrip()


@dataclass(frozen=True)
class Filled:
    """A hole, what would be shown in it, and the draft that came from."""

    hole: Hole
    suggestion: Suggestion
    draft: Draft


class Recorder:
    """Passes requests on to an engine and keeps the latest one with its pieces."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.request: CompletionRequest | None = None
        self.pieces: list[Piece] = []

    async def info(self) -> EngineInfo:
        return await self.engine.info()

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        self.request, self.pieces = request, []
        stream = cast(AsyncGenerator[Piece, None], self.engine.complete(request))
        async with aclosing(stream):
            async for piece in stream:
                self.pieces.append(piece)
                yield piece

    async def close(self) -> None:
        await self.engine.close()

    def draft(self) -> Draft:
        """The first alternative of the latest answer."""
        draft = Draft()
        for piece in self.pieces:
            if piece.index == 0:
                draft.add(piece)
        return draft


async def fill(holes: Sequence[Hole], engine: Engine, settings: Completion) -> list[Filled]:
    """Complete at every hole, one after the other, each as if it were a document of its own."""
    recorder = Recorder(engine)
    filled = []
    for hole in holes:
        completer = Completer(recorder, settings)  # a new one each: nothing comes from a cache
        suggestion = await completer.complete(hole.context, deadline_ms=600_000)
        filled.append(Filled(hole, suggestion, recorder.draft()))
        await completer.close()
    return filled


def held_out() -> list[Hole]:
    with gzip.open(HELD_OUT, "rt") as lines:
        rows = [row for line in lines if "expected" in (row := json.loads(line))]
    return [
        Hole(
            CursorContext(
                "held-out",
                row["prefix"],
                row["suffix"],
                path=row["path"],
                repository=row["package"],
                language=row["language"],
                snippets=tuple(
                    Snippet(*text.split("\n", 1)) for text in row["context"] if isinstance(text, str)
                ),
            ),
            row["expected"],
            row["kind"],
            row["prose"],
        )
        for row in rows
    ]


def checkout(count: int, root: Path = ROOT, settings: Completion | None = None) -> list[Hole]:
    """`count` holes in the tracked Python and Lua files of this repository; the same ones for the same files.

    Half end a line from where people pause, half from any character; files count by their length.
    """
    files = list(_sources(root))
    if not files:
        raise SystemExit(f"No holes: {root} holds no tracked .py or .lua file. Run from a git checkout.")
    chance = Random(SEED)
    weights = [len(text) for _, text in files]
    holes: list[Hole] = []
    seen: set[tuple[str, int]] = set()
    while len(holes) < count:
        [(path, text)] = chance.choices(files, weights)
        kind = "rest" if len(holes) % 2 else "keystroke"
        found = _hole(path, text, kind, chance, settings or Completion())
        if found and (place := (path, found.whole[1])) not in seen:
            seen.add(place)
            holes.append(found)
    return holes


def _sources(root: Path) -> Iterator[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True)
    for name in sorted(listed.stdout.splitlines()):
        path = root / name
        if path.suffix in LANGUAGES and path.is_file() and path.stat().st_size > 200:
            yield name, path.read_text("utf-8")


def _hole(path: str, text: str, kind: str, chance: Random, settings: Completion) -> Hole | None:
    from training.holes import Lines, choose

    language = LANGUAGES[Path(path).suffix]
    lines = Lines(text)
    made, start, end = choose(lines, language, chance, kind)
    expected = text[start:end]
    if made != kind or len(expected.strip()) < 2 or "\n" in expected or len(expected) > LONGEST:
        return None
    without = text[:start] + text[end:]
    number = lines.at(start)
    prefix, suffix = window(split_lines(without), number, start - lines.starts[number], settings)
    context = CursorContext(path, prefix, suffix, path=path, repository="nearside", language=language)
    return Hole(context, expected, kind, lines.is_prose(number, language), (without, start))
