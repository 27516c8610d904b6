"""What context from open files does to the bundled model: the same holes with and without it.

`python -m benchmarks.context` punches holes into our own modules, which no model was trained on, where a line
uses a name of another module; the modules a file imports count as open. It prints exact match of the rest of
the line and the log-probability of the true one, both ways, and the same for lines anywhere in these files.
"""

from __future__ import annotations

import argparse
import ast
import math
import queue
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from inference.generate import Job
from inference.healing import take_back
from inference.lines import split_lines
from inference.llama import LlamaBackend
from inference.models import bundled
from inference.overlap import until_suffix
from inference.prompts import window
from inference.scheduler import Scheduler
from inference.tokens import infill_tokens
from inference.types import FimPrompt, Snippet
from retrieval.context import RING, Candidate, Query, assemble, budget
from retrieval.definitions import Outline, find
from retrieval.neighbourhoods import cut
from settings.schema import Completion, Model
from syntax.definitions import WORD, definitions

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "settings",
    "syntax",
    "inference",
    "retrieval",
    "lsp_server",
    "nearside",
    "benchmarks",
    "training",
)
MOST_TOKENS = 64
GROUPS = (
    "Holes with a name of an open file that the context shows",
    "Holes with a name of an open file that it does not show",
    "Other holes of the same files",
)


@dataclass(frozen=True)
class Hole:
    path: str
    text: str
    start: int
    expected: str
    open_paths: tuple[str, ...]
    names: frozenset[str]
    """What the text in the hole uses of the names that open files define."""


@dataclass(frozen=True)
class Outcome:
    exact: bool
    logprob: float
    """Natural log of the probability of the true rest of the line."""


