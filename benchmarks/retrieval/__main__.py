"""python -m benchmarks.retrieval: see the package's own words, and --help."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import benchmarks.retrieval as package
from benchmarks.retrieval import functions, named, peers
from benchmarks.retrieval.beside_aider import beside
from benchmarks.retrieval.golds import Gold, Query, query
from benchmarks.retrieval.index import Index, build, files, text_of
from benchmarks.retrieval.methods import BUDGETS, METHODS, Answer, Times, answers
from benchmarks.retrieval.packages import SUFFIXES, Package, Unavailable, listed, sources
from benchmarks.retrieval.scoring import figures, mean, quantile, rank_of, table
from retrieval.embedders import embedder_for

CURSORS, QUICK, PER_FILE = 120, 25, 3
"""Cursors of a package, at most; and of one file."""
SEED = 17


def golds(of: Package, root: Path, wanted: int) -> list[Gold]:
    if of.language == "python":
        return peers.golds_by_jedi(root, wanted, PER_FILE, SEED)
    texts = {path: text_of(root / path) for path in files(root, of.language)}
    return named.golds(texts, of.language, wanted, PER_FILE, SEED)


def queries(of: Package, root: Path, wanted: int) -> list[Query]:
    found = [
        query(root.name, of.language, gold, lambda path: text_of(root / path))
        for gold in golds(of, root, wanted)
    ]
    return [one for one in found if one.gold.name in one.head]


def rows(answered: list[dict[str, Answer]], only: list[str]) -> dict[str, dict[str, tuple[float, float]]]:
    """Return the figures of each method, over the queries it answered."""
    found = {}
    for name in only:
        its = [one[name] for one in answered if name in one]
        if its:
            ranked = any(one.ranked for one in its)
            found[name] = figures([rank_of(one.ranked) for one in its]) if ranked else {}
            for number, budget in enumerate(BUDGETS):
                found[name][f"in {budget // 1000}k"] = mean([one.present[number] for one in its])
    return found


def used_below(at: Query) -> bool:
    """Tell whether the suffix gives the name away, as it does in code that was complete before the hole."""
    return bool(re.search(rf"(?<![\w$]){re.escape(at.gold.name)}(?![\w$])", at.suffix))


def milliseconds(times: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the median and the 95th percentile of wall time, and the median of CPU time of all threads."""
    wall, busy = [one for one, _ in times], [one for _, one in times]
    return 1000 * quantile(wall, 0.5), 1000 * quantile(wall, 0.95), 1000 * quantile(busy, 0.5)


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    only = arguments.only or [*METHODS]
    chunks = bool({"words", "vectors", "shipped"} & {*only})
    embedder = embedder_for("minilm") if {"vectors", "shipped"} & {*only} else None
    wanted = arguments.cursors or (QUICK if arguments.quick else CURSORS)
    chosen = [
        one
        for one in listed("dev" if arguments.dev else "test")
        if not arguments.language or one.language in arguments.language
    ]
    times = Times()
    with_import, without = defaultdict(list), defaultdict(list)
    by_kind: dict[tuple[str, str], list[dict[str, Answer]]] = defaultdict(list)
    asides: dict[str, list[dict[str, Answer]]] = defaultdict(list)
    used, report = [], {}
    for one in chosen:
        try:
            root = sources(one, arguments.packages)
            asked = queries(one, root, wanted)
        except Unavailable as error:
            print(error, file=sys.stderr)
            continue
        begun = time.monotonic()
        index: Index = build(root, one.language, embedder, chunks=chunks)
        for at in asked:
            prefix = at.prefix
            found = answers(index, at, prefix, embedder, only, times)
            with_import[one.language].append(found)
            by_kind[one.language, at.gold.kind].append(found)
            below = "name below the cursor, too" if used_below(at) else "name nowhere below"
            by_kind[one.language, below].append(found)
            if at.without is not None:
                without[one.language].append(answers(index, at, at.without, embedder, only, times))
        stages = ", ".join(f"{name} {value:.1f}" for name, value in index.seconds.items())
        took = time.monotonic() - begun
        print(f"{root.name}: {len(asked)} cursors, {took:.0f} s; CPU seconds {stages}", file=sys.stderr)
        used.append(f"{root.name} ({len(asked)})")
        if arguments.aider:
            try:
                some = asked[: arguments.aider]
                theirs = beside(index, one.language, some)
                mine = with_import[one.language][-len(asked) :][: len(some)] if asked else []
                asides[one.language] += [{**b, **a} for a, b in zip(mine, theirs, strict=True)]
            except Unavailable as error:
                print(error, file=sys.stderr)
    which = "development" if arguments.dev else "test"
    print(f"## Cursor to definition, {which} packages\n\n{', '.join(used)}\n")
    for language in SUFFIXES:
        for title, some in (("import there", with_import[language]), ("import removed", without[language])):
            if some:
                found = rows(some, only)
                print(table(f"{language}, {title}: {len(some)} cursors", found))
                report[f"{language}, {title}"] = {"cursors": len(some), **found}
        if kinds := {kind: some for (of, kind), some in by_kind.items() if of == language}:
            name = "graph" if "graph" in only else only[0]
            split = {
                f"{kind} ({len(some)})": rows(some, [name])[name] for kind, some in sorted(kinds.items())
            }
            print(table(f"{language}, {name}, by what the gold is", split))
        if asides[language]:
            found = rows(asides[language], [*only, "aider"])
            print(table(f"{language}, beside aider's map: {len(asides[language])} cursors", found, AIDER))
            report[f"{language}, beside aider"] = {"cursors": len(asides[language]), **found}
    if not arguments.only or arguments.functions:
        report |= functions.measure(arguments, embedder or embedder_for("minilm"), times)
    print("### Milliseconds a query\n\n| | p50 | p95 | CPU p50 |\n|---|---|---|---|")
    latencies = {name: milliseconds(some) for name, some in times.seconds.items()}
    for name, some in latencies.items():
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in some)} |")
    report["milliseconds"] = latencies
    return report


AIDER = (
    "aider has a map for each budget (its token counted as four characters) and no ranks; it reads the whole "
    "file at the cursor, the use that is asked for included, which the others do not see."
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval",
        description=package.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dev", action="store_true", help="the packages for choosing constants")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} cursors a package, not {CURSORS}")
    parser.add_argument("--cursors", type=int, help="cursors a package, at most")
    parser.add_argument(
        "--only", action="append", choices=METHODS, help="a method; may be given several times"
    )
    parser.add_argument("--language", action="append", choices=[*SUFFIXES], help="may be given several times")
    parser.add_argument("--functions", action="store_true", help="docstring to function, too, with --only")
    parser.add_argument(
        "--aider", type=int, help="cursors a package that aider is asked for (default 15; 5 if quick)"
    )
    parser.add_argument("--packages", type=Path, help="a folder with packages already there")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, too")
    arguments = parser.parse_args()
    if arguments.aider is None:
        arguments.aider = 0 if arguments.only else 5 if arguments.quick else 15
    report = measure(arguments)
    if arguments.json:
        print(json.dumps(report))


if __name__ == "__main__":
    main()
