"""python -m benchmarks.tools: how well a model calls tools, and what holding it to a grammar costs.

Forty small tasks; of each the first call is judged (valid, the right tool), and whether the model came to an
end by itself within six calls. The model is the one of the user's settings, or --base-url. Beside it what a
token costs under a grammar on the bundled model's vocabulary, the likeliest token asked about first and the
whole vocabulary masked for every token, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from actions.act import LocalModel
from actions.around import Project
from actions.consult import consulted
from actions.draft import Task
from actions.fence import without_thoughts
from actions.kinds import KINDS
from actions.loop import Model
from actions.target import target
from benchmarks.tools_tasks import PROJECT, TASKS, ToolTask
from inference.grammar import Grammar, Held
from inference.launch import engine_for
from inference.types import NearsideError, Piece
from settings.layers import load
from settings.schema import Endpoint, Settings
from syntax.languages import language_of
from tools.project import ProjectTools
from tools.toolbox import ANSWER, Tool, read, schema

MEASURES = {
    "valid": "valid first calls",
    "right": "of the right tool",
    "finished": "ended within six calls",
}
SECONDS = 300.0
"""For one task: how good a model is does not depend on the machine."""
ROUNDS = 20
WRITTEN = '{"tool": "search_project", "query": "where are prices rounded to cents"}'


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of all tasks, in [0, 1]."""

    tasks: int
    valid: float
    """Whose first answer is a valid call."""
    right: float
    """Whose first call is of a right tool."""
    finished: float
    """Where the model said itself that it had seen enough, within six calls."""
    calls: float
    """A task, on the average."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds a token under a grammar, medians."""

    first: float
    """The likeliest token asked about first."""
    refused: float
    """The same where that one is refused every time."""
    masked: float
    """The whole vocabulary masked."""
    vocabulary: int

    @property
    def ratio(self) -> float:
        return self.masked / self.first


class Heard:
    """A model whose answers are noted."""

    def __init__(self, model: Model) -> None:
        self.name = model.name
        self.answers: list[str] = []
        self._model = model

    async def chat(
        self, turns: Sequence[tuple[str, str]], schema: Mapping[str, object] | None = None
    ) -> AsyncGenerator[Piece, None]:
        self.answers.append("")
        async with aclosing(self._model.chat(turns, schema)) as pieces:
            async for piece in pieces:
                self.answers[-1] += piece.text
                yield piece


async def scored(model: Model, tasks: Sequence[ToolTask] = TASKS) -> Score:
    """Return how a model does. Raises NearsideError where it cannot be asked."""
    valid = right = finished = calls = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in PROJECT.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        tools = ProjectTools(Project(root, {}), _tests).tools()
        for one in tasks:
            heard = Heard(model)
            done = await consulted(
                _task(one), heard, tools, lambda text: None, seconds=SECONDS, without_tools=set()
            )
            if not heard.answers:
                continue
            first, _ = read(without_thoughts(heard.answers[0]), tools)
            last, _ = read(without_thoughts(heard.answers[-1]), tools)
            valid += first is not None
            right += first is not None and (first.tool.name if first.tool else ANSWER) in one.tools
            finished += last is not None and last.tool is None
            calls += len(done.calls)
    count = len(tasks)
    return Score(count, valid / count, right / count, finished / count, calls / count)


async def _tests() -> str:
    return "1 of 1 tests failed: test_total\nNameError: name 'Decimal' is not defined (shop/tax.py:1)"


def _task(one: ToolTask) -> Task:
    text, language = PROJECT[one.path], language_of(one.path)
    line = next(
        number for number, line in enumerate(text.splitlines())
        if line.strip().startswith((f"def {one.symbol}(", f"class {one.symbol}("))
    )  # fmt: skip
    part = target(text, language, line, line)
    return Task(KINDS["refactor"], one.path, language, text, part, one.instruction)


