"""What llama.vim reads around a place, and what it makes of an answer. Lines have no line ends here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

N_PREFIX, N_SUFFIX = 256, 64


@dataclass(frozen=True)
class Local:
    """The text around a place."""

    prefix: str
    middle: str
    suffix: str
    right: str
    """The rest of the cursor's line."""
    indent: int
    """A new line further left ends the answer."""


def around(lines: Sequence[str], y: int, x: int, shown: Sequence[str] = (), shown_indent: int = 0) -> Local:
    """The text around column `x` of line `y`, or around the end of `shown` as if it stood at that line's
    end.
    """
    line = lines[y]
    above = list(lines[max(0, y - N_PREFIX + max(0, len(shown) - 1)) : y])
    left, right, indent = line[:x], line[x:], len(line) - len(line.lstrip())
    if len(shown) == 1:
        left, right, indent = line + shown[0], "", shown_indent
    elif shown:
        above += [line + shown[0], *shown[1:-1]]
        left, right, indent = shown[-1], "", shown_indent
    elif not line.strip():
        left, right, indent = "", "", 0  # a line of blanks only is written anew
    below = lines[y + 1 : y + 1 + N_SUFFIX]
    suffix = right + "\n" + "\n".join(below) + "\n"
    return Local("\n".join(above) + "\n", left, suffix, right, indent)


def rendered(text: str, lines: Sequence[str], y: int, x: int) -> list[str]:
    """The lines of an answer as they are shown at a place; [""] where it would repeat what stands there."""
    content = text.rstrip("\n").split("\n")
    line, below = lines[y], list(lines[y + 1 :])
    if not line.strip():
        lead = min(len(content[0]) - len(content[0].lstrip()), len(line))
        line, content[0] = content[0][:lead], content[0][lead:]
    left, right = line[:x], line[x:]
    if content == [right] or (not content[0] and content[1:] == below[: len(content) - 1]):
        return [""]
    while below and not below[0].strip():
        del below[0]
    if below and left + content[0] == below[0]:
        if len(content) == 2 and len(below) > 1 and below[1].startswith(content[1]):
            return [""]
        if content[1:] == below[1 : len(content)]:
            return [""]
    return content


def under_indented(text: str, indent: int) -> int | None:
    """Where an answer ends: at the first character of a new line that stands further left than `indent`."""
    at = text.find("\n") + 1
    while indent and at:
        blanks = len(text[at:]) - len(text[at:].lstrip(" \t"))
        if at + blanks < len(text) and blanks < indent:
            return at + blanks
        at = text.find("\n", at) + 1
    return None
