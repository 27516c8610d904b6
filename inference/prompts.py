"""The text around a cursor as a fill-in-the-middle prompt. Special tokens are the engine's business (fim.py).

The prefix starts at an anchor: it stays put while the user types and then moves by a whole step, so that
the prompt's beginning, and with it the KV cache, survives a keystroke.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.lines import plain_line_ends
from inference.types import FimPrompt, Members, Snippet
from settings.schema import Completion

ANCHOR_LINES = (64, 16, 4, 1)
"""Steps of the prefix's first line; the largest that costs at most half of the window is taken."""
ANCHOR_CHARACTERS = 2000
"""Step of the prefix's first character inside one long line."""
PREFIX_CHARACTERS = 8000
"""With the suffix about what fits a context of 4096 tokens at 2.5 characters each."""
SUFFIX_CHARACTERS = 2000

BLOCK_OPENERS = ("{", "(", "[", ":", "=>", "->", "do", "then", "else", "begin", "repeat")


@dataclass(frozen=True)
class CursorContext:
    """What a completion is asked for: a place in a document, and who asks."""

    document: str
    """Key of the document; requests of one document supersede each other."""
    prefix: str
    suffix: str
    client: str = ""
    path: str = ""
    repository: str = ""
    language: str = ""
    """LSP language identifier."""
    snippets: tuple[Snippet, ...] = ()
    """Text of other places, what changes least first."""
    members: Members = ()
    """What is known of the receivers at the cursor and below; it changes no token of the prompt."""


def window(lines: Sequence[str], line: int, column: int, settings: Completion) -> tuple[str, str]:
    """Return the prefix and the suffix of a cursor in `lines`, which keep their line ends.

    What comes back has "\\n" as its only line end: models know little else, and clients put in their own.
    """
    prefix = prefix_at(lines, line, column, settings.prefix_lines)
    suffix = suffix_at(lines, line, column, settings.suffix_lines)
    return _encodable(plain_line_ends(prefix)), _encodable(plain_line_ends(suffix))


def _encodable(text: str) -> str:
    """Replace halves of surrogate pairs, which some clients send and UTF-8 cannot hold, by question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def prefix_at(lines: Sequence[str], line: int, column: int, limit: int) -> str:
    """Return the text before the cursor from an anchored start, at most `limit` lines and the cursor's."""
    head = lines[line][max(0, column - PREFIX_CHARACTERS) : column]
    if column > PREFIX_CHARACTERS:
        start = -(-(column - PREFIX_CHARACTERS) // ANCHOR_CHARACTERS) * ANCHOR_CHARACTERS
        return lines[line][start:column]
    room, reach = PREFIX_CHARACTERS - len(head), line
    while reach > 0 and line - reach < limit and len(lines[reach - 1]) <= room:
        reach -= 1
        room -= len(lines[reach])
    return "".join(lines[_anchor(reach, line) : line]) + head


def suffix_at(lines: Sequence[str], line: int, column: int, limit: int) -> str:
    """Return the text after the cursor: the rest of its line and the next `limit` lines."""
    pieces, room = [lines[line][column : column + SUFFIX_CHARACTERS]], SUFFIX_CHARACTERS
    for following in lines[line + 1 : line + 1 + limit]:
        room -= len(pieces[-1])
        if room <= 0:
            break
        pieces.append(following[:room])
    return "".join(pieces)


def _anchor(reach: int, line: int) -> int:
    """Return the first multiple of an anchor step at or after `reach`, the earliest line with room."""
    if reach == 0:
        return 0
    step = next(step for step in ANCHOR_LINES if 2 * step <= line - reach or step == 1)
    return -(-reach // step) * step


def fim_prompt(context: CursorContext) -> FimPrompt:
    return FimPrompt(
        prefix=context.prefix,
        suffix=context.suffix,
        path=context.path,
        repository=context.repository,
        snippets=context.snippets,
        members=context.members,
    )


def max_lines_at(prefix: str, suffix: str, most: int) -> int:
    """Return how many lines to ask for: one, unless the cursor stands where a block may follow."""
    before = prefix[prefix.rfind("\n") + 1 :].strip()
    after = suffix.lstrip(" \t")[:1]
    if after not in ("", "\n"):
        return 1
    return most if not before or _opens_block(before) else 1


def _opens_block(line: str) -> bool:
    """Tell whether `line` ends with what a block, or the inside of brackets, follows."""
    opener = next((opener for opener in BLOCK_OPENERS if line.endswith(opener)), "")
    return bool(opener) and (not opener.isalpha() or line.split()[-1] == opener)
