"""What the index does to the bundled model's completions: the same holes with and without it.

`python -m benchmarks.context` takes invented APIs, which exist nowhere else (invented.py), and packages the
model was not trained on (wheels in `--wheels`, and our own modules). Each hole is a name of another file and
the rest of its line. It is asked five times: nothing but the file, with signature stubs of the graph, with
the members of receivers for guided decoding, with both, which is what is shipped. `blind` is both with a
constant bonus for all members, without what the line and their signatures say (inference/names.py). The
weights of these were fitted on other uses in `FITTED` and on other invented projects.

Other holes of the same files show whether the index does harm. Similar code by words and vectors is left out
here: on the real sets it shows the definition of what is used in a tenth of the cases (benchmarks/retrieval).
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.context_holes import Hole, invented, modules, real
from benchmarks.context_index import Index, Shown, listed, stubbed
from benchmarks.guide import PACKAGES, WHEELS, Bench, Way
from benchmarks.invented import invent
from benchmarks.members import from_wheel
from inference.guide import BONUS
from inference.models import bundled
from inference.types import FimPrompt
from retrieval.context import budget

WAYS = ("nothing", "stubs", "members", "both, blind", "both")
BLIND = Way(8.0, informed=False)
"""The bonus that is best where nothing tells members apart (guide.py)."""
FITTED = ("astroid", "paramiko", "rope", "nearside")
HOLES, QUICK = 40, 10
"""Cross-file holes of a project; there are as many others."""
INVENTED, INVENTED_QUICK = 8, 2
"""Invented projects of a language, with about 60 holes each, of which `HOLES` are taken."""
LOWEST = -60.0
"""Nats; what a guide makes all but impossible counts no less."""
MEASURED = {"name": "identifier", "line": "rest of line", "logprob": "log-probability"}
Figures = dict[str, tuple[float, float]]
"""Means and standard errors by what is measured and how: `name, both`, `line, stubs, gain`."""


@dataclass(frozen=True)
class Outcome:
    """What one way made of one hole."""

    name: bool
    line: bool
    logprob: float
    """Of the true rest of the line, in nats."""
    known: bool
    """Whether the name that was written is a member of the receiver."""
    text: str


@dataclass(frozen=True)
class Row:
    """One hole, and what each way made of it."""

    hole: Hole
    listed: bool
    stubbed: bool
    outcomes: tuple[Outcome, ...]


def measure(bench: Bench, hole: Hole, shown: Shown, bonus: float, ways: Sequence[str] = WAYS) -> Row:
    """Ask for one hole in some ways."""
    off, guided = Way(0.0), Way(bonus)
    by_way: dict[str, Outcome] = {}
    for snippets, asked in (
        ((), {"nothing": off, "members": guided}),
        (shown.snippets, {"stubs": off, "both, blind": BLIND, "both": guided}),
    ):
        prompt = FimPrompt(hole.prefix, hole.suffix, hole.path, hole.project, snippets, shown.members)
        asked = {way: how for way, how in asked.items() if way in ways}
        answers = bench.ask(prompt, hole.expected, [*asked.values()])
        for way, (text, logprob) in zip(asked, answers, strict=True):
            name = _first(text)
            known = bool(name) and listed(hole, shown, name)
            right, line = name == hole.name, text == hole.expected
            by_way[way] = Outcome(right, line, max(logprob, LOWEST), known, text)
    return Row(hole, listed(hole, shown), stubbed(hole, shown), tuple(by_way[way] for way in ways))


def _first(text: str) -> str:
    """The name a text begins with; empty if it begins with something else."""
    end = next((at for at, sign in enumerate(text) if not (sign.isalnum() or sign == "_")), len(text))
    return text[:end]


def groups(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by what is reported of them together."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        hole = row.hole
        if hole.kind == "invented":
            found.setdefault(f"invented, {hole.language}", []).append(row)
            continue
        real = "real, fitted on" if hole.project in FITTED else "real"
        if hole.kind == "other":
            found.setdefault(f"{real}, other holes", []).append(row)
            continue
        found.setdefault(f"{real}, cross-file", []).append(row)
        found.setdefault(f"{real}, {hole.kind}", []).append(row)
        if not row.listed and hole.kind == "member":
            found.setdefault(f"{real}, member not listed", []).append(row)
    return {name: found[name] for name in sorted(found)}


def figures(rows: Sequence[Row]) -> Figures:
    """Means with their standard errors, and what each way gains over nothing, hole by hole."""
    made = {
        "holes": (float(len(rows)), 0.0),
        "listed": _mean([row.listed for row in rows]),
        "in stubs": _mean([row.stubbed for row in rows]),
    }
    for measured in MEASURED:
        values = [[float(getattr(outcome, measured)) for outcome in row.outcomes] for row in rows]
        for at, way in enumerate(WAYS):
            made[f"{measured}, {way}"] = _mean([value[at] for value in values])
            made[f"{measured}, {way}, gain"] = _mean([value[at] - value[0] for value in values])
    return made


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error."""
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return statistics.mean(values), error


