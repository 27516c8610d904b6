"""Found definitions as text: signatures, grouped by file in its order, within a budget of characters."""

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
    chosen: dict[str, list[Symbol]] = defaultdict(list)
    left = budget
    shown: set[tuple[str, str]] = set()
    for one in found:
        left = _add(one.path, one.symbol, chosen, shown, left, longest)
        if left < OVERHEAD:
            break
    for one in found:  # what is left shows what the classes hold
        for member in one.members[:MOST_MEMBERS]:
            left = _add(one.path, member, chosen, shown, left, longest)
    return [(path, _text(symbols, longest)) for path, symbols in chosen.items()]


def _add(
    path: str,
    symbol: Symbol,
    chosen: dict[str, list[Symbol]],
    shown: set[tuple[str, str]],
    left: int,
    longest: int,
) -> int:
    """Add a definition where it fits; return the characters left."""
    if (path, symbol.qualified) in shown:
        return left
    cost = len(_line(symbol, longest)) + 1
    if symbol.owner and not any(known.owner == symbol.owner for known in chosen.get(path, ())):
        cost += len(_heading(symbol)) + 1
    if path not in chosen:
        cost += len(path) + OVERHEAD
    if cost > left:
        return left
    shown.add((path, symbol.qualified))
    chosen[path].append(symbol)
    return left - cost


def _text(symbols: list[Symbol], longest: int) -> str:
    """Return one file's definitions in its order, members together under the name of what owns them."""
    starts: dict[str, int] = {}
    for symbol in symbols:
        group = symbol.owner or symbol.qualified
        starts[group] = min(symbol.first, starts.get(group, symbol.first))

    def place(symbol: Symbol) -> tuple[int, str, bool, int, str]:
        group = symbol.owner or symbol.qualified
        return starts[group], group, bool(symbol.owner), symbol.first, symbol.name

    lines: list[str] = []
    under = ""
    for symbol in sorted(symbols, key=place):
        if symbol.owner and symbol.owner != under:
            lines.append(_heading(symbol))
        lines.append(_line(symbol, longest))
        under = symbol.owner or symbol.qualified
    return "\n".join(lines)


def _heading(member: Symbol) -> str:
    return f"{member.owner}:"


def _line(symbol: Symbol, longest: int) -> str:
    return ("    " if symbol.owner else "") + signature(symbol, longest)


def characters(pieces: Iterable[tuple[str, str]]) -> int:
    """Return what rendered pieces cost."""
    return sum(len(path) + len(text) + OVERHEAD for path, text in pieces)
