"""Indentation as the file itself does it: tabs or spaces, how many, and how deep a line has to begin."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from inference.filters.place import Place
from inference.filters.scope import OPENS

_DEFAULT = {"go": "\t", "javascript": "  ", "typescript": "  ", "lua": "  ", "yaml": "  "}
_BLOCK = ("{", ":", "then", "do", "else", "repeat", ")", "=>", "->", "begin")
_SAME_COLUMN = ("case ", "default:", "public:", "private:", "protected:", "#", "}", ")", "]", "end", "else",
                "elif", "except", "finally", "catch", "until", "{")  # fmt: skip
"""What may stand no deeper than the line above that opens a block."""
_CONTINUES = (".", "?", ":", "&&", "||", "+", "-", "*", "|", "and ", "or ", "=", "..")
"""How lines begin that continue the one above; they are indented by taste."""


@dataclass(frozen=True)
class Style:
    """One step of a file's indentation: a tab, or so many spaces."""

    unit: str

    @property
    def width(self) -> int:
        """Columns of a step; a tab counts as 8, which is only ever compared with itself."""
        return 8 if self.unit == "\t" else len(self.unit)

    def white(self, columns: int) -> str:
        if self.unit == "\t":
            return "\t" * (columns // 8) + " " * (columns % 8)
        return " " * columns


@lru_cache(maxsize=8)
def style(place: Place) -> Style | None:
    """Return how the lines around a place are indented; the language's habit where none is, if it has one."""
    lines = [line for line in (*place.above, place.head + place.rest, *place.below) if line.strip()]
    tabs = sum(line.startswith("\t") for line in lines)
    spaces = sum(line.startswith("  ") and not line.lstrip().startswith("*") for line in lines)
    if tabs > spaces:
        return Style("\t")
    steps, any_steps = Counter[int](), Counter[int]()
    for line, following in zip(lines, lines[1:], strict=False):
        step = _columns(following) - _columns(line)
        if step > 0 and not following.lstrip().startswith("*"):
            any_steps[step] += 1
            if _opens_block(line):
                steps[step] += 1
    best = steps or any_steps
    if best:
        width = max(sorted(best), key=lambda step: best[step])
        return Style(" " * width) if width <= 8 else None
    if spaces:
        widths = [_columns(line) for line in lines if line.startswith("  ")]
        return Style(" " * min(widths)) if min(widths) <= 8 else None
    return Style(_DEFAULT[place.language]) if place.language in _DEFAULT else None


def restyled(text: str, place: Place) -> str:
    """Write the indentation of every line as the file does, and at the depth the cursor's line gives it."""
    rows = text.split("\n")
    ours = style(place)
    if ours is None or place.kind != "code":
        return text
    if not place.head.strip():
        rows[0] = _translated(rows[0], ours, rows)
    if len(rows) == 1:
        return rows[0]
    rows[1:] = [_translated(row, ours, rows) for row in rows[1:]]
    own_head = not place.head.strip()
    base = _columns(place.head + rows[0]) if own_head and rows[0].strip() else _columns(place.head)
    if own_head and not rows[0].strip():
        return "\n".join(rows)
    opener = place.head + rows[0]
    filled = [number for number in range(1, len(rows)) if rows[number].strip()]
    if not filled:
        return "\n".join(rows)
    if _opens_block(opener) and base:
        column = _columns(rows[filled[0]])
        if 0 < column <= base and not rows[filled[0]].lstrip().startswith(_SAME_COLUMN):
            step = ours.width if column <= ours.width else column
            if column in (step, 2, 4, 8):  # written as if the cursor's line began at the margin
                for number in filled:
                    rows[number] = ours.white(_columns(rows[number]) + base) + rows[number].lstrip()
    return "\n".join(_rescaled(rows, filled, opener, base, ours))


def _rescaled(rows: list[str], filled: list[int], opener: str, base: int, ours: Style) -> list[str]:
    """Make steps of the text's own width, where it has one, into steps of the file's."""
    steps, before, depth = set(), opener, base
    for number in filled:
        column = _columns(rows[number])
        if _opens_block(before) and column > depth:
            steps.add(column - depth)
        before, depth = rows[number], column
    if len(steps) != 1 or ours.width in steps or (step := steps.pop()) > 8:
        return rows
    for number in filled:
        deeper = _columns(rows[number]) - base
        if deeper > 0:
            rows[number] = (
                ours.white(base + deeper // step * ours.width + deeper % step) + rows[number].lstrip()
            )
    return rows


def _translated(row: str, ours: Style, rows: list[str]) -> str:
    """Write tabs as spaces, or spaces as tabs."""
    bare = row.lstrip(" \t")
    white = row[: len(row) - len(bare)]
    if ours.unit == "\t":
        if "  " not in white or white.startswith("\t"):
            return row
        widths = [len(r) - len(r.lstrip(" ")) for r in rows if r.strip() and r.startswith("  ")]
        step = min([w for w in widths if w] or [4])
        step = next((size for size in (8, 4, 3, 2) if size <= step and not step % size), step)
        return "\t" * (len(white) // step) + " " * (len(white) % step) + bare
    return white.replace("\t", ours.unit) + bare if "\t" in white else row


def first_line(text: str, place: Place) -> str:
    """Begin the first line as deep as its block does, and move the lines that hang on it along."""
    if place.head.strip() or place.kind != "code" or not text.strip():
        return text
    ours = style(place)
    rows = text.split("\n")
    bare = rows[0].lstrip(" \t")
    if ours is None or not bare:
        return text
    have = _columns(place.head)
    total = _columns(place.head + rows[0])
    want = _wanted(bare, have, total, place, ours)
    if want is None or want == total or want < have:
        return text
    if ours.unit != "\t" and "\t" in place.head:
        return text
    missing = ours.white(want)[len(place.head) :] if ours.unit == "\t" else " " * (want - have)
    shift = want - total
    later = [_columns(row) for row in rows[1:] if row.strip()]
    opens = _opens_block(rows[0])
    along = (
        bool(later)
        and (later[0] == total + ours.width if opens else later[0] == total)
        and min(later) >= min(total, later[0])
    )
    if along and min(later) + shift >= 0:
        rows[1:] = [
            ours.white(_columns(row) + shift) + row.lstrip() if row.strip() else row for row in rows[1:]
        ]
    return "\n".join([missing + bare, *rows[1:]])


def _wanted(bare: str, have: int, total: int, place: Place, ours: Style) -> int | None:
    """Return the column the first line belongs at; None where anything may be right."""
    filled = [line for line in place.above if line.strip()]
    if not filled or bare.startswith(_CONTINUES):
        return None if filled or bare.startswith(_CONTINUES) or place.before.opened else max(have, 0)
    last = filled[-1]
    depth = _columns(last)
    if _opens_block(last) and not bare.startswith(_SAME_COLUMN):
        return max(have, depth + ours.width) if total != depth + ours.width else total
    if _opens_block(last):
        return total if total in (depth, depth + ours.width) else max(have, depth)
    inner = place.before.opened[-1].character if place.before.opened else ""
    if inner in ("(", "[") or last.rstrip().endswith((",", "\\", "(", "[", "=", "+", "&&", "||")):
        return None
    fits = {0, depth} | _enclosing(filled, depth)
    if total in fits:
        return total
    if have in fits:
        return have
    deeper = sorted(column for column in fits if column > have)
    if not deeper:
        return have
    return min(deeper, key=lambda column: abs(column - total))


def _enclosing(filled: list[str], depth: int) -> set[int]:
    """Return the columns of the lines that a line at `depth` is nested in."""
    found = set()
    for line in reversed(filled):
        column = _columns(line)
        if column < depth:
            found.add(column)
            depth = column
    return found


def _opens_block(line: str) -> bool:
    bare = line.rstrip()
    return bool(OPENS.search(bare)) and not bare.endswith(("(", "["))


def _columns(line: str) -> int:
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())
