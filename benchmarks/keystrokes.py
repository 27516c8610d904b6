"""Recorded edits as a person would type them: jumps, deletions, keys, typing errors, the time between keys.

Hunks come in file order. What is left of a changed line stays: only the words that differ are retyped. Text
goes key by key, with the indentation an editor puts in by itself; up to 12 characters are removed by
backspacing, more with one command. Everything drawn is seeded by the commit, so that a replay is the same for
every client.

Inter-key intervals are log-normal around 160 ms: between the mean over 168,000 typists (about 240 ms) and the
fastest of them (about 120 ms) of Dhakal et al., Observations on Typing from 136 Million Keystrokes, CHI 2018.
The rest are assumptions: signs take 1.4 times as long, a line starts after 0.6 s, a hunk after 3.5 s of
reading and moving, a file after 6 s (medians). Three letters in two hundred go wrong and are noticed at most
two keys later; that makes about four backspaces in a hundred keys, of the order of that study's corrections.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from benchmarks.changes import Change, changes
from benchmarks.edits import Commit

KEY, SIGN, LINE, HUNK, FILE = 0.16, 0.22, 0.6, 3.5, 6.0
"""Median seconds before a letter or blank, a sign, a line's first key, a hunk, and work on a file."""
SPREAD = {KEY: 0.4, SIGN: 0.4, LINE: 0.7, HUNK: 0.7, FILE: 0.5}
"""Standard deviation of the logarithm."""
SHORTEST, LONGEST = 0.04, 20.0
REPEATED = 0.035
"""Seconds between repeats of a key held down."""
NOTICED = 0.3
"""Seconds until a typing error is noticed."""
ERROR_RATE = 0.015
BACKSPACED = 12
"""Characters; more are removed with one command."""

_OPENS_BLOCK = re.compile(r"[:{(\[]$|\b(then|do|else|repeat)$|\bfunction\b.*\)$")
_NEIGHBOURS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True)
class Open:
    """The editor opens a file, or goes back to it."""

    pause: float
    path: str
    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """In normal mode: go to an offset, and replace `length` characters after it by `text`."""

    pause: float
    at: int
    length: int = 0
    text: str = ""


@dataclass(frozen=True)
class Key:
    """In insert mode: `back` characters before the cursor go, `text` comes."""

    pause: float
    back: int
    text: str
    typed: int = 0
    """Characters of the run's text that stand there after this key, if `clean`."""
    clean: bool = True
    """Whether exactly these stand there: no typing error, no indentation of the editor's own."""


@dataclass(frozen=True)
class Run:
    """Keys typed at one place; together they put `text` there."""

    text: str
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Close:
    """The file is saved; the commit's last file also ends the work on all of them."""

    pause: float
    path: str
    last: bool


Step = Open | Command | Run | Close


def steps(commits: Iterable[Commit], seed: int = 1) -> Iterator[Step]:
    """Yield everything the typist does."""
    for commit in commits:
        rng = random.Random(f"{seed} {commit.id}")
        for number, file in enumerate(commit.files):
            yield Open(_pause(rng, FILE), file.path, file.language, file.before)
            text = file.before
            for change in changes(file):
                yield from _change_steps(text, change, rng)
                text = text[: change.at] + change.text + text[change.at + change.removed :]
            yield Close(_pause(rng, LINE), file.path, number == len(commit.files) - 1)


def seconds(step: Step) -> float:
    """How long a step takes a typist whom nobody helps."""
    return sum(key.pause for key in step.keys) if isinstance(step, Run) else step.pause


def after(commits: Sequence[Commit], minutes: float) -> Sequence[Commit]:
    """Return the commits left after so many minutes of typing, at least one."""
    left = minutes * 60
    for number, commit in enumerate(commits[:-1]):
        if left <= 0:
            return commits[number:]
        left -= sum(map(seconds, steps([commit])))
    return commits[-1:]


def prefix(everything: Iterable[Step], minutes: float) -> Iterator[Step]:
    """Yield the steps of the first `minutes`; the last run of keys may be cut."""
    left = minutes * 60
    for step in everything:
        if left <= 0:
            return
        if isinstance(step, Run) and seconds(step) > left:
            ends = accumulate(key.pause for key in step.keys)
            step = replace(
                step, keys=tuple(key for key, end in zip(step.keys, ends, strict=True) if end <= left)
            )
            left = 0.0
        left -= seconds(step)
        yield step


