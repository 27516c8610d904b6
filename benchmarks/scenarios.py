"""Places where a suggestion should be shown and places where quiet is right, replayed from recorded answers.

`python -m benchmarks.scenarios` prints what each comes to; `record` asks the bundled model again and writes
the cassettes; `baseline` writes what the tests hold the code to (both after a change of model). A scenario is
a hole ⟦like this⟧ in a text under tests/inference/scenarios: the cursor is there, and what it holds, gone, is
what the user has in mind; a text's other holes are filled. It goes through the quiet rules, the completer,
the filters and the gate.

Where something should be shown the bundled model is right or nearly, sure of it or not: the show rate judges
the gate and the filters, not the model.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.holes import Recorder
from benchmarks.in_process import InProcess
from benchmarks.measures import chrf
from inference.completer import Completer, Suggestion
from inference.confidence import explained
from inference.draft_features import features, first_line
from inference.gate import Gate
from inference.prompts import CursorContext
from inference.quiet import Change, Kind, before_asking, too_little
from inference.sampling import TextStream
from inference.types import CompletionRequest, Engine, EngineInfo, Piece
from settings.schema import Completion

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "inference" / "scenarios"
CASSETTES, BASELINE = FOLDER / "cassettes.json", FOLDER / "baseline.json"
HOLE = re.compile(r"⟦([^⟧]*)⟧")
RECORDED_LINES = 8
"""Answers are recorded this long and cut to what is asked for: asking for fewer lines needs no new ones."""


@dataclass(frozen=True)
class Scenario:
    """A cursor, and whether something should be shown there."""

    name: str
    show: bool
    context: CursorContext
    wanted: str = ""
    """What the user has in mind."""
    change: Change | None = None

    def gain(self, text: str) -> float:
        """How many points of chrF the text brings the cursor's line nearer to what is wanted."""
        line = self.context.prefix[self.context.prefix.rfind("\n") + 1 :]
        return chrf(line + text, line + self.wanted) - chrf(line, line + self.wanted)


@dataclass(frozen=True)
class Outcome:
    """What a user sees in a scenario."""

    name: str
    shown: str
    """Empty where it stays quiet."""
    why: str
    """Why it stays quiet."""
    confidence: float | None = None
    gain: float = 0.0
    draft: str = ""
    explained: str = ""


def read(folder: Path = FOLDER) -> list[Scenario]:
    """Every scenario; a file holds those of the language it is named after."""
    return [one for file in sorted(folder.glob("*.txt")) for one in _in_file(file)]


