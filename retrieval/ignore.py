"""Patterns of ignore files, in git's syntax and with git's answers.

A pattern is asked about one entry of a folder and never about what is inside: whoever walks does not enter
what is ignored. So nested files have their precedence; a match by way of a parent folder would break it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

LARGEST = 500_000
"""Bytes of an ignore file that are read."""
CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": " \\t", "cntrl": "\\x00-\\x1f\\x7f", "digit": "0-9",
    "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~", "space": "\\t-\\r ",
    "upper": "A-Z", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


class Patterns:
    """The patterns of one ignore file, compiled once."""

    def __init__(self, lines: Iterable[str], base: str = "") -> None:
        """Compile patterns that count from the folder `base`: a path with a slash at its end, or empty."""
        self.base = len(_in_bytes(base))
        self._rules: list[tuple[re.Pattern[str], bool, bool, bool]] = []
        names: list[str] = []
        paths: list[str] = []
        self._reached: set[str] = set()
        for line in lines:
            kept, negated, folder, floating, pattern = _read(line)
            if not kept:
                continue
            try:
                pattern = _in_bytes(pattern)
                source = translated(pattern)
                compiled = re.compile(source, re.DOTALL)
            except (ValueError, re.error):  # git matches nothing with such a pattern either
                continue
            self._rules.append((compiled, not negated, folder, floating))
            (names if floating else paths).append(f"(?:{source})")
            if not floating and not negated:
                self._reached.update(_fixed_folders(pattern))
        self._rules.reverse()
        self._name = re.compile("|".join(names), re.DOTALL).fullmatch if names else None
        self._path = re.compile("|".join(paths), re.DOTALL).fullmatch if paths else None

    def __bool__(self) -> bool:
        return bool(self._rules)

    def verdict(self, path: str, name: str, folder: bool) -> bool | None:
        """Tell whether the last pattern that matches an entry takes it (True), takes it back, or none does.

        `path` counts from where `base` does, without a slash at its end; `name` is its last part.
        """
        if not path.isascii():
            path, name = _in_bytes(path), _in_bytes(name)
        if not (self._name and self._name(name)) and not (self._path and self._path(path, self.base)):
            return None  # the usual case, in one step
        for pattern, takes, only_folders, floating in self._rules:
            if only_folders and not folder:
                continue
            if pattern.fullmatch(name) if floating else pattern.fullmatch(path, self.base):
                return takes
        return None

    def leads_on(self, path: str) -> bool:
        """Tell whether a pattern names something inside the folder `path`."""
        return _in_bytes(path)[self.base :] in self._reached


def read(file: Path, base: str = "") -> Patterns | None:
    """Return the patterns of an ignore file; None if there is no such file, or nothing in it."""
    try:
        status = os.stat(file)
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
            return None
        return _compiled(str(file), base, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=256)
def _compiled(file: str, base: str, *_: int) -> Patterns | None:
    """Return the patterns of a file as it is at this time: changed files are asked about one by one."""
    with open(file, "rb") as opened:
        content = opened.read(LARGEST)
    lines = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    return Patterns(lines, base) or None


@lru_cache(maxsize=64)
def compiled(lines: tuple[str, ...], base: str) -> Patterns:
    """Return the patterns of a setting."""
    return Patterns(lines, base)


def _read(line: str) -> tuple[bool, bool, bool, bool, str]:
    """Take a line apart: is it a pattern, negated, of folders only, of names anywhere; and its rest."""
    line = line.removesuffix("\r")
    end = len(line)
    while end and line[end - 1] == " ":
        if (end - 1 - len(line[: end - 1].rstrip("\\"))) % 2:  # an escaped space stays
            break
        end -= 1
    line = line[:end]
    if not line or line.startswith("#"):
        return False, False, False, False, ""
    negated = line.startswith("!")
    line = line[negated:]
    folder = line.endswith("/")
    line = line[: len(line) - folder]
    floating = "/" not in line
    line = line.removeprefix("/")
    return bool(line), negated, folder, floating, line


def _fixed_folders(pattern: str) -> Iterable[str]:
    """Yield the folders a pattern spells out: `a` and `a/b` of `a/b/*.py`."""
    parts = pattern.split("/")[:-1]
    for count, part in enumerate(parts, 1):
        if set(part) & set("*?[\\"):
            return
        yield "/".join(parts[:count])


def _in_bytes(text: str) -> str:
    """Return a text of one letter for each byte: to git `?` is a byte, and a set is one of bytes."""
    return text if text.isascii() else os.fsencode(text).decode("latin-1")


def translated(pattern: str) -> str:
    """Return a pattern as a regular expression of a whole path. Raises ValueError for one git cannot use."""
    found: list[str] = []
    at, end = 0, len(pattern)
    while at < end:
        letter = pattern[at]
        if letter == "*":
            stars = at
            while at < end and pattern[at] == "*":
                at += 1
            whole = at - stars >= 2 and (stars == 0 or pattern[stars - 1] == "/")  # git takes *** for **
            if whole and at == end:
                found.append(".*")
            elif whole and pattern[at] == "/":
                found.append("(?:.*/)?")
                at += 1
            else:
                found.append("[^/]*")
            continue
        at += 1
        if letter == "?":
            found.append("[^/]")
        elif letter == "[":
            source, at = _set(pattern, at)
            found.append(source)
        elif letter == "\\":
            if at == end:
                raise ValueError("nothing is escaped")
            found.append(re.escape(pattern[at]))
            at += 1
        else:
            found.append(re.escape(letter))
    return "".join(found)


def _set(pattern: str, at: int) -> tuple[str, int]:
    """Translate `[…]` from behind its bracket; return the expression and where the pattern goes on."""
    negated = pattern[at : at + 1] in ("!", "^") and bool(pattern[at : at + 1])
    at += negated
    members: list[str] = []
    first = True
    while True:
        if at >= len(pattern):
            raise ValueError("a set is not closed")
        if pattern[at] == "]" and not first:
            break
        first = False
        if pattern.startswith("[:", at) and (close := pattern.find(":]", at)) > 0:
            if pattern[at + 2 : close] not in CLASSES:
                raise ValueError("no such class")
            members.append(CLASSES[pattern[at + 2 : close]])
            at = close + 2
            continue
        low, at = _member(pattern, at)
        if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in ("", "]"):
            high, at = _member(pattern, at + 1)
            if low <= high:  # git's is empty otherwise
                members.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            members.append(re.escape(low))
    inside = "".join(members)
    if not inside:
        return ("[^/]" if negated else "(?!)"), at + 1
    return f"(?!/)[{'^' * negated}{inside}]", at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    """Return one letter of a set, which may be escaped, and where the pattern goes on."""
    at += pattern[at] == "\\"
    if at >= len(pattern):
        raise ValueError("a set is not closed")
    return pattern[at], at + 1
