"""Fit the ranker of the symbol graph: boosted trees over the features of candidates, written as a table.

    python -m training.ranker --more FOLDER     the benchmark's dev packages, and the Python ones in FOLDER

The cursors are those of benchmarks.retrieval; its test packages are left out, wherever they are found. Each
cursor is a group with one right answer: trees are fitted to the softmax over a cursor's candidates.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.retrieval.__main__ import queries
from benchmarks.retrieval.golds import Query, query
from benchmarks.retrieval.index import Index, build, text_of
from benchmarks.retrieval.packages import Unavailable, listed, sources
from benchmarks.retrieval.peers import golds_by_jedi
from retrieval.graph import Cursor
from retrieval.graph.candidates import Gathering
from retrieval.graph.context import look_around
from retrieval.graph.features import FEATURES, rows
from retrieval.words import WORD
from syntax.extract import facts

TABLE = Path(__file__).resolve().parent.parent / "retrieval" / "graph" / "weights.py"
CURSORS = 60
"""Of one package, at most."""
PER_FILE = 4
HELD_OUT = 6
"""Every so many packages one is kept to say how good the trees are."""
DEPTH, TREES, RATE = 4, 90, 0.15
L2, LEAST = 3.0, 0.5
"""Regularisation of a leaf, and the least curvature one stands on."""
BINS = 32
SHARE = 0.7
"""Share of the features that one level of a tree may look at."""
OTHERS = 0.5
"""Share of the wrong candidates that are learned from."""


@dataclass
class Group:
    """One cursor's candidates."""

    kind: str
    held_out: bool
    table: np.ndarray
    right: np.ndarray


def cursors(asked: list[Query]) -> Iterator[tuple[str, Query, str, str]]:
    """Yield each cursor as it is, without the import, and at the end of its file."""
    for at in asked:
        yield f"{at.language}, import there", at, at.prefix, at.suffix
        if at.without is not None:
            yield f"{at.language}, import removed", at, at.without, at.suffix
        yield f"{at.language}, nothing below", at, at.prefix, "\n"


def groups(index: Index, asked: list[Query], held_out: bool) -> Iterator[Group]:
    graph = index.graph
    for kind, at, prefix, suffix in cursors(asked):
        path, text = at.gold.path, prefix + suffix
        graph.put(path, facts(text, at.language), words=frozenset(WORD.findall(text)))
        gathering = Gathering(
            graph.resolver, graph.imports, look_around(Cursor(path, at.language, prefix, suffix, text)),
            graph.files[path],
        )  # fmt: skip
        gathering.gather()
        places, table = rows(gathering, graph.words)
        graph.put(path, index.facts[path], words=index.words[path])
        gold = at.gold
        right = [
            place.path == gold.gold_path
            and place.symbol.name == gold.name
            and place.symbol.first <= gold.gold_line <= place.symbol.last
            for place in places
        ]
        yield Group(kind, held_out, table, np.array(right, dtype=bool))


def packages(more: list[Path]) -> Iterator[tuple[Path, str, list[Query]]]:
    """Yield folder, language and cursors of each package."""
    for one in listed("dev"):
        try:
            root = sources(one)
            yield root, one.language, queries(one, root, CURSORS)
        except Unavailable as error:
            print(error, file=sys.stderr)
    tested = {one.name for one in listed("test")}
    for folder in more:
        for root in sorted(folder.iterdir()):
            if root.is_dir() and root.name not in tested:
                try:
                    found = golds_by_jedi(root, CURSORS, PER_FILE, 1)
                except Unavailable as error:
                    print(error, file=sys.stderr)
                    continue
                read = {gold.path for gold in found} | {gold.gold_path for gold in found}
                texts = {path: text_of(root / path) for path in read}
                yield root, "python", [query(root.name, "python", gold, texts.__getitem__) for gold in found]


