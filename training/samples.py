"""Training samples made on the fly: files with a hole, in the very layout that inference sends.

A sample is a list of parts, text or special token. Parts are encoded one by one and joined, as the prompt is.
A middle that goes on from its prefix is encoded with it: the engine takes the unfinished word of a prompt
back and lets the model write it again (inference/healing.py), so the model need not know words cut in two.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

import numpy as np

from training import holes, tokenizer
from training.corpus import DATA
from training.special import END, FILE, MIDDLE, PREFIX, REPO, SUFFIX

Part = int | str
CHARACTERS_PER_TOKEN = 3.0
MIDDLE_WEIGHT, END_WEIGHT = 2.0, 4.0
"""The tokens a completion consists of are few, and its end is one token; all others weigh 1."""
LANGUAGE_SHARE = {"python": 0.75, "typescript": 0.075, "javascript": 0.075, "lua": 0.10}
DEFINITION = {
    "python": re.compile(r"^[ ]*(?:async )?(?:def|class) (\w+)", re.M),
    "javascript": re.compile(
        r"^(?:export )?(?:default )?(?:async )?(?:function\*?|class|const|interface|type|enum) (\w+)", re.M
    ),
    "lua": re.compile(r"^(?:local )?function (?:[\w]+[.:])*(\w+)", re.M),
}
DEFINITION["typescript"] = DEFINITION["javascript"]
WORD = re.compile(r"[A-Za-z_]\w{2,}")


class Middle(str):
    """The part of a sample that a completion would have to write."""


@dataclass
class Source:
    package: str
    language: str
    path: str
    licence: str
    text: str
    lines: holes.Lines = field(init=False)

    def __post_init__(self) -> None:
        self.lines = holes.Lines(self.text)


def stub(source: Source, offset: int, most: int = 8) -> str:
    """The definition at `offset` down to its signature's end; of a class, the heads of its methods too."""
    number = source.lines.at(offset)
    first, depth, picked = number, 0, []
    while number < len(source.lines.starts) and number - first < most:
        start, end = source.lines.span(number)
        line = source.text[start:end]
        picked.append(line)
        depth += sum(line.count(c) for c in "([") - sum(line.count(c) for c in ")]")
        number += 1
        if depth <= 0:
            break
    if re.match(r"\s*class ", picked[0]):
        inner = re.compile(
            r"[ \t]+(?:async |static |get )?(?:def )?\w+(?:\(.*[:{]$|: [\w\[\]|, .]+( = .*)?$)"
        )
        for follow in range(number, min(number + 60, len(source.lines.starts))):
            start, end = source.lines.span(follow)
            if end > start and source.text[start] not in " \t}":
                break
            if inner.match(source.text[start:end]):
                picked.append(source.text[start:end])
            if len(picked) >= 2 * most:
                break
    return "\n".join(picked)