def _in_file(file: Path) -> Iterable[Scenario]:
    for block in re.split(r"^=== ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        head, _, text = block.partition("\n---\n")
        title, *lines = head.splitlines()
        given = dict(line.split(": ", 1) for line in lines)
        kind, _, name = title.partition(": ")
        edit: Kind | None = given.get("last edit")  # type: ignore[assignment]
        change = Change(edit, 0.2) if edit else None
        holes = list(HOLE.finditer(text))
        if kind not in ("show", "quiet") or not holes:
            raise ValueError(f"{file.name}: {title!r} needs a hole and begins with 'show: ' or 'quiet: '")
        for hole in holes:
            prefix, suffix = (HOLE.sub(r"\1", part) for part in (text[: hole.start()], text[hole.end() :]))
            number = prefix.count("\n") + 1
            full = f"{file.stem}: {name}" + (f", line {number}" if len(holes) > 1 else "")
            context = CursorContext(
                full, prefix, suffix, path=given["path"], repository="project", language=file.stem
            )
            yield Scenario(full, kind == "show", context, hole[1], change)


class StaleCassette(Exception):
    """The prompt is another than the one that was recorded."""


class Replay:
    """An engine that says again what the bundled model said. The document names the scenario."""

    def __init__(self, cassettes: Mapping[str, Any]) -> None:
        self._cassettes = cassettes

    async def info(self) -> EngineInfo:
        return EngineInfo("nearside", "replayed")

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        cassette = self._cassettes.get(request.document)
        if cassette is None or cassette["prompt"] != digest(request):
            raise StaleCassette(
                f"{request.document!r} has another prompt than was recorded. "
                "Run python -m benchmarks.scenarios record, then baseline."
            )
        stream = TextStream(max_lines=request.max_lines)
        for text, logprobs, margins, finish in cassette["pieces"]:
            piece = Piece(stream.feed(text.encode()), 0, tuple(logprobs), tuple(margins), finish)
            yield replace(piece, finish="stop") if stream.stopped else piece
            if stream.stopped:
                return

    async def close(self) -> None: ...


def digest(request: CompletionRequest) -> str:
    """What of a request decides the answer, but for its length."""
    parts = asdict(request.prompt)
    if not parts["members"]:  # then the prompt is what it was before there were any
        del parts["members"]
    prompt = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(prompt.encode()).hexdigest()[:16]


class _Longer(Recorder):
    """Asks for more lines than it is asked for."""

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        async for piece in super().complete(replace(request, max_lines=RECORDED_LINES)):
            yield piece


async def record(scenarios: Sequence[Scenario], engine: Engine) -> dict[str, Any]:
    """Ask the engine at every scenario; return the cassettes by name."""
    cassettes: dict[str, Any] = {}
    for scenario in scenarios:
        recorder = _Longer(engine)
        completer = Completer(recorder, Completion())
        await completer.complete(scenario.context, deadline_ms=600_000)
        await completer.close()
        assert recorder.request is not None
        pieces = [
            [p.text, [round(v, 4) for v in p.logprobs], [round(v, 4) for v in p.margins], p.finish]
            for p in recorder.pieces
            if p.text or p.finish
        ]
        cassettes[scenario.name] = {"prompt": digest(recorder.request), "pieces": pieces}
    return cassettes


async def outcome(scenario: Scenario, engine: Engine, gate: Gate) -> Outcome:
    """What the user sees there."""
    context = scenario.context
    if why := before_asking(context, scenario.change):
        return Outcome(scenario.name, "", why)
    recorder = Recorder(engine)
    completer = Completer(recorder, Completion())
    suggestion: Suggestion = await completer.complete(context, deadline_ms=600_000)
    await completer.close()
    draft = recorder.draft()
    text = suggestion.text
    raw = first_line(draft.text)
    if why := too_little(text):
        return Outcome(scenario.name, "", why, draft=raw)
    row = features(draft.logprobs, draft.margins, text, context)
    seen = {"draft": raw, "explained": explained(row), "confidence": suggestion.confidence}
    if not gate.shows(suggestion.confidence):
        return Outcome(scenario.name, "", "it is not sure enough", **seen)
    return Outcome(scenario.name, text, "", gain=scenario.gain(text) if scenario.show else 0.0, **seen)


async def outcomes(
    scenarios: Sequence[Scenario], cassettes: Mapping[str, Any], show_above: int | None = None
) -> list[Outcome]:
    """Every scenario through the whole path, each as a user's first."""
    engine = Replay(cassettes)
    gates = Completion().show_above if show_above is None else show_above
    return [await outcome(scenario, engine, Gate(gates)) for scenario in scenarios]


def summary(scenarios: Sequence[Scenario], seen: Sequence[Outcome]) -> dict[str, float]:
    """Show rate, quiet rate, mean gain in chrF where something should be shown, and all three in one."""
    pairs = list(zip(scenarios, seen, strict=True))
    wanted = [one for scenario, one in pairs if scenario.show]
    unwanted = [one for scenario, one in pairs if not scenario.show]
    show = sum(bool(one.shown) for one in wanted) / len(wanted)
    quiet = sum(not one.shown for one in unwanted) / len(unwanted)
    gain = sum(one.gain for one in wanted) / len(wanted)
    both = 2 * show * quiet / (show + quiet) if show + quiet else 0.0
    figures = {"show_rate": show, "quiet_rate": quiet, "delta_chrf": gain, "score": gain * both}
    return {name: round(value, 4) for name, value in figures.items()}


def load_cassettes() -> dict[str, Any]:
    return json.loads(CASSETTES.read_text("utf-8"))


def _write(path: Path, body: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", "utf-8")


async def _record_all(model: Path | None) -> dict[str, Any]:
    engine = InProcess(model)
    try:
        return await record(read(), engine)
    finally:
        await engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("print", "record", "baseline"), default="print")
    parser.add_argument("--model", type=Path, help="record this GGUF file's answers")
    arguments = parser.parse_args()
    scenarios = read()
    if arguments.what == "record":
        cassettes = asyncio.run(_record_all(arguments.model))
        rows = ",\n".join(
            f" {json.dumps(k, ensure_ascii=False)}: {json.dumps(v, ensure_ascii=False)}"
            for k, v in cassettes.items()
        )
        CASSETTES.write_text("{\n" + rows + "\n}\n", "utf-8")
    seen = asyncio.run(outcomes(scenarios, load_cassettes()))
    for scenario, one in zip(scenarios, seen, strict=True):
        good = bool(one.shown) == scenario.show
        print(f"{' ' if good else '!'} {scenario.name}")
        said = f"shown {one.shown!r}, chrF {one.gain:+.0f}" if one.shown else f"quiet: {one.why}"
        print(f"      {said}; wanted {scenario.wanted!r}, draft {one.draft!r}, {one.explained}")
    figures = summary(scenarios, seen)
    print(json.dumps(figures))
    if arguments.what == "baseline":
        rows = {one.name: {"shown": one.shown, "why": one.why, "gain": round(one.gain, 2)} for one in seen}
        _write(BASELINE, figures | {"scenarios": rows})


if __name__ == "__main__":
    main()