class Trees:
    """Complete trees: of each its nodes' features and thresholds, level by level, and its leaves."""

    def __init__(self) -> None:
        self.trees: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def scores(self, table: np.ndarray) -> np.ndarray:
        found, row = np.zeros(len(table)), np.arange(len(table))
        for feature, threshold, leaf in self.trees:
            at = np.zeros(len(table), dtype=np.intp)
            for _ in range(DEPTH):
                at = 2 * at + 1 + (table[row, feature[at]] > threshold[at])
            found += leaf[at - (2**DEPTH - 1)]
        return found

    def fit(self, table: np.ndarray, right: np.ndarray, group: np.ndarray, weight: np.ndarray) -> None:
        """Add TREES trees. `group` numbers the rows' cursors from 0, `weight` has one number for each."""
        chance = np.random.default_rng(0)
        edges = [_edges(table[:, column]) for column in range(table.shape[1])]
        bins = np.stack(
            [np.searchsorted(edge, table[:, column], side="left") for column, edge in enumerate(edges)]
        ).astype(np.uint8)
        score = np.zeros(len(table))
        count = len(weight)
        for number in range(TREES):
            most = np.full(count, -np.inf)
            np.maximum.at(most, group, score)
            power = np.exp(score - most[group])
            share = power / np.bincount(group, power, count)[group]
            slope = (share - right) * weight[group]
            curve = np.maximum(share * (1 - share), 1e-6) * weight[group]
            node, tree = self._grow(bins, edges, slope, curve, chance)
            score += tree[2][node]
            self.trees.append(tree)
            if number % 10 == 9:
                chosen = np.log(np.maximum(share[right], 1e-9)).mean()
                print(f"{number + 1} trees, log-likelihood {chosen:.3f}", file=sys.stderr)

    def _grow(self, bins, edges, slope, curve, chance):
        node = np.zeros(bins.shape[1], dtype=np.int64)
        feature = np.zeros(2**DEPTH - 1, dtype=np.intp)
        threshold = np.full(2**DEPTH - 1, np.inf, dtype=np.float32)
        for depth in range(DEPTH):
            count = 2**depth
            best, cut = np.full(count, 1e-3), np.full(count, 255)
            chosen = np.zeros(count, dtype=np.intp)
            for column in chance.permutation(len(edges))[: int(len(edges) * SHARE)]:
                size = len(edges[column]) + 1
                key = node * size + bins[column]
                slopes = np.bincount(key, slope, count * size).reshape(count, size).cumsum(1)
                curves = np.bincount(key, curve, count * size).reshape(count, size).cumsum(1)
                whole, total = slopes[:, -1:], curves[:, -1:]
                gain = (
                    slopes**2 / (curves + L2) + (whole - slopes) ** 2 / (total - curves + L2)
                    - whole**2 / (total + L2)
                )  # fmt: skip
                gain[(curves < LEAST) | (total - curves < LEAST)] = -1
                if size == 1:
                    continue
                at = gain[:, :-1].argmax(1)
                worth = gain[np.arange(count), at]
                better = worth > best
                best[better], chosen[better], cut[better] = worth[better], column, at[better]
            right = np.zeros(len(node), dtype=bool)
            for at in range(count):
                if cut[at] < 255:
                    here = node == at
                    right[here] = bins[chosen[at]][here] > cut[at]
                    feature[count - 1 + at] = chosen[at]
                    threshold[count - 1 + at] = edges[chosen[at]][cut[at]]
            node = node * 2 + right
        slopes = np.bincount(node, slope, 2**DEPTH)
        curves = np.bincount(node, curve, 2**DEPTH)
        return node, (feature, threshold, -RATE * slopes / (curves + L2))

    def written(self) -> str:
        """Return the table as retrieval/graph/trees.py reads it."""
        used = sorted({int(at) for feature, _, _ in self.trees for at in feature})
        number = {at: index for index, at in enumerate(used)}
        lines: list[str] = []
        for feature, threshold, leaf in self.trees:
            numbers = [str(number[int(at)]) for at in feature]
            numbers += [f"{value:.4g}" if np.isfinite(value) else "9e8" for value in threshold]
            numbers += [f"{value:.3g}" for value in leaf]
            lines += textwrap.wrap(" ".join(numbers), 108)
        names = textwrap.wrap(" ".join(f'"{FEATURES[at]}",' for at in used), 100)
        return (
            '"""The table of the fitted ranker, written by training/ranker.py; trees.py reads it."""\n\n'
            f"DEPTH = {DEPTH}\nNAMES = (\n    " + "\n    ".join(names) + "\n)  # fmt: skip\n"
            'TREES = """\n' + "\n".join(lines) + '\n"""\n'
        )


def _edges(values: np.ndarray) -> np.ndarray:
    """Return where a feature may be cut: between its values, or at quantiles where it has many."""
    known = np.unique(values)
    if len(known) <= BINS:
        return ((known[1:] + known[:-1]) / 2).astype(np.float32)
    positive = values[values > 0]
    return np.unique(np.r_[0.0, np.quantile(positive, np.linspace(0, 1, BINS))[:-1]]).astype(np.float32)


def report(found: list[Group], trees: Trees) -> None:
    ranks: dict[str, list[float]] = {}
    for one in found:
        rank = np.inf
        if one.right.any():
            scores = trees.scores(one.table)
            rank = float((scores > scores[one.right].max()).sum())
        ranks.setdefault(one.kind, []).append(rank)
    for kind, listed_ranks in sorted(ranks.items()):
        below = {k: np.mean(np.array(listed_ranks) < k) for k in (1, 5, 10, 20, 50)}
        shares = " ".join(f"R@{k} {100 * share:.1f}" for k, share in below.items())
        print(f"{kind}: {len(listed_ranks)} held out, {shares}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.ranker", description=__doc__)
    parser.add_argument("--more", type=Path, action="append", default=[], help="a folder of Python packages")
    parser.add_argument("--dry", action="store_true", help="do not write the table")
    arguments = parser.parse_args()
    found: list[Group] = []
    for number, (root, language, asked) in enumerate(packages(arguments.more)):
        index = build(root, language, None, chunks=False)
        found += groups(index, asked, number % HELD_OUT == HELD_OUT - 1)
        print(f"{root.name}: {len(asked)} cursors", file=sys.stderr)
    chance = np.random.default_rng(0)
    learned = [one for one in found if not one.held_out and one.right.any()]
    tables, rights, numbers = [], [], []
    for number, one in enumerate(learned):
        kept = one.right | (chance.random(len(one.right)) < OTHERS)
        tables.append(one.table[kept])
        rights.append(one.right[kept] / one.right.sum())
        numbers.append(np.full(int(kept.sum()), number))
    languages = [one.kind.partition(",")[0] for one in learned]
    # Other languages have fewer packages here and count as much together as they are used.
    weight = np.array([(len(languages) / languages.count(name)) ** 0.5 for name in languages])
    trees = Trees()
    trees.fit(np.concatenate(tables), np.concatenate(rights), np.concatenate(numbers), weight / weight.mean())
    report([one for one in found if one.held_out], trees)
    if not arguments.dry:
        TABLE.write_text(trees.written(), "utf-8")
        print(f"{TABLE}: {len(trees.trees)} trees, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
