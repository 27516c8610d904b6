"""What a model thought, left in the comments of its code: taken out before anybody sees the code.

Some models that are not to reason aloud do so in comments. A comment of the user's stays, whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from syntax.code import code_of, comments

MUSING = re.compile(
    r"""^\W*(?:
        (?:wait|hmm+|oops|actually|alternatively|okay|ok|right|no)\s*(?:[,:!-]|\.{2,})
        | (?:so|now|first|then|but|and|well)?,?\s*(?:
            let\ me\b | let's\ (?:see|think|check|try|assume)\b
            | i\ (?:need|should|will|would|think|see|can|could|must|guess|want|am|was|have|had|don't|assume)\b
            | i'(?:m|ll|ve|d)\b
        )
        | on\ second\ thought | my\ (?:approach|plan|reasoning|guess)\b
        | the\ (?:tests?|task|instructions?|prompt|user)\ (?:says?|asks?|expects?|wants?\ (?:me|us))\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""How thoughts begin, and comments on code do not."""


def without_musing(text: str, before: str, language: str) -> str:
    """Return code without those comments that are not in `before` and read as thoughts.

    A run of comments on lines of their own goes as a whole: a thought seldom ends with its line. What the
    code does stays the same, else the text is returned as it is.
    """
    known = {text_of.strip() for text_of in _texts(before, language)}
    lines = text.splitlines(keepends=True)
    alone: dict[int, str] = {}
    """Lines that hold nothing but a new comment, or a part of one."""
    trailing: list[tuple[int, int]] = []
    for start, end in comments(text, language):
        comment = text[start:end]
        if comment.strip() in known:
            continue
        first = text.count("\n", 0, start)
        last = first + comment.rstrip("\n").count("\n")
        line_start = text.rfind("\n", 0, start) + 1
        line_end = text.find("\n", end)
        rest = text[end : len(text) if line_end < 0 else line_end]
        if not text[line_start:start].strip() and not (rest.strip() and not comment.endswith("\n")):
            alone |= dict.fromkeys(range(first, last + 1), comment)
        elif MUSING.match(_words(comment)):
            trailing.append((start, end))
    dropped = [
        line
        for run in _runs(alone)
        if any(MUSING.match(_words(alone[line])) for line in run)
        for line in run
    ]
    if not dropped and not trailing:
        return text
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    spans = [(starts[line], starts[line + 1]) for line in dropped]
    spans += [(len(text[:start].rstrip(" \t")), end) for start, end in trailing]
    made = text
    for start, end in sorted(spans, reverse=True):
        made = made[:start] + made[end:]
    return made if code_of(made, language) == code_of(text, language) else text


def _texts(text: str, language: str) -> Iterator[str]:
    for start, end in comments(text, language):
        yield text[start:end]


def _runs(lines: dict[int, str]) -> Iterator[list[int]]:
    run: list[int] = []
    for line in sorted(lines):
        if run and line != run[-1] + 1:
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _words(comment: str) -> str:
    """Return a comment without its marks."""
    return re.sub(r"^(?:#|//+!?|/\*+!?|--|;+|%|<!--|\s|\*)+", "", comment)
