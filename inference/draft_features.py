"""What is known of a draft once its first line is decoded, as one row of numbers. No model, no weights here.

Measured on 1,563 held-out drafts and left out, because they order right before wrong no better than chance
and add nothing to the rest: the character before the cursor, a comment or string around it, the language, and
how many syntax errors the draft adds (0.44 alone).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from inference.prompts import CursorContext

FIRST_TOKENS = 3
"""The first tokens decide what a draft is about; later ones mostly follow from them."""
LEAST = -20.0
"""Log-probabilities end here: what is less likely is as good as impossible, and infinite ones break sums."""
LEAST_SUM = -60.0
_SPELLED = (
    "and as assert async await bool boolean break case catch char class const continue def default "
    "defer del do double elif else elseif end enum except export extends false finally float fn for "
    "from func function go if impl implements import in instanceof int interface is lambda let local "
    "long loop map match mod mut new nil none not null number of or package pass private protected pub "
    "public raise range repeat return self size static string struct super switch this throw throws "
    "true try type undefined until use var void where while with yield "
)
KEYWORDS = frozenset(_SPELLED.split())
"""Words of the languages themselves, in lower case: nobody has to have written them before."""

_WORD = re.compile(r"[^\W\d]\w*")
_UNFINISHED = re.compile(r"\w*\Z")
_LOOP = re.compile(r"(.{2,}?)\1\1")
"""Two characters or more three times in a row: what a small model falls into when it knows nothing."""
_CLOSERS = ")]}"


def first_line(text: str) -> str:
    """Return the first line with something on it; at a block's start that is the one after the break."""
    return text.lstrip("\n").split("\n", 1)[0]


def features(
    logprobs: Sequence[float],
    margins: Sequence[float] = (),
    text: str = "",
    context: CursorContext | None = None,
) -> dict[str, float]:
    """Return the features of a draft's first line by name; what cannot be known is left out.

    `logprobs` (natural) and `margins` (p1 - p2) are those of the first line's tokens and may be empty; `text`
    is what would be shown.
    """
    row = _of_tokens(logprobs, margins)
    if text:
        line = first_line(text)
        row["characters"] = math.log1p(len(line))
        row["loops"] = float(bool(_LOOP.search(line)))
        if context is not None:
            row |= _of_place(line, text, context)
    return row


def _of_tokens(logprobs: Sequence[float], margins: Sequence[float]) -> dict[str, float]:
    row: dict[str, float] = {}
    if logprobs:
        known = [max(LEAST, value) if value <= 0 else LEAST for value in logprobs]  # NaN counts as the least
        ordered, first = sorted(known), known[:FIRST_TOKENS]
        row["tokens"] = math.log1p(len(known))
        row["start"] = known[0]
        row["first"] = sum(first) / len(first)
        row["mean"] = sum(known) / len(known)
        row["sum"] = max(LEAST_SUM, sum(known))
        row["least"] = ordered[0]
        row["tenth"] = _quantile(ordered, 0.10)
        row["quarter"] = _quantile(ordered, 0.25)
    if margins:
        known = [value if 0 <= value <= 1 else 0.0 for value in margins]
        row["margin"] = sum(known) / len(known)
        row["least_margin"] = min(known)
        row["first_margin"] = sum(known[:FIRST_TOKENS]) / len(known[:FIRST_TOKENS])
    return row


def _of_place(line: str, text: str, context: CursorContext) -> dict[str, float]:
    before = "" if text.startswith("\n") else context.prefix[context.prefix.rfind("\n") + 1 :]
    unfinished = _UNFINISHED.search(before)
    typed = unfinished[0] if unfinished else ""
    names = [name for name in _WORD.findall(typed + line) if name.lower() not in KEYWORDS]
    seen = _names_seen(context)
    whole = before + line
    return {
        "mid_line": float(bool(context.suffix.split("\n", 1)[0].strip())),
        "names": math.log1p(len(names)),
        "unknown": sum(name not in seen for name in names) / len(names) if names else 0.0,
        "open": float(_left_open(whole)),
        "repeats": float(_repeats(whole.strip(), context)),
    }


def _names_seen(context: CursorContext) -> frozenset[str]:
    """Return the names the model could see; the unfinished one before the cursor is not one by itself."""
    at = context.prefix.rfind("\n") + 1
    now = _WORD.findall(_UNFINISHED.sub("", context.prefix[at:]))
    snippets = (_names(snippet.text) for snippet in context.snippets)
    return frozenset(now).union(_names(context.prefix[:at]), _names(context.suffix), *snippets)


@lru_cache(maxsize=32)
def _names(text: str) -> frozenset[str]:
    """Names in a text that stays the same for many keystrokes; 0.4 ms for 8,000 characters."""
    return frozenset(_WORD.findall(text))


def _quantile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def _left_open(line: str) -> bool:
    """Tell whether a line ends inside a bracket it opened. Quotes are not looked at."""
    depth = 0
    for character in line:
        depth += character in "([{"
        depth -= character in _CLOSERS and depth > 0
    return depth > 0


def _repeats(line: str, context: CursorContext) -> bool:
    """Tell whether the finished line says again what stands on the nearest line above or below."""
    above = context.prefix[: context.prefix.rfind("\n") + 1].rstrip().rsplit("\n", 1)[-1].strip()
    below = context.suffix.partition("\n")[2].lstrip().split("\n", 1)[0].strip()
    return len(line) > 3 and line in (above, below)
