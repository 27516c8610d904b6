"""Docstring to function: docstrings are taken out of the text, and their first sentence is the question."""

from __future__ import annotations

import argparse
import ast
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.retrieval.index import Index, build, files, text_of, timed
from benchmarks.retrieval.methods import PLACES, Times
from benchmarks.retrieval.packages import Unavailable, home, listed, sources
from benchmarks.retrieval.scoring import figures, rank_of, table
from retrieval.embedders import Embedder
from retrieval.fuse import DEPTH, PER_FILE, fuse
from retrieval.rows import Hit
from retrieval.store import Store
from retrieval.words import split_query

QUESTIONS, QUICK = 150, 40
"""Of a package, at most."""
FUSED = ("words and vectors", "all three", "all three, two of a file (shipped)")
LEAST_WORDS, MOST_CHARACTERS = 4, 300
SEED = 23
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    path: str
    line: int
    """Of the `def`, in the text without docstrings, from 0."""
    name: str


def first_sentence(docstring: str) -> str:
    """Return what a docstring says first; empty if that is too short to ask for."""
    paragraph = " ".join(docstring.strip().split("\n\n")[0].split())
    sentence = re.split(r"(?<=[.!?])\s+(?=[A-Z])", paragraph)[0][:MOST_CHARACTERS]
    return sentence if len(re.findall(r"[A-Za-z]{2,}", sentence)) >= LEAST_WORDS else ""


def stripped(text: str) -> tuple[str, list[tuple[str, int, str]]]:
    """Return a module without its functions' docstrings, and question, line and name of each that had one.

    Raises SyntaxError, ValueError.
    """
    lines = text.split("\n")
    asked: list[str] = []
    gone: dict[int, str] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function):
            said = ast.get_docstring(node)
            asked.append(first_sentence(said) if said else "")
            if said:
                first, last = node.body[0].lineno - 1, (node.body[0].end_lineno or 0) - 1
                if lines[first][: node.body[0].col_offset].strip():
                    asked[-1] = ""  # `def f(): "…"`, all on one line
                    continue
                gone.update(dict.fromkeys(range(first, last + 1), ""))
                if len(node.body) == 1:
                    gone[first] = " " * node.body[0].col_offset + "..."
    left = "\n".join(
        gone.get(number, line)
        for number, line in enumerate(lines)
        if gone.get(number, line) or number not in gone
    )
    again = [node for node in ast.walk(ast.parse(left)) if isinstance(node, Function)]
    return left, [(text, node.lineno - 1, node.name) for text, node in zip(asked, again, strict=True) if text]


def prepare(root: Path, wanted: int) -> tuple[Path, list[Question]]:
    """Write a package without docstrings beside it, and draw questions."""
    target = home() / "stripped" / root.name
    shutil.rmtree(target, ignore_errors=True)
    questions = []
    for path in files(root, "python"):
        text = text_of(root / path)
        try:
            text, found = stripped(text)
        except (SyntaxError, ValueError):
            found = []
        questions += [Question(asked, path, line, name) for asked, line, name in found]
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, encoding="utf-8", errors="replace")
    return target, Random(SEED).sample(questions, min(wanted, len(questions)))


def measure(arguments: argparse.Namespace, embedder: Embedder | None, times: Times) -> dict[str, object]:
    """Print and return the figures of words, vectors and both, over all packages of Python."""
    ranks: dict[str, list[int | None]] = {name: [] for name in ("words", "vectors", "names", *FUSED)}
    if not embedder:
        return {}
    for one in listed("dev" if arguments.dev else "test"):
        if one.language != "python" or arguments.language and "python" not in arguments.language:
            continue
        try:
            root, asked = prepare(sources(one, arguments.packages), QUICK if arguments.quick else QUESTIONS)
        except Unavailable as error:
            print(error, file=sys.stderr)
            continue
        index = build(root, "python", embedder, chunks=True)
        assert index.store
        for question in asked:
            lists = _lists(question.text, index.store, embedder, times)
            two = dict(lists)
            lists["names"] = timed(times.of("question by names"), lambda: _named(index, question.text))  # noqa: B023
            for name, hits in lists.items():
                ranks[name].append(_rank(question, hits))
            ways = ((two, PLACES), (lists, PLACES), (lists, PER_FILE))
            for name, (some, most) in zip(FUSED, ways, strict=True):
                found = fuse(some, PLACES, per_file=most)
                ranks[name].append(_rank(question, [each.hit for each in found]))
        print(f"{root.name}: {len(asked)} questions", file=sys.stderr)
    found = {name: figures(some) for name, some in ranks.items() if some}
    if found:
        print(table(f"Docstring to function, Python: {len(ranks['words'])} questions", found))
    return {"docstring to function": {"questions": len(ranks["words"]), **found}}


def _named(index: Index, text: str) -> list[Hit]:
    """Definitions whose names say it, as search has them."""
    return [
        Hit(one.path, "", "python", one.symbol.qualified, "", one.symbol.first, one.symbol.last, False,
            f"def {one.symbol.name}", one.score)
        for one in index.graph.told(text)
    ]  # fmt: skip


def _lists(text: str, store: Store, embedder: Embedder, times: Times) -> dict[str, list[Hit]]:
    return {
        "words": timed(times.of("question by words"), lambda: store.words(split_query(text), DEPTH)),
        "vectors": timed(
            times.of("question by vectors"),
            lambda: store.nearest(embedder.embed([text], query=True)[0], DEPTH),
        ),
    }


def _rank(question: Question, hits: list[Hit]) -> int | None:
    head = re.compile(rf"\bdef\s+{re.escape(question.name)}\b")
    return rank_of(
        [
            hit.path == question.path
            and hit.first <= question.line <= hit.last
            and bool(head.search(hit.text))
            for hit in hits[:PLACES]
        ]
    )
