"""Search/replace blocks, as strong models write edits of several files, and the ladder by which they apply.

path/of/file.py
<<<<<<< SEARCH
lines as they are
=======
lines as they should be
>>>>>>> REPLACE

A search that is empty makes a new file. What does not match for sure is refused: a wrong place is worse.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from actions.fence import PATH, without_thoughts

HEAD = re.compile(r"^\s{0,3}<{5,9} ?SEARCH>?\s*$")
MIDDLE = re.compile(r"^={7}\s*$")
TAIL = re.compile(r"^\s{0,3}>{5,9} ?REPLACE\s*$")
FEWEST_ANCHORED = 3
"""Lines of a search that may be found by its first and its last line alone."""
NEAR = 0.6
"""Likeness from which lines are shown to the model as what it may have meant; nothing is applied by it."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """Lines of one file to be found, and what to put there."""

    path: str
    search: str
    replace: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What an answer asks for, or why it cannot be read."""

    replacements: tuple[Replacement, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """New texts by path, or the reason why nothing is applied, and what to tell the model about it."""

    texts: Mapping[str, str]
    reason: str = ""
    hint: str = ""


def parse(answer: str) -> Parsed:
    """Read all blocks of an answer. One that is not whole makes the whole answer unreadable."""
    found: list[Replacement] = []
    part, path, above = "", "", ""
    search: list[str] = []
    replace: list[str] = []
    for line in without_thoughts(answer).replace("\r\n", "\n").split("\n"):
        if part == "":
            if HEAD.match(line):
                path = _path(above) or path
                if not path:
                    return Parsed(reason="a block does not say which file it is for")
                part, search, replace = "search", [], []
            elif line.strip() and not line.strip().startswith(("```", "~~~")):
                above = line.strip()
        elif part == "search":
            if MIDDLE.match(line):
                part = "replace"
            elif HEAD.match(line) or TAIL.match(line):
                return Parsed(reason=f"a block for {path} has no line of = signs")
            else:
                search.append(line)
        elif TAIL.match(line):
            found.append(Replacement(path, _lines(search), _lines(replace)))
            part, above = "", ""
        elif HEAD.match(line):
            return Parsed(reason=f"a block for {path} does not end")
        else:
            replace.append(line)
    if part:
        return Parsed(reason=f"the answer ended in the middle of a block for {path}")
    if not found:
        words = without_thoughts(answer).strip()
        return Parsed(reason="the model wrote no edit, only words" if words else "the model wrote nothing")
    return Parsed(tuple(found))


def apply(replacements: Sequence[Replacement], texts: Mapping[str, str]) -> Applied:
    """Make all replacements in the files of `texts`, or none: new texts by path, of changed files only.

    A file that is not there can only be made, and a path must stay inside the project.
    """
    made: dict[str, str] = {}
    for one in replacements:
        path = one.path.removeprefix("./")
        parts = PurePosixPath(path).parts
        if not parts or path.startswith(("/", "~")) or ".." in parts or re.match(r"[A-Za-z]:", path):
            return Applied({}, f"{one.path} is not inside the project")
        if ".git" in parts:
            return Applied({}, f"{one.path} belongs to git")
        text = made.get(path, texts.get(path))
        if not one.search.strip():
            if text is not None and text.strip():
                hint = f"The SEARCH of a block for {path} is empty, but the file is there. Write its lines."
                return Applied({}, f"a block for {path} does not say what to replace", hint)
            made[path] = one.replace
        elif text is None:
            return Applied({}, f"there is no {path}", f"There is no {path}. Use the files you were shown.")
        else:
            found = place(text, one.search)
            if isinstance(found, str):
                return Applied({}, f"a block for {path} {found}", _hint(path, text, one.search, found))
            start, end, indent = found
            made[path] = text[:start] + _as_ends(_shifted(one.replace, indent), text) + text[end:]
    return Applied({path: text for path, text in made.items() if text != texts.get(path)})


def place(text: str, search: str) -> tuple[int, int, str] | str:
    """Return where lines stand in `text`, as offsets, and the change of indentation; or why it is not sure.

    Tried in this order: exactly; without blanks at line ends; all indented more, or less, by the same blanks;
    by the first and the last line, each being there only once.
    """
    lines = text.splitlines(keepends=True)
    wanted = search.splitlines()
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    bare = [line.rstrip("\r\n") for line in lines]
    for view in (str, str.rstrip):
        found = _all(list(map(view, bare)), list(map(view, wanted)))
        if len(found) > 1:
            return f"matches {len(found)} places"
        if found:
            return starts[found[0]], starts[found[0] + len(wanted)], ""
    shifted = [
        (at, indent)
        for at in range(len(bare) - len(wanted) + 1)
        if (indent := _shift(bare[at : at + len(wanted)], wanted)) is not None
    ]
    if len(shifted) > 1:
        return f"matches {len(shifted)} places"
    if shifted:
        at, indent = shifted[0]
        return starts[at], starts[at + len(wanted)], indent
    return _anchored(bare, wanted, starts)


def _all(lines: Sequence[str], wanted: Sequence[str]) -> list[int]:
    size = len(wanted)
    return [at for at in range(len(lines) - size + 1) if lines[at : at + size] == wanted]


def _shift(lines: Sequence[str], wanted: Sequence[str]) -> str | None:
    """Return the blanks before each wanted line in `lines`; after a `-` where the wanted ones have them."""
    change: str | None = None
    for have, want in zip(lines, wanted, strict=True):
        have, want = have.rstrip(), want.rstrip()
        if not have or not want:
            if have != want:
                return None
            continue
        if have.endswith(want) and not have[: -len(want)].strip():
            this = have[: len(have) - len(want)]
        elif want.endswith(have) and not want[: -len(have)].strip():
            this = "-" + want[: len(want) - len(have)]
        else:
            return None
        if change not in (None, this):
            return None
        change = this
    return change


def _shifted(text: str, indent: str) -> str:
    if not indent:
        return text
    lines = text.splitlines(keepends=True)
    if indent.startswith("-"):
        return "".join(line.removeprefix(indent[1:]) for line in lines)
    return "".join(indent + line if line.strip() else line for line in lines)


def _anchored(
    bare: Sequence[str], wanted: Sequence[str], starts: Sequence[int]
) -> tuple[int, int, str] | str:
    """Find lines by their ends; what lies between must be about as long as what was searched for."""
    if len(wanted) < FEWEST_ANCHORED:
        return "does not match"
    first = [at for at, line in enumerate(bare) if line.rstrip() == wanted[0].rstrip()]
    last = [at for at, line in enumerate(bare) if line.rstrip() == wanted[-1].rstrip()]
    if len(first) != 1 or len(last) != 1 or not wanted[0].strip() or not wanted[-1].strip():
        return "does not match"
    size = last[0] + 1 - first[0]
    if size < 2 or abs(size - len(wanted)) > max(1, len(wanted) // 5):
        return "does not match"
    return starts[first[0]], starts[last[0] + 1], ""


def _as_ends(text: str, like: str) -> str:
    """Return `text` with the line ends of another."""
    return text.replace("\n", "\r\n") if "\r\n" in like else text


def _hint(path: str, text: str, search: str, reason: str) -> str:
    """Tell the model what it may have meant: the lines of the file most like what it searched for."""
    if reason.startswith("matches"):
        return f"The SEARCH of a block for {path} {reason}. Add lines around it until it is only one."
    lines, size = text.splitlines(), max(1, len(search.splitlines()))
    matcher = difflib.SequenceMatcher(None, "", search)
    best, at = 0.0, -1
    for start in range(max(1, len(lines) - size + 1)):
        matcher.set_seq1("\n".join(lines[start : start + size]))
        if matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
            best, at = ratio, start
    told = f"The SEARCH of a block for {path} is not in the file."
    if best < NEAR:
        return told + " Copy its lines exactly as they are."
    return f"{told} Did you mean these lines?\n" + "\n".join(lines[at : at + size])


def _path(above: str) -> str:
    """Return the path in the line above a block, without what models put around it."""
    text = re.sub(r"^(?:file(?:name)?|path)\s*:\s*", "", above.strip("#*`: \t"), flags=re.IGNORECASE)
    text = text.strip("*`: \t").replace("\\", "/")
    return text if re.fullmatch(r"[^\s<>\"|?*]{1,300}", text) or PATH.fullmatch(text) else ""


def _lines(lines: Sequence[str]) -> str:
    return "".join(line + "\n" for line in lines)
