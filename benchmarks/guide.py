"""What guided decoding does to the bundled model: holes behind `receiver.` with and without the member names.

`python -m benchmarks.guide` takes our own modules and packages the model was not trained on (wheels in
`--wheels`), finds members by ast (classes of `self`, of annotated and of assigned names, imported modules),
chooses the bonus on one half of the holes and reports on the other: exact match and log-probability. The
names come without signatures here; context.py has them.
"""

from __future__ import annotations

import argparse
import queue
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.members import Hole, Project, from_wheel, holes, ours
from inference.choices import Choices
from inference.generate import Job
from inference.guide import BONUS, Known, Spellings
from inference.healing import Pieces, take_back
from inference.llama import LlamaBackend
from inference.models import bundled
from inference.overlap import until_suffix
from inference.scheduler import Scheduler
from inference.tokens import infill_tokens
from inference.types import FimPrompt, Snippet
from retrieval.context import budget
from settings.schema import Model

WHEELS = Path("~/.cache/nearside-training/pypi").expanduser()
PACKAGES: tuple[str, ...] = (
    "astroid",
    "dulwich",
    "griffe",
    "hypothesis",
    "paramiko",
    "pylint",
    "rope",
    "tqdm",
    "zope.interface",
)
"""None of them is in the training corpus, for their licences."""
MOST_TOKENS = 48


_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Outcome:
    name: bool
    line: bool
    logprob: float
    """Of the true rest of the line, in nats, given what is typed and under the guided distribution."""
    text: str


@dataclass(frozen=True)
class Way:
    """How names are guided."""

    bonus: float = BONUS
    """Nats; 0 is without a guide."""
    informed: bool = True
    """Whether their likelihoods count."""

    @property
    def label(self) -> str:
        return f"bonus {self.bonus:3}{'' if self.informed else ', constant'}"


WAYS = (Way(0.0), Way(8.0, informed=False), *(Way(bonus) for bonus in (4.0, 8.0, 12.0, 16.0, np.inf)))
"""What is chosen from; reported are none, the constant bonus and what is shipped."""


class Bench:
    """The model, asked the way the engine asks it."""

    def __init__(self, model: Path, threads: int) -> None:
        self.backend = LlamaBackend(model, Model(threads=threads, context=2048, documents=2))
        self.scheduler = Scheduler(self.backend)
        pieces = Pieces(self.backend)
        format = self.backend.format
        self.choices = Choices(pieces if format and format.heal else None, Spellings(pieces))
        description = self.backend.description
        self.context = min(description.context, description.trained_context or description.context)

    def close(self) -> None:
        self.scheduler.close()
        self.backend.close()

    def measure(self, hole: Hole, snippets: tuple[Snippet, ...], ways: Sequence[Way]) -> list[Outcome]:
        """One outcome a way."""
        whole = FimPrompt(hole.prefix, hole.suffix, hole.path, hole.project, snippets, hole.members)
        outcomes = []
        for made, logprob in self.ask(whole, hole.expected, ways):
            right, wrote = _WORD.match(hole.expected), _WORD.match(made)
            same = bool(right and wrote and right[0] == wrote[0])
            if not hole.at_member:
                same = bool(re.search(rf"\.{re.escape(hole.name)}\b", made))
            outcomes.append(Outcome(same, made == hole.expected, logprob, made))
        return outcomes

    def ask(self, whole: FimPrompt, expected: str, ways: Sequence[Way]) -> list[tuple[str, float]]:
        """For each way what the model writes of the line, and the log-probability of `expected`."""
        prompt, typed = take_back(self.backend, whole)
        tokens = infill_tokens(self.backend, prompt, self.context - 64)
        known = Known.of(prompt)
        guides = [
            replace(known, bonus=way.bonus, informed=way.informed) if known and way.bonus else None
            for way in ways
        ]
        answer = self.backend.tokenize(typed.decode() + expected)
        written = {}
        for guide in dict.fromkeys(guides):
            written[guide] = until_suffix(self._write(tokens, typed, guide), whole.suffix).rstrip()
        rows = self._rows(tokens, answer)
        return [(written[guide], self._logprob(rows, answer, typed, guide)) for guide in guides]

    def _write(self, tokens: list[int], typed: bytes, known: Known | None) -> str:
        made: list[str] = []
        done: queue.Queue[Exception | None] = queue.Queue()
        self.scheduler.submit(
            Job(
                tokens,
                lambda piece: made.append(piece.text),
                done.put,
                typed=typed,
                known=known,
                owner="bench",
                max_tokens=MOST_TOKENS,
                stop=("\n",),
            )
        )
        if error := done.get():
            raise error
        return "".join(made)

    def _rows(self, prompt: list[int], answer: list[int]) -> list[np.ndarray]:
        """Logits before each token of the answer, in a sequence that begins as the last request did."""
        backend, cache = self.backend, self.scheduler.cache
        sequence, ids, rows = backend.sequences + backend.branches - 1, prompt + answer, []
        slot, known = cache.acquire("bench", prompt)
        backend.copy(slot.id, sequence, known)
        cache.release(slot)
        for start in range(known, len(ids), backend.batch_size):
            part = ids[start : start + backend.batch_size]
            wanted = [len(prompt) <= start + i + 1 < len(ids) for i in range(len(part))]
            backend.decode(part, range(start, start + len(part)), [sequence] * len(part), wanted)
            rows += [backend.logits(i).copy() for i in range(len(part)) if wanted[i]]
        backend.trim(sequence, 0)
        return rows

    def _logprob(self, rows: list[np.ndarray], answer: list[int], typed: bytes, known: Known | None) -> float:
        choices, text, total = self.choices.guided(known), known.before if known else b"", 0.0
        for row, token in zip(rows, answer, strict=True):
            row, tokens = choices.at(row, text, typed)
            logits = row.astype(np.float64)
            top = logits.max()
            [at] = np.flatnonzero(tokens == token)
            total += float(logits[at] - top - np.log(np.exp(logits - top).sum()))
            piece = self.backend.piece(token)
            text, typed = text + piece, typed[len(piece) :]
        return total


