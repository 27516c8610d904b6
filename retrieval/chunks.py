"""Pieces of a file to search for: one definition each where there is a grammar, sections or windows else.

Definitions apart rank better than definitions together (MRR 49 against 37 to 40), so none are merged that
have more than one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from retrieval.cuts import LONGEST_LINE, MOST, cut
from retrieval.sections import sections
from syntax.facts import Facts, Symbol

OWN = frozenset(("function", "method", "class", "type"))
"""Kinds that are chunks of their own; others too if they have `LARGE_CONSTANT` lines."""
HOLDERS = frozenset(("class", "type"))
"""Kinds whose definitions inside are chunks of their own; what is inside a function stays in it."""
LARGE_CONSTANT = 5
FOLDERS = 2
"""Folders of a path that a header shows. The nearest ones say what a file is about; with all of them, every
chunk would have to be embedded again when a folder above moves, or in a clone opened one level higher."""
SMALL = 200
"""Characters of code between definitions that are joined with other such code nearby."""
NEARBY = 30
"""Lines: code between definitions further apart is not joined."""
TINY = 60
"""Characters of code right above a definition that go with it: `impl X {`, `namespace y {`."""
SIGNATURE = 160
"""Characters of a signature in the header of a long definition's later pieces."""
COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|;;|@|\[\w|template\b|%)")
"""A line that goes with the definition below it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a file. Lines count from 0 and `last` is still part of it."""

    path: str
    language: str
    symbol: str
    """Qualified name of the definition it is, or belongs to; a heading or a table; empty for other code."""
    header: str
    """One line in front of the text where it is embedded and searched: `path | Outer > name`."""
    text: str
    """Its lines. What stands between them and is a chunk of its own, methods of a class, is not there."""
    first: int
    last: int
    hash: str
    """Of header and text, in hexadecimal: the same wherever the piece stands in its file."""

    @property
    def embedded(self) -> str:
        """What is embedded and searched."""
        return f"{self.header}\n{self.text}"


def chunks(path: str, text: str, language: str, facts: Facts | None) -> list[Chunk]:
    """Cut a file into pieces of at most `MOST` characters, in its order; every line with text is in one.

    A line's end may be `\\n` or `\\r\\n`. What a line has beyond `LONGEST_LINE` characters is left out.
    """
    lines = [line.rstrip()[:LONGEST_LINE] for line in text.split("\n")]
    shown = "/".join(path.split("/")[-FOLDERS - 1 :])
    if facts and facts.symbols:
        pieces = _definitions(lines, facts.symbols)
    else:
        named = sections(lines, language, path)
        pieces = ((name.rpartition(" > ")[2], name, "", numbers) for name, numbers in named)
    found: list[Chunk] = []
    for symbol, scope, signature, numbers in pieces:
        header = f"{shown} | {scope}" if scope else shown
        for count, piece in enumerate(cut(lines, numbers)):
            head = f"{header} | {signature}" if signature and count else header
            body = "\n".join([lines[number] for number in piece])
            digest = blake2b(f"{head}\n{body}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
            found.append(Chunk(path, language, symbol, head, body, piece[0], piece[-1], digest))
    found.sort(key=lambda one: (one.first, one.last))
    return found


def _definitions(lines: list[str], symbols: tuple[Symbol, ...]) -> Iterator[tuple[str, str, str, list[int]]]:
    """Yield symbol, scope, signature and lines of each definition, and of the code between them."""
    chosen, owners = _owners(lines, symbols)
    _adopt(lines, chosen, owners)
    own: list[list[int]] = [[] for _ in chosen]
    runs: list[list[int]] = []
    before = -1
    for number, owner in enumerate(owners):
        if not lines[number]:
            if owner >= 0 and own[owner]:
                own[owner].append(number)
            elif owner < 0 and runs and before == -1:
                runs[-1].append(number)
            continue
        if owner >= 0:
            own[owner].append(number)
        elif before == -1 and runs:
            runs[-1].append(number)
        else:
            runs.append([number])
        before = owner
    for symbol, numbers in zip(chosen, own, strict=True):
        if _trim(lines, numbers):
            signature = " ".join(symbol.stub.split("\n")[0].split())[:SIGNATURE]
            yield symbol.qualified, symbol.qualified.replace(".", " > "), signature, numbers
    for numbers in _joined(lines, runs):
        yield "", "", "", numbers


def _owners(lines: list[str], symbols: tuple[Symbol, ...]) -> tuple[list[Symbol], list[int]]:
    """Return the definitions that are chunks, in order, and for each line which of them has it, or -1."""
    owners = [-1] * len(lines)
    chosen: list[Symbol] = []
    for symbol in sorted(symbols, key=lambda one: (one.first, -one.last)):
        first, last = max(symbol.first, 0), min(symbol.last, len(lines) - 1)
        if last <= first or (symbol.kind not in OWN and last - first < LARGE_CONSTANT - 1):
            continue
        outer = owners[first]
        if outer >= 0 and chosen[outer].kind not in HOLDERS:
            continue
        if outer >= 0 and symbol.kind not in OWN:
            continue  # attributes stay with their class
        owners[first : last + 1] = [len(chosen)] * (last + 1 - first)
        chosen.append(symbol)
    return chosen, owners


def _adopt(lines: list[str], chosen: list[Symbol], owners: list[int]) -> None:
    """Give each definition the comments right above it, and the few words that open what it stands in."""
    for index, symbol in enumerate(chosen):
        first = max(symbol.first, 0)
        if owners[first] != index:
            continue
        outside, start = (owners[first - 1] if first else index), first
        if outside == index or (outside >= 0 and chosen[outside].kind not in HOLDERS):
            continue
        floor = chosen[outside].first if outside >= 0 else -1
        while start - 1 > floor and owners[start - 1] == outside and COMMENT.match(lines[start - 1]):
            start -= 1
        if outside < 0:
            above = start
            while above and owners[above - 1] < 0 and start - above < 3:
                above -= 1
            if not above or owners[above - 1] >= 0:
                rest = "".join(lines[above:start]).strip()
                start = above if 0 < len(rest) <= TINY and index and lines[start - 1] else start
        owners[start:first] = [index] * (first - start)
    after = -1
    for number, owner in enumerate(owners):  # brackets and the like behind a definition go with it
        if owner < 0 and after >= 0 and lines[number] and not re.search(r"\w\w", lines[number]):
            owners[number] = after
        elif owner >= 0:
            after = owner
        elif lines[number]:
            after = -1


def _joined(lines: list[str], runs: list[list[int]]) -> Iterator[list[int]]:
    """Join small runs of code between definitions with the one before, if that is small too, or near."""
    waiting: list[int] = []
    size = 0
    for run in runs:
        if not _trim(lines, run):
            continue
        length = sum(len(lines[number]) + 1 for number in run)
        if waiting and min(size, length) < SMALL and run[0] - waiting[-1] <= NEARBY and size + length <= MOST:
            waiting += run
            size += length
        else:
            if waiting:
                yield waiting
            waiting, size = run, length
    if waiting:
        yield waiting


def _trim(lines: list[str], numbers: list[int]) -> bool:
    """Drop empty lines at the end and tell whether anything is left."""
    while numbers and not lines[numbers[-1]]:
        numbers.pop()
    return bool(numbers)