def _change_steps(text: str, change: Change, rng: random.Random) -> Iterator[Step]:
    """Go there, remove, type. Whole lines come below the line before them, as an editor opens them."""
    at, removed, new = change.at, change.removed, change.text
    gone = text[at : at + removed]
    pause = _pause(rng, HUNK)
    if removed and ("\n" in gone or removed > BACKSPACED):
        yield Command(pause, at, removed)
        text, removed, pause = text[:at] + text[at + removed :], 0, _pause(rng, LINE)
    if not new and not removed:
        return
    if not removed and new.endswith("\n") and (at == 0 or text[at - 1] == "\n"):
        if at == 0:
            yield Command(pause, 0, 0, "\n" if text else "")
            new = new[:-1] if text else new
        else:
            yield Command(pause, at - 1)
            at, new = at - 1, "\n" + new[:-1]
    else:
        yield Command(pause, at + removed)
    before = text[: at + removed]
    keys = [*_backspaces(removed, rng), *_typed(before[: len(before) - removed], new, rng)]
    if keys:
        yield Run(new, tuple(keys))


def _backspaces(count: int, rng: random.Random) -> Iterator[Key]:
    for number in range(count):
        pause = _pause(rng, LINE) if number == 0 else _pause(rng, KEY) if number == 1 else REPEATED
        yield Key(pause, 1, "", clean=number == count - 1)


def _typed(before: str, text: str, rng: random.Random) -> Iterator[Key]:
    """Keys that put `text` behind `before`."""
    unit, at = _indent_unit(before, text), 0
    extra = ""  # the editor's indentation on an empty line, which goes with the next Enter
    slow = True  # the first key of a line or a place
    while at < len(text):
        if text[at] == "\n":
            auto = _auto_indent(before + text[:at], unit)
            at += 1
            wanted = text[at : len(text) - len(text[at:].lstrip(" \t"))]
            empty = text[at : at + 1] in ("", "\n")
            yield from _enter(at, auto, auto if empty else wanted, unit, len(extra), rng, clean=not empty)
            extra, at, slow = auto if empty else "", at + len(wanted), True
            continue
        if text[at].isalpha() and rng.random() < ERROR_RATE:
            yield from _error(text, at, rng, slow)
            slow = False
        kind = LINE if slow else KEY if text[at].isalnum() or text[at] == " " else SIGN
        at += 1
        yield Key(_pause(rng, kind), 0, text[at - 1], at)
        slow = False
    if extra:
        yield Key(_pause(rng, KEY), len(extra), "", at)


def _enter(
    at: int, auto: str, wanted: str, unit: str, stale: int, rng: random.Random, clean: bool
) -> Iterator[Key]:
    """Enter, and then the keys that turn the editor's indentation into the wanted one, a level a key.

    `at` is where the new line starts in the run's text, `stale` how much indentation the empty line before
    loses; an indentation nobody wanted (on a line that stays empty) is not clean.
    """
    typed = at + len(wanted) if clean else at
    yield Key(_pause(rng, KEY), stale, "\n" + auto, typed, clean=auto == wanted if clean else not auto)
    while not wanted.startswith(auto):
        back = min(len(unit), len(auto))
        auto = auto[: len(auto) - back]
        yield Key(_pause(rng, KEY), back, "", typed, clean=auto == wanted)
    while auto != wanted:
        added = wanted[len(auto) :][: len(unit)]
        auto += added
        yield Key(_pause(rng, KEY), 0, added, typed, clean=auto == wanted)


def _error(text: str, at: int, rng: random.Random, slow: bool) -> Iterator[Key]:
    """A wrong letter, up to two more before it is noticed, and as many backspaces."""
    row = next((row for row in _NEIGHBOURS if text[at].lower() in row), "etaoin")
    place = row.find(text[at].lower())
    wrong = row[place - 1] if place > 0 else row[1]
    following = text[at + 1 : at + 1 + rng.randrange(3)].partition("\n")[0]
    for number, char in enumerate(wrong + following):
        yield Key(_pause(rng, LINE if slow and number == 0 else KEY), 0, char, at, clean=False)
    for number in range(1 + len(following)):
        pause = _pause(rng, KEY) + (NOTICED if number == 0 else 0.0)
        yield Key(pause, 1, "", at, clean=number == len(following))


def _auto_indent(before: str, unit: str) -> str:
    """What an editor puts at the start of the next line: the indentation above, one more after an opener."""
    line = next((line for line in reversed(before.split("\n")) if line.strip()), "")
    indent = line[: len(line) - len(line.lstrip())]
    return indent + unit if _OPENS_BLOCK.search(line.rstrip()) else indent


def _indent_unit(before: str, text: str) -> str:
    if re.search(r"^\t", before + text, re.MULTILINE):
        return "\t"
    widths = [len(found) for found in re.findall(r"^( +)\S", before + "\n" + text, re.MULTILINE)]
    return "  " if any(width % 4 == 2 for width in widths) and min(widths) == 2 else "    "


def _pause(rng: random.Random, median: float) -> float:
    return min(LONGEST, max(SHORTEST, median * rng.lognormvariate(0.0, SPREAD[median])))
