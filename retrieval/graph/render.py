"""Found definitions as text: signatures, grouped by file in the file's order, within a budget of characters."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from retrieval.graph.types import Found
from syntax.facts import Symbol

LONGEST = 100
"""Characters of one signature; what is cut off are the last parameters."""
OVERHEAD = 4
"""Characters that a file costs besides its path and its text."""
MOST_MEMBERS = 12
SPACE = re.compile(r"\s+")
DECORATOR = re.compile(r"^\s*@\w")


def signature(symbol: Symbol, longest: int = LONGEST) -> str:
    """Return a definition's head on one line."""
    lines = symbol.stub.split("\n")
    while len(lines) > 1 and DECORATOR.match(lines[0]) and symbol.name not in lines[0]:
        lines = lines[1:]
    if symbol.kind in ("class", "type", "module"):
        head = lines[0]
        if "(" in head and ")" not in head:  # bases on lines of their own
            for line in lines[1:4]:
                head += " " + line.strip()
                if ")" in line:
                    break
    elif symbol.kind in ("function", "method"):
        head = " ".join(line.strip() for line in lines)
    else:
        head = lines[0]
    head = SPACE.sub(" ", head.strip()).replace("( ", "(").replace(", )", ")").replace(",)", ")")
    head = head.rstrip("{ ")
    return head if len(head) <= longest else head[: longest - 1].rstrip(" ,") + "…"


def render(found: Sequence[Found], budget: int, *, longest: int = LONGEST) -> list[tuple[str, str]]:
    """Return paths and texts that together, with `OVERHEAD` each, take at most `budget` characters.

    The likeliest definitions are taken first; what a file then shows stands in the file's order.
    """
    chosen: dict[str, dict[tuple[int, str], str]] = defaultdict(dict)
    left = budget
    shown: set[tuple[str, str]] = set()
    for one in found:
        left = _add(one.path, one.symbol, chosen, shown, left, longest)
        if left < OVERHEAD:
            break
    for one in found:  # what is left shows what the classes hold
        for member in one.members[:MOST_MEMBERS]:
            left = _add(one.path, member, chosen, shown, left, longest)
    return [(path, "\n".join(text for _, text in sorted(lines.items()))) for path, lines in chosen.items()]


def _add(
    path: str,
    symbol: Symbol,
    chosen: dict[str, dict[tuple[int, str], str]],
    shown: set[tuple[str, str]],
    left: int,
    longest: int,
) -> int:
    """Add a definition where it fits, under the name of what owns it; return the characters left."""
    if (path, symbol.qualified) in shown:
        return left
    lines: list[tuple[tuple[int, str], str]] = []
    text = signature(symbol, longest)
    if symbol.owner:
        text = "    " + text
        if (path, symbol.owner) not in shown and not any(
            key == (path, symbol.owner) for key in ((path, k[1]) for k in chosen.get(path, {}))
        ):
            lines.append(((symbol.first, ""), f"{symbol.owner}:"))
    lines.append(((symbol.first, symbol.qualified), text))
    cost = sum(len(text) + 1 for _, text in lines)
    if path not in chosen:
        cost += len(path) + OVERHEAD
    if cost > left:
        return left
    shown.add((path, symbol.qualified))
    for place, text in lines:
        chosen[path][place] = text
    return left - cost


def characters(pieces: Iterable[tuple[str, str]]) -> int:
    """Return what rendered pieces cost."""
    return sum(len(path) + len(text) + OVERHEAD for path, text in pieces)
