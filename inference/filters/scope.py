"""How far a completion may go: to the end of the block it stands in, and not one bracket further."""

from __future__ import annotations

import re

from inference.filters.layout import OPENS, columns, statement_column
from inference.filters.place import Place
from syntax.brackets import CLOSER_OF, closes, scan
from syntax.tree import CLOSING_MARK, block_end, error_delta, left_open, understood

MOST_PARSES = 8
"""How many shortened texts are tried before nothing is shown; 0.5 ms each."""

_GOES_ON = re.compile(
    r"\s*(?:else|elif|elseif|except|finally|catch|case|default|while|until|rescue|ensure|when)\b|\s*\}\s*\S"
)
"""A line that continues the statement whose block has just ended."""
_CLOSES = re.compile(r"\s*(?:[)\]}]|end\b|until\b)")


def block_limit(text: str, place: Place) -> str:
    """Cut where the text leaves the block the cursor is in, or begins another after its first."""
    rows = text.split("\n")
    if len(rows) == 1 or place.kind != "code":
        return text
    opens = bool(place.head.strip()) and not rows[0].strip() and bool(OPENS.search(place.head.rstrip()))
    base = statement_column([*place.above, place.head]) if opens else columns(place.head + rows[0])
    cut = _by_indentation(rows, base, opens, place)
    kept = "\n".join(rows[:cut])
    if place.tree and (end := block_end(place.tree, kept)) is not None and kept[end:].strip():
        return kept[:end]
    return kept


def _by_indentation(rows: list[str], base: int, opens: bool, place: Place) -> int:
    """Return how many rows stay in the block."""
    begins_block = bool(OPENS.search((place.head + rows[0]).rstrip()))
    entered = False
    depth = 0  # inside brackets of the text's own, indentation says nothing
    for number, row in enumerate(rows):
        bare = row.strip()
        if bare.startswith("#") and place.language in ("c", "cpp"):
            continue  # the preprocessor's lines stand in no block
        if number and bare and depth <= 0:
            column = columns(row)
            if column < base or (opens and column == base):
                goes_on = column == base and _GOES_ON.match(row)
                if not goes_on:
                    return number + (1 if _CLOSES.match(row) and not _stands_below(row, place) else 0)
            if column <= base and begins_block and entered and not rows[number - 1].strip():
                return number
            entered = entered or column > base
        if not bare and number > 1 and not rows[number - 1].strip() and any(map(str.strip, rows[:number])):
            return number - 1
        depth += sum(bare.count(mark) for mark in "([") - sum(bare.count(mark) for mark in ")]")
    return len(rows)


def _stands_below(row: str, place: Place) -> bool:
    """Tell whether a closing line is there already: the next line that is not deeper is the same."""
    column = columns(row)
    for line in place.below:
        if line.strip() and columns(line) <= column:
            return columns(line) == column and bool(_CLOSES.match(line))
    return False


def closing_marks(text: str, place: Place) -> str:
    """Cut before a bracket that closes what the lines below close already, or what nobody opened."""
    if place.kind != "code" or not text.strip():
        return text
    closed, opened, read = place.closed, place.before.opened[::-1], scan(text, place.language)
    for number, bracket in enumerate(read.closing):
        stray = number < len(opened) and not closes(bracket.character, opened[number].character)
        if stray and not place.rest.strip() and text[bracket.at + 1 :].strip() in (";", ",", ":"):
            return text[: bracket.at] + text[bracket.at + 1 :]
        on_line = range(bracket.at, bracket.at + len(text[bracket.at :].split("\n")[0]))
        again = any(closes(bracket.character, b.character) and b.at in on_line for b in read.opened)
        if number >= len(closed) or (closed[number] and not again):  # `} else {` opens what is closed below
            return text[: bracket.at].rstrip()
    return text


def closing_line(text: str, place: Place) -> str:
    """Cut a last line that is a closing word or bracket and stands below already."""
    rows = text.rstrip().split("\n")
    below = next((line for line in place.below if line.strip()), "")
    if len(rows) < 2 or not below or place.rest.strip():
        return text
    last = rows[-1]
    if not _CLOSES.match(last) or last.strip() != below.strip() or columns(last) != columns(below):
        return text
    return "\n".join(rows[:-1])


def no_new_errors(text: str, place: Place) -> str:
    """Close what is left open, or shorten the text, until the file has no more syntax errors than before."""
    if place.tree is None or not text.strip() or _harmless(text, place):
        return text
    if error_delta(place.tree, text) <= 0:
        return text
    if not understood(place.tree):
        return with_closers(text, place) if left_open(place.tree, text) else text
    tried = 1
    rows = text.rstrip().split("\n")
    for number in range(len(rows), 0, -1):
        kept = "\n".join(rows[:number]).rstrip()
        candidates = [with_closers(kept, place), kept] if number < len(rows) else [with_closers(kept, place)]
        if number == 1:
            candidates += _without_marks(kept)
        for candidate in dict.fromkeys(candidates):
            if candidate == text or not candidate.strip():
                continue
            tried += 1
            if tried > MOST_PARSES:
                return ""
            if error_delta(place.tree, candidate) <= 0:
                return candidate
    return ""


def _harmless(text: str, place: Place) -> bool:
    """Tell whether no parse is needed: more of a comment, string or name, or a block yet to come."""
    if place.kind != "code":
        mark = place.before.delimiter
        if not mark or (CLOSING_MARK.get(mark) or "\n") in text or mark in text:
            return False
        end, begin = place.suffix.find("*/"), place.suffix.find("/*")
        starred = next((line for line in place.below if line.strip()), "*").lstrip().startswith("*")
        return mark != "/*" or end >= 0 and not 0 <= begin < end or starred
    if text.isidentifier() and (place.head[-1:].isidentifier() or place.head[-1:] == "."):
        return True  # the rest of a name
    return not place.suffix.strip() and bool(OPENS.search((place.head + text).rstrip()))


def with_closers(text: str, place: Place) -> str:
    """Return `text` with the brackets closed that it leaves open, each as its line is indented."""
    opened = scan(text, place.language).opened
    closed = text
    base = place.head[: len(place.head) - len(place.head.lstrip())]
    for bracket in reversed(opened):
        after = text[bracket.at + len(bracket.character) :]
        own_line = (
            not after.split("\n", 1)[0].strip() if bracket.character == "{" else bracket.character.isalpha()
        )
        first_row = "\n" not in text[: bracket.at]
        closer = CLOSER_OF[bracket.character]
        closed += f"\n{base if first_row else bracket.indent}{closer}" if own_line else closer
    return closed


def _without_marks(line: str) -> list[str]:
    """Return a line without its last one, two or three closing marks."""
    shorter = []
    while line and line[-1] in ")]},;:{" and len(shorter) < 3:
        line = line[:-1].rstrip()
        shorter.append(line)
    return shorter
