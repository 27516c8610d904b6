"""python -m benchmarks.drafts: decoding with and without prompt-lookup drafts, on the same prompts.

The prompts come from Python's own library. "repeated": a function stands in the file and its beginning was
just written again. "renamed": the same with one of its names changed. "ordinary": a place in a file that goes
on after the cursor. A prompt is answered in both ways one right after the other, in several rounds; of a
prompt's rounds the fastest counts. Only decoding is timed, by the engine itself.
"""

from __future__ import annotations

import argparse
import ast
import json
import queue
import random
import re
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from inference.drafts import Drafts
from inference.generate import Job
from inference.healing import take_back
from inference.models import resolve
from inference.scheduler import Scheduler
from inference.tokens import infill_tokens
from inference.types import FimPrompt, Piece
from settings.schema import Model

if TYPE_CHECKING:
    from inference.llama import LlamaBackend

LIBRARY = Path(sysconfig.get_path("stdlib"))
FILES = (
    "ast calendar cmd configparser copy csv difflib dis fractions ftplib heapq imaplib inspect mailbox "
    "optparse pickle shutil statistics tarfile zipfile"
)
KINDS = ("repeated", "renamed", "ordinary")
_NAME = re.compile(r"\b[a-z_][a-z_0-9]{2,}\b")


@dataclass(frozen=True)
class Limits:
    """How long an answer may be; 0 lines are any number."""

    tokens: int
    lines: int


@dataclass
class Answer:
    """What a prompt gave in one way of decoding: the text, and the best of its rounds."""

    text: str = ""
    margins: tuple[float, ...] = ()
    generated: int = 0
    decode_ms: float = float("inf")
    drafted: int = 0
    accepted: int = 0


@dataclass
class Case:
    """One prompt and its two answers."""

    kind: str
    prompt: FimPrompt
    plain: Answer = field(default_factory=Answer)
    drafted: Answer = field(default_factory=Answer)


def cases(count: int, seed: int) -> Iterator[Case]:
    """`count` prompts of each kind."""
    chance = random.Random(seed)
    sources = [
        (path.name, path.read_text("utf-8"))
        for name in FILES.split()
        if (path := LIBRARY / f"{name}.py").exists()
    ]
    functions = [
        (name, lines[node.lineno - 1 : node.end_lineno])
        for name, source in sources
        for lines in [source.splitlines(keepends=True)]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.end_lineno and 8 <= node.end_lineno - node.lineno < 25
    ]
    for name, lines in chance.sample(functions, count):
        again = "".join(lines[: len(lines) // 3])
        yield Case("repeated", FimPrompt(_renamed_function("".join(lines)) + "\n" + again, "\n", name))
        text, half = "".join(lines), "".join(lines[: len(lines) // 2])
        old = chance.choice([word for word in _NAME.findall(half) if word not in ("def", "self")])
        yield Case("renamed", FimPrompt(text + "\n" + re.sub(rf"\b{old}\b", f"new_{old}", half), "\n", name))
    for _ in range(count):
        name, source = chance.choice(sources)
        at = chance.randrange(len(source) // 3, len(source) - 800)
        yield Case("ordinary", FimPrompt(source[at - 1800 : at], source[at : at + 600], name))


def _renamed_function(text: str) -> str:
    return re.sub(r"def (\w+)", r"def first_\1", text, count=1)


def ask(scheduler: Scheduler, backend: LlamaBackend, case: Case, limits: Limits) -> Answer:
    """Answer a prompt greedily; only decoding is timed, by the engine itself."""
    pieces: list[Piece] = []
    done: queue.Queue[Exception | None] = queue.Queue()
    kept, typed = take_back(backend, case.prompt)
    trained = backend.description.trained_context or backend.description.context
    prompt = infill_tokens(backend, kept, min(trained, backend.description.context) - limits.tokens)
    scheduler.submit(
        Job(
            prompt,
            pieces.append,
            done.put,
            owner="benchmark",
            typed=typed,
            max_tokens=limits.tokens,
            max_lines=limits.lines,
        )
    )
    if error := done.get(timeout=600):
        raise error
    usage = pieces[-1].usage
    assert usage is not None
    margins = tuple(margin for piece in pieces for margin in piece.margins)
    text = "".join(piece.text for piece in pieces)
    return Answer(
        text, margins, usage.generated_tokens, usage.decode_ms, usage.drafted_tokens, usage.accepted_tokens
    )


def measure(backend: LlamaBackend, prompts: Sequence[Case], rounds: int, limits: Limits) -> None:
    """Answer every prompt in both ways, one right after the other, `rounds` times over."""
    drafts = Drafts()
    longest = drafts.longest
    scheduler = Scheduler(backend, drafts)
    for number in range(rounds):
        for case in prompts:
            ask(scheduler, backend, case, Limits(0, 0))  # both then evaluate the prompt's last token alone
            for plain in (True, False) if number % 2 else (False, True):
                drafts.longest = 0 if plain else longest
                answer = ask(scheduler, backend, case, limits)
                best = case.plain if plain else case.drafted
                if answer.decode_ms < best.decode_ms:
                    vars(best).update(vars(answer))
    scheduler.close()


def row(kind: str, prompts: Sequence[Case]) -> dict[str, object]:
    """One line of the table."""
    plain, drafted = [case.plain for case in prompts], [case.drafted for case in prompts]
    speeds = [
        1000 * sum(a.generated for a in way) / sum(a.decode_ms for a in way) for way in (plain, drafted)
    ]
    guessed, right = sum(a.drafted for a in drafted), sum(a.accepted for a in drafted)
    return {
        "kind": kind,
        "prompts": len(prompts),
        "tokens": sum(a.generated for a in drafted),
        "plain_tokens_per_s": round(speeds[0], 1),
        "drafts_tokens_per_s": round(speeds[1], 1),
        "ratio": round(speeds[1] / speeds[0], 2),
        "guessed": guessed,
        "right": round(right / guessed, 2) if guessed else None,
        "other_text": sum(case.plain.text != case.drafted.text for case in prompts),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="auto", help="a name or path as in model.completion")
    parser.add_argument("--prompts", type=int, default=40, help="of each kind")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-tokens", type=int, default=48)
    parser.add_argument("--max-lines", type=int, default=0, help="0 is no limit")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    from inference.llama import LlamaBackend

    backend = LlamaBackend(resolve(arguments.model), Model())
    prompts = list(cases(arguments.prompts, arguments.seed))
    measure(backend, prompts, arguments.rounds, Limits(arguments.max_tokens, arguments.max_lines))
    rows = [row(kind, [case for case in prompts if case.kind == kind]) for kind in KINDS]
    rows.append(row("all", prompts))
    backend.close()
    if arguments.json:
        print(json.dumps(rows))
        return
    print(f"{backend.description.name} on {backend.description.backend}, {arguments.rounds} rounds")
    print("".join(f"{name:>20}" for name in rows[0]))
    for one in rows:
        print("".join(f"{'-' if value is None else value!s:>20}" for value in one.values()))
    for case in prompts:
        if case.plain.text != case.drafted.text:
            least = min(case.plain.margins, default=1.0)
            print(f"another text ({case.kind}): the closest choice in it was decided by {least:.4f}")


if __name__ == "__main__":
    main()
