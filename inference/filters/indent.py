"""Indentation as the file itself does it: tabs or spaces, how many, and how deep a line has to begin."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from inference.filters.layout import OPENS, columns, statement_column
from inference.filters.place import Place

_DEFAULT = {"go": "\t", "javascript": "  ", "typescript": "  ", "lua": "  ", "yaml": "  "}
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

    def white(self, depth: int) -> str:
        if self.unit == "\t":
            return "\t" * (depth // 8) + " " * (depth % 8)
        return " " * depth


@lru_cache(maxsize=8)
def style(place: Place) -> Style | None:
    """Return how the lines around a place are indented; the language's habit where none is, if it has one."""
    lines = [line for line in (*place.above, place.head + place.rest, *place.below) if line.strip()]
    tabs = sum(line.startswith("\t") for line in lines)
    spaces = sum(line.startswith("  ") and not line.lstrip().startswith("*") for line in lines)
    if min(tabs, spaces) > max(1, 0.15 * (tabs + spaces)):
        return None  # both, as where a tab is eight columns and a step is four
    if tabs > spaces:
        return Style("\t")
    steps, any_steps = Counter[int](), Counter[int]()
    depths = [columns(line) for line in lines]
    for number, (line, following) in enumerate(zip(lines, lines[1:], strict=False)):
        step = depths[number + 1] - depths[number]
        if step <= 0:
            continue
        balanced = line.count("(") == line.count(")") and line.count("[") == line.count("]")
        starred = line.lstrip().startswith("*") or following.lstrip().startswith("*")
        if balanced and not starred:
            any_steps[step] += 1
            if _opens_block(line):
                steps[step] += 1
    best = steps or any_steps
    if best:
        width = max(sorted(best), key=lambda step: best[step])
        return Style(" " * width) if width <= 8 else None
    if spaces:
        widths = [columns(line) for line in lines if line.startswith("  ") and line.lstrip()[0] != "*"]
        return Style(" " * min(widths)) if min(widths) <= 8 else None
    return Style(_DEFAULT[place.language]) if place.language in _DEFAULT else None


def restyled(text: str, place: Place) -> str:
    """Write the indentation of every line as the file does, and a block as deep as the line that opens it."""
    if "\n" not in text and (place.head.strip() or not text[:1].isspace()):
        return text
    ours = style(place)
    if ours is None or place.kind != "code":
        return text
    rows = text.split("\n")
    first = 1 if place.head.strip() else 0
    rows[first:] = [_translated(row, ours, rows) for row in rows[first:]]
    filled = [number for number in range(1, len(rows)) if rows[number].strip()]
    opener = place.head + rows[0]
    if filled and opener.strip() and _opens_block(opener):
        _rebase(rows, filled, statement_column([*place.above, opener]), ours)
    return "\n".join(rows)


def _rebase(rows: list[str], filled: list[int], base: int, ours: Style) -> None:
    """Move the lines of a block to where it belongs below an opener at column `base`, in the file's steps."""
    first = rows[filled[0]]
    if first.lstrip().startswith(_SAME_COLUMN):
        return
    inside = columns(first)
    depths = [columns(rows[number]) for number in filled]
    steps = {abs(a - b) for a, b in zip(depths, depths[1:], strict=False)} - {0}
    step = min(steps) if steps else ours.width
    if inside == base + ours.width and (step == ours.width or not _steps_after_openers(rows, filled, step)):
        return
    if any(one % step for one in steps) or step > 8:
        return
    for number, column in zip(filled, depths, strict=True):
        moved = base + ours.width + (column - inside) // step * ours.width
        rows[number] = ours.white(max(0, moved)) + rows[number].lstrip()


def _steps_after_openers(rows: list[str], filled: list[int], step: int) -> bool:
    """Tell whether every block among the rows is `step` deeper than its opener, and there is one."""
    deeper = [
        columns(rows[b]) - columns(rows[a])
        for a, b in zip(filled, filled[1:], strict=False)
        if _opens_block(rows[a])
    ]
    return bool(deeper) and all(one in (0, step) for one in deeper)


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
    have = columns(place.head)
    total = columns(place.head + rows[0])
    want = _wanted(bare, have, total, place, ours)
    if want is None or want == total or want < have:
        return text
    if ours.unit != "\t" and "\t" in place.head:
        return text
    missing = ours.white(want)[len(place.head) :] if ours.unit == "\t" else " " * (want - have)
    shift = want - total
    later = [columns(row) for row in rows[1:] if row.strip()]
    opens = _opens_block(rows[0])
    along = (
        bool(later)
        and (later[0] == total + ours.width if opens else later[0] == total)
        and min(later) >= min(total, later[0])
    )
    if along and min(later) + shift >= 0:
        rows[1:] = [
            ours.white(columns(row) + shift) + row.lstrip() if row.strip() else row for row in rows[1:]
        ]
    return "\n".join([missing + bare, *rows[1:]])


def _wanted(bare: str, have: int, total: int, place: Place, ours: Style) -> int | None:
    """Return the column the first line belongs at; None where anything may be right."""
    filled = [line for line in place.above if line.strip()]
    if not filled or bare.startswith(_CONTINUES):
        return None if filled or bare.startswith(_CONTINUES) or place.before.opened else max(have, 0)
    last = filled[-1]
    depth = statement_column(filled)
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
        column = columns(line)
        if column < depth:
            found.add(column)
            depth = column
    return found


def _opens_block(line: str) -> bool:
    bare = line.strip()
    if bare.startswith(("//", "#", "--", "*")):
        return False
    return bool(OPENS.search(bare)) and not bare.endswith(("(", "["))