def stubs(hole: Hole, room: int) -> tuple[Snippet, ...]:
    """The receiver's class as a snippet, cut to `room` characters."""
    text = hole.stub[: max(0, room - len(hole.stub_path) - 1)]
    text = text if text == hole.stub else text[: text.rfind("\n") + 1]
    return (Snippet(hole.stub_path, text),) if text else ()


def summary(outcomes: list[Outcome]) -> str:
    name, line = (
        statistics.mean(getattr(outcome, field) for outcome in outcomes) for field in ("name", "line")
    )
    finite = [max(outcome.logprob, -60.0) for outcome in outcomes]  # a hard mask makes some impossible
    return f"name {name:6.1%}   rest of line {line:6.1%}   log-probability {statistics.mean(finite):7.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=bundled())
    parser.add_argument("--wheels", type=Path, default=WHEELS, help="folder of one folder a package")
    parser.add_argument("--holes", type=int, default=240, help="of each kind, half of them to choose on")
    parser.add_argument("--kinds", default="other file,line,own file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", type=int, default=0)
    arguments = parser.parse_args()
    projects = [Project("nearside", ours())]
    for package in PACKAGES:
        if wheel := next((arguments.wheels / package).glob("*.whl"), None):
            projects.append(Project(package, from_wheel(wheel)))
    bench, chance = Bench(arguments.model, arguments.threads), Random(7)
    room, begun, cpu = budget(bench.context, 64), time.monotonic(), time.process_time()
    print(f"{bench.backend.description.name}, {', '.join(project.name for project in projects)}; stubs of "
          f"{room} characters at most; the default bonus is {BONUS}")  # fmt: skip
    for kind in arguments.kinds.split(","):
        each = -(-3 * arguments.holes // len(projects))
        found = [hole for project in projects for hole in holes(project, kind, Random(5), each)]
        found = chance.sample(found, min(arguments.holes, len(found)))
        known = statistics.mean(hole.known for hole in found)
        listed = statistics.mean(sum(len(names) for _, names in hole.members) for hole in found)
        print(f"{kind}: {len(found)} holes, the name is listed in {known:.0%}, {listed:.0f} names a request")
        half = len(found) // 2
        for part, chosen, ways in (
            ("to choose on", found[:half], WAYS),
            ("to report", found[half:], (*WAYS[:2], Way())),
        ):
            for label, snippets in (("without stubs", False), ("with stubs", True)):
                shown = [stubs(hole, room) if snippets else () for hole in chosen]
                rows = [bench.measure(*pair, ways) for pair in zip(chosen, shown, strict=True)]
                for at, way in enumerate(ways):
                    print(f"  {part}, {label}, {way.label}: {summary([row[at] for row in rows])}", flush=True)
                for hole, row in list(zip(chosen, rows, strict=True))[: arguments.show]:
                    print(f"{hole.path}: {hole.prefix[-40:]!r} wants {hole.expected!r}, listed: {hole.known}")
                    for way, outcome in zip(ways, row, strict=True):
                        print(f"    {way.label} {outcome.logprob:7.2f} {outcome.text!r}")
    print(f"{time.monotonic() - begun:.0f} s, {time.process_time() - cpu:.0f} CPU s")


if __name__ == "__main__":
    main()