def tables(found: dict[str, Figures]) -> str:
    """The figures for people; shares in percent."""
    lines = []
    for measured, title in MEASURED.items():
        unit = 1 if measured == "logprob" else 100
        lines.append(f"| {title} | holes | {' | '.join(WAYS)} | both less nothing (95 %) | times |")
        lines.append("|---" * (len(WAYS) + 4) + "|")
        for name, its in found.items():
            pairs = [its[f"{measured}, {way}"] for way in WAYS]
            cells = [f"{unit * mean:.1f} ± {unit * error:.1f}" for mean, error in pairs]
            gain, error = its[f"{measured}, both, gain"]
            cells.append(f"{unit * gain:+.1f} ± {1.96 * unit * error:.1f}")
            without, both = pairs[0][0], pairs[-1][0]
            cells.append("" if unit == 1 else f"{both / without:.1f}" if without else "all from none")
            lines.append(f"| {name} | {its['holes'][0]:.0f} | {' | '.join(cells)} |")
        lines.append("")
    known = (f"{name} {its['listed'][0]:.0%} / {its['in stubs'][0]:.0%}" for name, its in found.items())
    return "\n".join([*lines, f"The name is a listed member / in the stubs: {', '.join(known)}."])


def projects(arguments: argparse.Namespace) -> list[tuple[dict[str, str], list[Hole]]]:
    """Texts and holes of each project."""
    made: list[tuple[dict[str, str], list[Hole]]] = []
    each = arguments.holes or (QUICK if arguments.quick else HOLES)
    for language in ("python", "typescript"):
        for seed in range(INVENTED_QUICK if arguments.quick else INVENTED):
            project = invent(seed, language)
            holes = invented(project)
            made.append((project.texts, Random(seed).sample(holes, min(each, len(holes)))))
    texts = {"nearside": modules()}
    for package in PACKAGES:
        if wheel := next((arguments.wheels / package).glob("*.whl"), None):
            texts[package] = from_wheel(wheel)
        else:
            print(f"{package} is left out: {arguments.wheels / package} has no wheel of it", file=sys.stderr)
    return made + [(files, real(name, files, each, Random(5))) for name, files in texts.items()]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.context",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, default=bundled())
    parser.add_argument("--wheels", type=Path, default=WHEELS, help="folder of one folder a package")
    parser.add_argument("--holes", type=int, help=f"of a project; default {HOLES}, {QUICK} if quick")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--budget", type=int, help="characters for stubs; default: by the model's context")
    parser.add_argument("--bonus", type=float, default=BONUS, help="nats; default: %(default)s")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="print so many prompts' context and answers")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, too")
    arguments = parser.parse_args()
    bench = Bench(arguments.model, arguments.threads)
    room = budget(bench.context, 64) if arguments.budget is None else arguments.budget
    begun, cpu = time.monotonic(), time.process_time()
    rows: list[Row] = []
    lengths: list[int] = []
    for texts, holes in projects(arguments):
        index = Index(texts)
        for hole in holes:
            shown = index.shown(hole, room)
            rows.append(measure(bench, hole, shown, arguments.bonus))
            lengths.append(sum(len(snippet.text) for snippet in shown.snippets))
            if len(rows) <= arguments.show:
                _show(rows[-1], shown)
        if holes:
            took = time.monotonic() - begun
            print(f"{holes[0].project}: {len(holes)} holes; {took:.0f} s so far", file=sys.stderr, flush=True)
    found = {name: figures(some) for name, some in groups(rows).items()}
    print(
        f"{bench.backend.description.name}, a context of {bench.context} tokens, {room} characters of it for "
        f"stubs at most, {statistics.mean(lengths):.0f} on average, a bonus of {arguments.bonus:g} nats\n"
    )
    print(tables(found))
    print(f"{time.monotonic() - begun:.0f} s, {time.process_time() - cpu:.0f} CPU s", file=sys.stderr)
    if arguments.json:
        print(json.dumps(found))


def _show(row: Row, shown: Shown) -> None:
    print(f"--- {row.hole.path} after {row.hole.prefix[-60:]!r} wants {row.hole.expected!r}")
    for snippet in shown.snippets:
        print(f"{snippet.path}\n{snippet.text}")
    for receiver, names in shown.members:
        print(f"{receiver}: {' '.join(names)}")
    for way, outcome in zip(WAYS, row.outcomes, strict=True):
        print(f"  {way}: {outcome.logprob:.2f} {outcome.text!r}")


if __name__ == "__main__":
    main()