def modules() -> dict[str, str]:
    files = (file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
    return {file.relative_to(ROOT).as_posix(): file.read_text("utf-8") for file in files}


def imported(text: str, known: dict[str, str]) -> tuple[str, ...]:
    """Return the paths of our modules that a module imports."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    paths = (name.replace(".", "/") + ".py" for name in names)
    return tuple(dict.fromkeys(path for path in paths if path in known))


def punch(texts: dict[str, str], outlines: dict[str, Outline], count: int, chance: Random) -> list[Hole]:
    """Return holes from a word's start to the line's end, half where a name of an open file follows."""
    foreign: list[Hole] = []
    others: list[Hole] = []
    for path, text in texts.items():
        near = imported(text, texts)
        names = {d.name for other in near for d in outlines[other].definitions if len(d.name) > 2}
        code = _code_lines(text)
        offset = 0
        for number, line in enumerate(text.split("\n")):
            if near and number in code and len(line.strip()) > 8:
                starts = [m.start() for m in re.finditer(r"(?<=[ .(\[=,])\w|(?<=\w)\(", line)]
                used = [m.start() for m in WORD.finditer(line) if m[0] in names]
                cuts = [c for c in starts if used and c <= max(used)] or starts
                if cuts:
                    at = chance.choice(cuts)
                    expected = line[at:].rstrip()
                    inside = frozenset(WORD.findall(expected)) & names
                    hole = Hole(path, text, offset + at, expected, near, inside)
                    (foreign if inside else others).append(hole)
            offset += len(line) + 1
    half = count // 2
    return chance.sample(foreign, half) + chance.sample(others, count - half)


def _code_lines(text: str) -> set[int]:
    """Return the lines, from 0, of statements in functions and classes that are code."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for statement in node.body:
                prose = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
                if not prose and not isinstance(statement, (ast.Import, ast.ImportFrom)):
                    lines.update(range(statement.lineno - 1, statement.end_lineno or statement.lineno))
    blank = {n for n, line in enumerate(text.split("\n")) if line.lstrip().startswith(("#", '"""'))}
    return lines - blank


def context_of(
    hole: Hole, texts: dict[str, str], outlines: dict[str, Outline], room: int, ring: bool
) -> tuple[Snippet, ...]:
    """Return what the server would show: definitions and, as the ring, a neighbourhood of each open file."""
    prefix, suffix = _window(hole)
    query = Query(hole.path, "python", prefix, suffix, hole.text[:4000])
    found = find([outlines[path] for path in hole.open_paths], query)
    if ring:
        for number, path in enumerate(hole.open_paths):
            inside = outlines[path].definitions
            line = inside[len(inside) // 2].first if inside else 0
            if chunk := cut(path, texts[path].split("\n"), line, inside):
                found.append(Candidate(Snippet(path, chunk.text), RING, number, chunk.first, 0.1))
    return tuple(candidate.snippet for candidate in assemble(found, query, room))


def _window(hole: Hole) -> tuple[str, str]:
    end = hole.start + len(hole.expected)
    lines = split_lines(hole.text[: hole.start] + hole.text[end:])
    line = hole.text.count("\n", 0, hole.start)
    column = hole.start - (hole.text.rfind("\n", 0, hole.start) + 1)
    return window(lines, line, column, Completion())


def measure(
    backend: LlamaBackend, scheduler: Scheduler, hole: Hole, snippets: tuple[Snippet, ...]
) -> Outcome:
    prefix, suffix = _window(hole)
    prompt, typed = take_back(backend, FimPrompt(prefix, suffix, hole.path, "nearside", snippets))
    description = backend.description
    room = min(description.context, description.trained_context or description.context) - MOST_TOKENS
    tokens = infill_tokens(backend, prompt, room)
    made: list[str] = []
    done: queue.Queue[Exception | None] = queue.Queue()
    scheduler.submit(
        Job(
            tokens, lambda p: made.append(p.text), done.put, typed=typed, max_tokens=MOST_TOKENS, stop=("\n",)
        )
    )
    if error := done.get():
        raise error
    exact = until_suffix("".join(made), suffix).rstrip() == hole.expected
    return Outcome(exact, _logprob(backend, tokens, backend.tokenize(typed.decode() + hole.expected)))


def _logprob(backend: LlamaBackend, prompt: list[int], answer: list[int]) -> float:
    """Return the log-probability of `answer` after `prompt`, in a sequence of its own."""
    sequence, ids, total = backend.sequences - 1, prompt + answer, 0.0
    backend.trim(sequence, 0)
    for start in range(0, len(ids), backend.batch_size):
        part = ids[start : start + backend.batch_size]
        wanted = [start + i >= len(prompt) - 1 for i in range(len(part))]
        backend.decode(part, range(start, start + len(part)), [sequence] * len(part), wanted)
        for i in range(len(part)):
            if wanted[i] and start + i + 1 < len(ids):
                row = backend.logits(i).astype(np.float64)
                top = row.max()
                total += float(row[ids[start + i + 1]] - top - np.log(np.exp(row - top).sum()))
    backend.trim(sequence, 0)
    return total


def report(label: str, pairs: Sequence[tuple[Outcome, Outcome]]) -> None:
    """Print one group: share of exact matches and mean log-probability, without and with context."""
    without, with_ = [a for a, _ in pairs], [b for _, b in pairs]
    gains = [b.logprob - a.logprob for a, b in pairs]
    error = 1.96 * statistics.stdev(gains) / math.sqrt(len(gains))
    won = sum(b.exact and not a.exact for a, b in pairs)
    lost = sum(a.exact and not b.exact for a, b in pairs)
    print(f"{label}: n = {len(pairs)}")
    print(f"  exact match        {_share(without):6.1%} without, {_share(with_):6.1%} with context "
          f"({won} won, {lost} lost)")  # fmt: skip
    print(f"  log-probability    {_mean(without):6.2f} without, {_mean(with_):6.2f} with context "
          f"(gain {statistics.mean(gains):+.2f} nats a line, 95 % within {error:.2f})")  # fmt: skip


def _share(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.exact for outcome in outcomes) / len(outcomes)


def _mean(outcomes: Sequence[Outcome]) -> float:
    return statistics.mean(outcome.logprob for outcome in outcomes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=bundled())
    parser.add_argument("--holes", type=int, default=400)
    parser.add_argument("--budget", type=int, help="characters for snippets; default: by the model's context")
    parser.add_argument("--ring", action="store_true", help="also a neighbourhood of each open file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="print so many contexts")
    arguments = parser.parse_args()
    backend = LlamaBackend(arguments.model, Model(threads=arguments.threads, context=2048, documents=2))
    description = backend.description
    context = min(description.context, description.trained_context or description.context)
    room = budget(context, MOST_TOKENS) if arguments.budget is None else arguments.budget
    texts = modules()
    outlines = {
        path: Outline.of(path, "python", 0, definitions(text, "python")) for path, text in texts.items()
    }
    holes = punch(texts, outlines, arguments.holes, Random(3))
    scheduler, begun = Scheduler(backend), time.monotonic()
    groups: dict[str, list[tuple[Outcome, Outcome]]] = {label: [] for label in GROUPS}
    characters = []
    for number, hole in enumerate(holes):
        snippets = context_of(hole, texts, outlines, room, arguments.ring)
        characters.append(sum(len(snippet.text) for snippet in snippets))
        pair = measure(backend, scheduler, hole, ()), measure(backend, scheduler, hole, snippets)
        seen = hole.names & {word for snippet in snippets for word in WORD.findall(snippet.text)}
        groups[GROUPS[0] if seen else GROUPS[1] if hole.names else GROUPS[2]].append(pair)
        if number < arguments.show:
            print(f"--- {hole.path} wants {hole.expected!r}: {pair}")
            print("\n".join(f"{snippet.path}\n{snippet.text}" for snippet in snippets))
    print(f"{description.name}: a context of {context} tokens, {room} characters of it for snippets at most, "
          f"{statistics.mean(characters):.0f} on average; {time.monotonic() - begun:.0f} s")  # fmt: skip
    for label, pairs in groups.items():
        report(label, pairs)


if __name__ == "__main__":
    main()