def costs(tools: Sequence[Tool], rounds: int = ROUNDS) -> Cost:
    """Return what a token costs under the grammar of these tools, with the bundled model."""
    from inference.llama import LlamaBackend
    from inference.models import resolve
    from settings.schema import Model as ModelSettings

    backend = LlamaBackend(resolve("auto"), ModelSettings())
    make = backend.grammar(schema(tools))
    tokens = backend.tokenize(WRITTEN)
    wrong = backend.tokenize("\n")[0]
    first: list[float] = []
    refused: list[float] = []
    masked: list[float] = []
    for _ in range(rounds):
        first += _timed(make(), tokens, backend.vocabulary, None)
        refused += _timed(make(), tokens, backend.vocabulary, wrong)
        masked += _masked(make(), tokens, backend.vocabulary)
    backend.close()
    one, other, all_of_them = (1000 * statistics.median(each) for each in (first, refused, masked))
    return Cost(one, other, all_of_them, backend.vocabulary)


def _timed(grammar: Grammar, tokens: Sequence[int], vocabulary: int, wrong: int | None) -> list[float]:
    """Return the seconds of each choice; `wrong` is likelier than the right token and always refused."""
    held, random, every, seconds = Held(grammar), np.random.default_rng(0), np.arange(vocabulary), []
    for token in tokens:
        row = _row(token, vocabulary)
        if wrong is not None:
            row[wrong] = 20.0
        began = time.perf_counter()
        assert held.choose(row, every, 0.0, random) == token
        seconds.append(time.perf_counter() - began)
    grammar.close()
    return seconds


def _masked(grammar: Grammar, tokens: Sequence[int], vocabulary: int) -> list[float]:
    every, seconds = np.arange(vocabulary), []
    for token in tokens:
        row = _row(token, vocabulary)
        began = time.perf_counter()
        row[~grammar.permitted(every)] = -np.inf
        assert int(row.argmax()) == token
        grammar.accept(token)
        seconds.append(time.perf_counter() - began)
    grammar.close()
    return seconds


def _row(token: int, vocabulary: int) -> np.ndarray:
    row = np.zeros(vocabulary, np.float32)
    row[token] = 10.0
    return row


async def _scored(settings: Settings) -> tuple[str, Score | str]:
    """Return the model's name, and its score or why it has none."""
    wanted = settings.model.for_chat
    engine = engine_for(wanted, lambda text: None)
    try:
        name = str(wanted.completion)
        if isinstance(wanted.completion, Endpoint):
            name = wanted.completion.model or wanted.completion.base_url
        else:
            info = await engine.info()
            name = info.model
            if not info.chats:
                return name, "it cannot chat; name an instruction-tuned model in model.chat, or --base-url"
        return name, await scored(LocalModel(engine, name))
    except NearsideError as error:
        return name, str(error)
    finally:
        await engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tools", description=__doc__)
    parser.add_argument("--model", help="a model of this machine, in place of the one that is set")
    parser.add_argument("--base-url", help="a server, in place of what is set")
    parser.add_argument("--served-model", default="", help="the model's name there")
    parser.add_argument("--only", choices=("score", "cost"), help="measure one of both")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    settings = load(None).settings
    chosen = Endpoint(options.base_url, options.served_model) if options.base_url else options.model
    if chosen:
        settings = replace(settings, model=replace(settings.model, completion=chosen, chat=""))
    told: dict[str, Any] = {}
    if options.only != "cost":
        name, score = asyncio.run(_scored(settings))
        told["model"] = name
        told["score"] = score if isinstance(score, str) else asdict(score)
    if options.only != "score":
        cost = costs(ProjectTools(Project(Path(), {}), _tests).tools())
        told["cost"] = asdict(cost) | {"ratio": cost.ratio}
    print(json.dumps(told, indent=1) if options.json else _table(told))


def _table(told: Mapping[str, Any]) -> str:
    lines = []
    if isinstance(told.get("score"), str):
        lines.append(f"{told['model']} has no score: {told['score']}")
    elif score := told.get("score"):
        lines += [f"{told['model']}, {score['tasks']} tasks"]
        for key, what in MEASURES.items():
            lines.append(f"  {what:<24}{100 * score[key]:6.1f} %")
        lines.append(f"  {'calls a task':<24}{score['calls']:6.2f}")
    if cost := told.get("cost"):
        lines += [
            f"A token under the grammar of five tools, vocabulary of {cost['vocabulary']}, medians in ms",
            f"  likeliest token first   {cost['first']:7.3f}",
            f"  likeliest one refused   {cost['refused']:7.3f}",
            f"  whole vocabulary masked {cost['masked']:7.3f}   {cost['ratio']:.0f} times the first",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