class Library:
    """The files of one split, and where each package defines its names."""

    def __init__(self, held_out: bool = False) -> None:
        self.files: list[Source] = []
        self.by_package: dict[str, list[int]] = defaultdict(list)
        self.defined: dict[str, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        self.chosen: list[int] = []
        with (DATA / "corpus.jsonl").open() as lines:
            for line in lines:
                row = json.loads(line)
                index = len(self.files)
                source = Source(row["package"], row["language"], row["path"], row["licence"], row["text"])
                self.files.append(source)
                # Context may come from training files for a held-out hole, as a project's other files would.
                self.by_package[source.package].append(index)
                if row["held_out"] == held_out:
                    self.chosen.append(index)
                for found in DEFINITION[source.language].finditer(source.text):
                    if not row["held_out"] or held_out:
                        self.defined[source.package][found[1]].append((index, found.start()))
        size: dict[str, int] = defaultdict(int)
        for index in self.chosen:
            size[self.files[index].language] += len(self.files[index].text)
        weights = [
            LANGUAGE_SHARE[s.language] * len(s.text) / size[s.language]
            for s in (self.files[i] for i in self.chosen)
        ]
        self.cumulative = list(accumulate(weights))

    def pick(self, chance: Random) -> int:
        return chance.choices(self.chosen, cum_weights=self.cumulative)[0]

    def context(self, index: int, start: int, end: int, budget: int, chance: Random) -> list[Part]:
        """Definitions from the package's other files: of names in and near the hole, some that mislead."""
        source = self.files[index]
        defined = self.defined[source.package]
        near = source.text[max(0, start - 300) : start] + source.text[end : end + 200]
        wanted = [w for w in dict.fromkeys(WORD.findall(source.text[start:end])) if w in defined]
        around = [w for w in dict.fromkeys(WORD.findall(near)) if w in defined and w not in wanted]
        chance.shuffle(around)
        names = wanted[:3] + around[: chance.randint(0, 3)]
        if defined and chance.random() < 0.7:
            names += chance.choices(list(defined), k=chance.randint(1, 3))
        chunks = []
        for name in names:
            places = [place for place in defined[name] if place[0] != index]
            if places:
                where, offset = chance.choice(places)
                chunks.append((self.files[where].path, stub(self.files[where], offset)))
        chance.shuffle(chunks)
        parts: list[Part] = []
        for path, text in chunks:
            budget -= len(path) + len(text)
            if budget < 0:
                break
            parts += [FILE, f"{path}\n{text}\n"]
        return parts

    def fim(self, index: int, budget: int, chance: Random, kind: str | None = None) -> dict[str, object]:
        """A hole with everything round it, at most about `budget` characters."""
        source = self.files[index]
        text, lines = source.text, source.lines
        found, start, end = holes.choose(lines, source.language, chance, kind)
        first = lines.at(end)
        count = 0 if chance.random() < 0.12 else chance.choice((1, 2, 3, 4, 6, 8, 12, 16))
        room = max(0, budget - (end - start))
        stop = lines.starts[min(first + count + 1, len(lines.starts) - 1)] if count else end
        suffix = text[end : max(stop, end)]
        if len(suffix) > room * 0.4:  # whole lines only, as inference sends them
            suffix = suffix[: max(0, suffix.rfind("\n", 0, int(room * 0.4)))]
        if not count and found == "node":  # the closing bracket is always there
            suffix = text[end : lines.span(first)[1]]
        room -= len(suffix)
        context: list[Part] = []
        if chance.random() < 0.4:
            context = self.context(index, start, end, int(room * 0.5), chance)
            room -= sum(len(p) for p in context if isinstance(p, str))
        begin = max(0, start - max(room, 80))
        if begin and chance.random() < 0.85:
            line = lines.at(begin)
            begin = min(lines.starts[min(line + 1, len(lines.starts) - 1)], lines.span(lines.at(start))[0])
        return {
            "kind": found, "context": context, "prefix": text[begin:start], "suffix": suffix,
            "middle": text[start:end], "package": source.package, "path": source.path, "start": start,
            "prose": lines.is_prose(lines.at(start), source.language),
        }  # fmt: skip


def header(package: str, path: str, context: list[Part], chance: Random) -> list[Part]:
    if not context and chance.random() < 0.15:
        return []
    return [REPO, f"{package}\n", *context, FILE, f"{path}\n"]


def arrange(hole: dict[str, object], suffix_first: bool, chance: Random) -> list[Part]:
    head = header(str(hole["package"]), str(hole["path"]), hole["context"], chance)  # type: ignore[arg-type]
    """Suffix first, the middle goes on from the prefix with no marker between.

    A small model then writes a completion as it writes any text, and what was accepted stays in the KV cache.
    With a marker between, the first token of a completion cost twice as many nats as the others.
    """
    prefix, suffix = [PREFIX, str(hole["prefix"])], [SUFFIX, str(hole["suffix"])]
    middle = [Middle(hole["middle"]), END]
    if suffix_first:
        return [*head, *suffix, *prefix, *middle]
    return [*head, *prefix, *suffix, MIDDLE, *middle]


def plain(library: Library, tokens: int, chance: Random) -> list[Part]:
    """A stretch of a file without a hole."""
    source = library.files[library.pick(chance)]
    size = int(tokens * CHARACTERS_PER_TOKEN * 1.5)
    start = chance.randrange(max(1, len(source.text) - size // 2)) if chance.random() < 0.8 else 0
    start = source.lines.starts[source.lines.at(start)]
    parts = [*header(source.package, source.path, [], chance), source.text[start : start + size]]
    return parts + [END] if start + size >= len(source.text) else parts


def encode(parts: list[Part]) -> tuple[list[int], list[float]]:
    """Token ids and each one's weight in the loss."""
    coder = tokenizer.load()
    ids: list[int] = []
    weights: list[float] = []
    for i, part in enumerate(parts):
        before = parts[i - 1] if i else END
        if isinstance(part, int):
            ids.append(part)
            weights.append(END_WEIGHT if isinstance(before, Middle) else 1.0)
        elif i + 1 < len(parts) and isinstance(parts[i + 1], Middle):
            continue  # encoded with the middle that goes on from it
        elif isinstance(part, Middle) and isinstance(before, str):
            joined = coder.encode(before + part, add_special_tokens=False)
            ids += joined.ids
            weights += [MIDDLE_WEIGHT if end > len(before) else 1.0 for _, end in joined.offsets]
        else:
            new = coder.encode(part, add_special_tokens=False).ids
            ids += new
            weights += [MIDDLE_WEIGHT if isinstance(part, Middle) else 1.0] * len(new)
    return ids, weights


def row(library: Library, length: int, chance: Random) -> tuple[list[int], list[float], list[int]]:
    """One row of `length` tokens: samples with holes while they fit, then plain text up to the end.

    The third list numbers the sample each token belongs to.
    """
    packed: list[tuple[list[int], list[float]]] = []
    room = length
    while room > 110:
        tokens = room if chance.random() < 0.2 else min(room, chance.randint(110, max(111, length // 2)))
        hole = library.fim(library.pick(chance), int((tokens - 16) * CHARACTERS_PER_TOKEN), chance)
        ids, weights = encode(arrange(hole, chance.random() < 0.7, chance))
        if len(ids) > room:
            break
        packed.append((ids, weights))
        room -= len(ids)
    if room:
        ids, weights = encode(plain(library, room, chance))
        while len(ids) < room:
            more_ids, more_weights = encode(plain(library, room, chance))
            ids, weights = ids + more_ids, weights + more_weights
        packed.insert(chance.randint(0, len(packed)), (ids[:room], weights[:room]))
    ids = [i for sample, _ in packed for i in sample]
    weights = [w for _, sample in packed for w in sample]
    numbers = [n for n, (sample, _) in enumerate(packed) for _ in sample]
    return ids, weights, numbers


def batch(
    library: Library, rows: int, length: int, chance: Random
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids [rows, length + 1], and for the targets their weights and, for the inputs, their sample numbers."""
    made = [row(library, length + 1, chance) for _ in range(rows)]
    ids = np.array([m[0] for m in made], dtype=np.int64)
    weights = np.array([m[1][1:] for m in made], dtype=np.float32)
    numbers = np.array([m[2] for m in made], dtype=np.int64)
    weights[numbers[:, 1:] != numbers[:, :-1]] = 0.0  # the first token of the next sample cannot be known
    return ids, weights, numbers[:, :-1]
