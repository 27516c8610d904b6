"""`nearside demo`: types into real files through a real server and shows what appears, and what each
suggestion cost.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from inference.types import NearsideError
from nearside.editor import Editor, Shown
from settings.schema import Completion

LANGUAGES = {
    ".py": "python",
    ".lua": "lua",
    ".js": "javascript",
    ".ts": "typescript",
    ".go": "go",
    ".rs": "rust",
    ".c": "c",
}
SKIPPED = {".git", ".venv", "venv", "node_modules", "build", "dist", "__pycache__", "tests"}
WANTED = 6
"""Suggestions to show."""
TYPED = 3
"""Keystrokes typed at each place before the last request; each asks, as an editor would."""
MOST_PLACES = 60
"""Places tried at most: a small model has nothing to say at some."""
PATIENCE_MS = 5000
"""An editor shows what is ready after 650; on a busy machine the demo shows what came later, and when."""
LOADING_LIMIT = 120.0
"""Seconds for the engine to start and load its model."""


@dataclass(frozen=True)
class Place:
    """Where the demo types: the file as it is, and the span that is taken out before."""

    path: Path
    text: str
    start: int
    """Offset where typing begins."""
    end: int
    """Offset of the line's end; everything between is what the file really says there."""

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.start) + 1


def places(path: Path, text: str, count: int) -> list[Place]:
    """Lines of code spread over a file, each cut behind the first name, dot or bracket past a third of it."""
    found = []
    offset = 0
    for line in text.splitlines(keepends=True):
        body = line.rstrip()
        stripped = body.lstrip()
        at = len(body) - len(stripped) + max(4, len(stripped) // 3)
        cut = next((i + 1 for i in range(at, len(body) - 4) if body[i] in " .([=,"), 0)
        code = (
            len(stripped) >= 24
            and stripped[0] not in "#\"'/*-"
            and not stripped.startswith(("import ", "from "))
        )
        if code and cut:
            found.append(Place(path, text, offset + cut, offset + len(body)))
        offset += len(line)
    step = max(1, len(found) // count)
    return found[step // 2 :: step][:count]


def choose_files(root: Path) -> list[Path]:
    """A file as given, or three real source files of a project: the median ones by size, not the show
    pieces.
    """
    if root.is_file():
        return [root]
    files = [
        path
        for path in sorted(root.rglob("*"))
        if path.suffix in LANGUAGES
        and not SKIPPED.intersection(path.relative_to(root).parts)
        and path.is_file()
    ]
    sized = sorted(
        (path for path in files if 2_000 < path.stat().st_size < 60_000), key=lambda path: path.stat().st_size
    )
    if not sized:
        raise NearsideError(
            f"No demo: {root} holds no source file of 2 to 60 kB. Name another folder or a file."
        )
    return [sized[len(sized) * i // 4] for i in (1, 2, 3)] if len(sized) >= 4 else sized


def run(root: Path | None, record: Path | None, console: Console | None = None) -> int:
    """Show at least five suggestions and what they cost; 1 if fewer came."""
    console = console or Console(record=record is not None, width=100 if record else None, highlight=False)
    folder = root or Path(__file__).parent.parent
    shown = asyncio.run(_session(folder, console))
    if record:
        console.save_svg(str(record), title="nearside demo")
        console.print(f"Recorded in {record}")
    return 0 if shown >= min(5, WANTED) else 1


async def _session(root: Path, console: Console) -> int:
    files = choose_files(root)
    folder = root if root.is_dir() else root.parent
    settings = {"completion": {"show_above": 0, "deadline_ms": PATIENCE_MS}}
    editor = await Editor.start(folder, settings=settings)
    try:
        await _wait_for_model(editor, files[0], console)
        results = [result async for result in _visit(editor, files, root, console)]
    finally:
        await editor.close()
    _summary(results, console)
    return sum(1 for shown, _ in results if shown[-1].text)


async def _wait_for_model(editor: Editor, path: Path, console: Console) -> None:
    """The first answer is empty while the engine starts; ask until a model is named."""
    buffer = await editor.open(path, "def main():\n    ", LANGUAGES.get(path.suffix, ""))
    began = time.monotonic()
    while not (await editor.ghost(buffer, len(buffer.text))).details.get("model"):
        if time.monotonic() - began > LOADING_LIMIT:
            said = editor.messages[-1] if editor.messages else "it said nothing"
            raise NearsideError(
                f"No demo: the engine was not ready in {LOADING_LIMIT:.0f} s ({said}). See its log."
            )
        await asyncio.sleep(0.1)
    await editor.notify("textDocument/didClose", {"textDocument": {"uri": buffer.uri}})
    console.print(f"Server and engine ready in {time.monotonic() - began:.1f} s\n", style="dim")


Result = tuple[list[Shown], bool]
"""What appeared after each keystroke at one place, and whether the last was what the file says."""


async def _visit(editor: Editor, files: Sequence[Path], root: Path, console: Console):
    """Type at one place after the other, files in turn, until enough was shown."""
    waiting = [
        iter(places(path, path.read_text("utf-8", "replace"), MOST_PLACES // len(files))) for path in files
    ]
    enough = 0
    for place in _in_turn(waiting):
        shown = await _type_at(editor, place)
        wanted = place.text[place.start + TYPED : place.end]
        last = shown[-1]
        exact = bool(last.text) and last.text.split("\n")[0].rstrip() == wanted.rstrip()
        if last.text:
            _print(place, shown, wanted, exact, root, console)
            enough += 1
        yield shown, exact
        if enough == WANTED:
            return


def _in_turn(iterators: list[Iterator[Place]]) -> Iterator[Place]:
    while iterators:
        for one in list(iterators):
            place = next(one, None)
            if place is None:
                iterators.remove(one)
            else:
                yield place


async def _type_at(editor: Editor, place: Place) -> list[Shown]:
    """Open the file without the rest of the line, type its first characters, and ask after each."""
    text = place.text[: place.start] + place.text[place.end :]
    buffer = await editor.open(place.path, text, LANGUAGES.get(place.path.suffix, ""))
    at, shown = place.start, []
    for character in place.text[place.start : place.start + TYPED]:
        at = await editor.type(buffer, at, character)
        shown.append(await editor.ghost(buffer, at))
    await editor.notify("textDocument/didClose", {"textDocument": {"uri": buffer.uri}})
    return shown


def _print(
    place: Place, shown: Sequence[Shown], wanted: str, exact: bool, root: Path, console: Console
) -> None:
    """The lines around the cursor with the ghost text in them, and what it cost."""
    name = (
        place.path.relative_to(root).as_posix()
        if place.path.is_relative_to(root) and root.is_dir()
        else place.path.name
    )
    console.print(f"[bold]{escape(name)}:{place.line}[/bold]")
    before = place.text[: place.start + TYPED].split("\n")
    for number, line in zip(range(place.line - 2, place.line), before[-3:-1], strict=False):
        console.print(Text(f"{number:5} │ {line}", style="dim"), no_wrap=True, overflow="ellipsis")
    ghost = shown[-1].text.rstrip().split("\n")
    current = (
        Text(f"{place.line:5} │ ") + Text(before[-1], style="bold") + Text(ghost[0], style="italic green")
    )
    console.print(current, no_wrap=True, overflow="ellipsis")
    for line in ghost[1:4]:
        console.print(Text("      │ ") + Text(line, style="italic green"), no_wrap=True, overflow="ellipsis")
    cost = ", ".join(_costs(shown))
    verdict = "as in the file" if exact else f"the file says: {wanted.strip()}"
    console.print(Text(f"      {cost}; ", style="cyan") + Text(verdict, style="green" if exact else "yellow"))
    console.print()


def _costs(shown: Sequence[Shown]) -> list[str]:
    """What the last suggestion cost; one from the cache, what the keystroke cost that brought it there."""
    last = shown[-1]
    cached = last.details.get("source") == "cache"
    paid = next((one for one in reversed(shown) if one.details.get("source") == "engine"), last)
    confidence, least = last.details.get("confidence"), Completion().show_above / 100
    sure = "unknown" if confidence is None else f"{confidence:.2f}"
    if confidence is not None and confidence < least:
        sure += f" (below {least:.2f} an editor stays quiet)"
    return [
        (f"{last.latency_ms:.0f} ms from the cache; before that " if cached else "")
        + f"{paid.latency_ms:.0f} ms",
        f"{paid.details.get('evaluated_tokens', 0)} tokens evaluated",
        f"{paid.details.get('reused_tokens', 0)} reused",
        f"{paid.details.get('generated_tokens', 0)} generated",
        f"confidence {sure}",
    ]


def _summary(results: Sequence[Result], console: Console) -> None:
    answers = [shown for places_shown, _ in results for shown in places_shown]
    if not answers:
        return
    latencies = sorted(shown.latency_ms for shown in answers)
    typed_on = [
        shown.details.get("evaluated_tokens", 0) for places_shown, _ in results for shown in places_shown[1:]
    ]
    suggested = sum(1 for shown, _ in results if shown[-1].text)
    exact = sum(1 for _, same in results if same)
    model = next((shown.details["model"] for shown in answers if shown.details.get("model")), "unknown")
    console.print(
        f"[bold]{suggested} suggestions at {len(results)} places[/bold], {exact} as in the file, "
        f"by {escape(str(model))} "
        f"on this machine. Median {statistics.median(latencies):.0f} ms, slowest {latencies[-1]:.0f} ms; "
        f"{statistics.median(typed_on) if typed_on else 0:.0f} prompt tokens evaluated per further keystroke."
    )
    console.print("The bundled model shows the machinery; see README.md for real ones.", style="dim")
