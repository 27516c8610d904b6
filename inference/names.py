"""How likely each member of a receiver is where one begins, in nats: by the line so far, the lines round it
and the member's signature. What the model itself says of the names is no part of it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

NEAR_BEFORE, NEAR_AFTER = 8, 4
"""Lines before and after the cursor's whose words count as near."""
WORDS_BEFORE = 1500
"""Characters before the cursor whose words may be arguments."""
SHORTEST = 3
"""Characters of a part that is compared; shorter ones are everywhere."""
MOST_USES, LAST_RANK = 8, 40
"""More uses, or a place further down the list, say no more."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WORD = re.compile(r"[^\W\d]\w*")
_ENTRY = re.compile(r"([^(:]+)(?:\((.*)\)(?: -> (.*))?|: (.*))?$", re.DOTALL)
_USE = re.compile(r"([\w$\])]+)(?:\?\.|->|::|\.)#?(?=([\w$]+))")
_FUNCTION = re.compile(r"\b(?:def|function|func|fn|fun)\s+(\w+)")
_ANNOTATION = r"(?:\s*:\s*[\w\[\], .|<>]+)?"
_TARGET = re.compile(
    rf"(?:([\w$]+)[\])\"']*{_ANNOTATION}\s*(?:[-+*/|&:?]|\?\?|\|\|)?="  # assigned, or passed by name
    r"|[\"']?([\w$]+)[\"']?\s*:"  # a key
    r"|\b(?:for|each)\b\W*(?:const\s+|let\s+|var\s+)?([\w$]+)\s+(?:in|of)"
    r"|([\w$]+)\s*(?:[=!]==?|[<>]=?|\bis|\bis not|\bin|\bnot in))"  # compared
    r"\s*\(?(?:await\s+|new\s+|not\s+|!)?$"
)
"""The name right before the receiver that says what is wanted of it."""
_CONTEXTS = {
    "statement": re.compile(r"^\s*(?:await\s+)?$"),
    "condition": re.compile(
        r"\b(?:if|elif|while|assert|not|unless|until|and|or)\b\s*\(?\s*(?:not\s+|!)?$|(?:&&|\|\||[^=]!)\s*$"
    ),
    "loop": re.compile(r"\bfor\b.*\b(?:in|of)\s+\(?$|\bfor\s*\(.*:\s*$"),
    "assigned": re.compile(
        rf"^\s*(?:(?:const|let|var|final|auto|val)\s+)?[\w.$,\s\[\]]+{_ANNOTATION}\s*:?=\s*(?:await\s+)?$"
    ),
    "value": re.compile(r"(?:\breturn\b|\byield\b|=>)\s*(?:await\s+)?$"),
    "argument": re.compile(r"[(,\[{=:]\s*(?:await\s+)?$"),
}
_NOTHING = frozenset(("None", "void", "()", "NoReturn", "never", "Unit", "undefined", "Promise<void>"))
_TRUTH = frozenset(("bool", "boolean", "Boolean", "Promise<boolean>"))
_MANY = re.compile(
    r"\b(?:[Ll]ist|Sequence|Iterable|Iterator|Generator|AsyncIterator|[Tt]uple|[Ss]et|frozenset|[Dd]ict|Mapping"
    r"|Array|Map|Vec|Collection|Counter|deque)\b|\[\]|^\[|^\("
)
_NUMBER = re.compile(r"^(?:int|float|number|complex|[iuf]\d+|[iu]size|long|double)$")
_TEXT = re.compile(r"^(?:str|bytes|string|String|&str|Path)$")
_NUMBERS = frozenset((
    "bit", "count", "delay", "depth", "factor", "height", "idx", "index", "len", "length", "limit", "max",
    "min", "num", "number", "offset", "port", "second", "size", "step", "threshold", "timeout", "total",
    "verbosity", "width",
))  # fmt: skip
_TEXTS = frozenset((
    "description", "domain", "filename", "fullname", "host", "hostname", "label", "message", "name",
    "password", "platform", "prefix", "reason", "scheme", "string", "suffix", "text", "title", "url",
    "username",
))  # fmt: skip
"""Last parts of names that hold a number or a text in most annotations of 35 packages of PyPI."""
_TRUTHS = frozenset(("is", "has", "can", "should"))


class Member(NamedTuple):
    """An entry of a list of members, taken apart."""

    name: str
    parts: frozenset[str]
    kind: str
    """Of an attribute `attribute` or `flag`, of what is called `class` or what it returns."""
    of: frozenset[str]
    """Parts of the type it holds or returns."""
    parameters: tuple[str, ...] = ()
    """Those that have to be passed."""


def parts(text: str) -> frozenset[str]:
    """Return the parts of a text's identifiers, in lower case and the singular: `getRows` is get, row."""
    return frozenset(_singular(part.lower()) for part in _PARTS.findall(text) if len(part) >= SHORTEST)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@lru_cache(4096)
def member(entry: str) -> Member:
    """Take apart `name`, `name: type`, `name(parameters)` or `name(parameters) -> type`."""
    found = _ENTRY.match(entry)
    name, given, returned, held = found.groups() if found else (entry, None, None, None)
    if given is None:
        return Member(name, parts(name), "flag" if held in _TRUTH else "attribute", parts(held or ""))
    needed = (_WORD.search(one) for one in _parameters(given) if "=" not in one and "*" not in one)
    names = tuple(one[0] for one in needed if one)
    kind = "class" if given == "…" else _kind(returned.strip()) if returned else "unknown"
    return Member(name, parts(name), kind, parts(returned or ""), names)


def bare(entry: str) -> str:
    """Return the name of an entry."""
    return member(entry).name


def _kind(type: str) -> str:
    if type in _NOTHING:
        return "nothing"
    if type in _TRUTH:
        return "truth"
    if _MANY.search(type):
        return "many"
    return "number" if _NUMBER.match(type) else "text" if _TEXT.match(type) else "object"


def _wanted(target: str) -> str:
    """Return the kind of what a name says that it holds; empty if it says nothing."""
    words = [word.lower() for word in _PARTS.findall(target)]
    last = _singular(words[-1]) if words else ""
    if words and words[0] in _TRUTHS:
        return "truth"
    if last in _NUMBERS:
        return "number"
    if words and words[-1] != last:
        return "many"
    return "text" if last in _TEXTS else ""


def _parameters(given: str) -> list[str]:
    """Cut at the commas that are in no brackets."""
    found, depth, start = [], 0, 0
    for at, sign in enumerate(given):
        depth += (sign in "([{<") - (sign in ")]}>")
        if sign == "," and depth <= 0:
            found.append(given[start:at])
            start = at + 1
    return [*found, given[start:]]


@dataclass(frozen=True)
class Around:
    """The text round a request's cursor; what is read off it is read once."""

    prefix: str = ""
    suffix: str = ""

    @cached_property
    def near(self) -> frozenset[str]:
        """Parts of the words of near lines."""
        before = self.prefix.split("\n")[-1 - NEAR_BEFORE : -1]
        return parts(" ".join([*before, *self.suffix.split("\n")[1 : 1 + NEAR_AFTER]]))

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self.prefix[-WORDS_BEFORE:]))

    @cached_property
    def uses(self) -> Counter[tuple[str, str]]:
        """How often which member follows which name."""
        return Counter([*_USE.findall(self.prefix), *_USE.findall(self.suffix)])

    @cached_property
    def used(self) -> Counter[str]:
        """How often a name is a member of anything."""
        counts: Counter[str] = Counter()
        for (_, name), times in self.uses.items():
            counts[name] += times
        return counts


MODEL = 0.3
"""Weight of what the model says of a name's tokens: on names of the project it knows little."""
WEIGHTS = {
    "target in name": 2.5,
    "target in type": 2.2,
    "rank": -1.2,
    "line": 0.9,
    "wanted": 0.9,
    "name in target": 0.8,
    "near": 0.8,
    "used here": 0.7,
    "used elsewhere": 0.2,
}
BY_PLACE = {
    "statement": {"nothing": 1.7, "attribute": 1.1, "unknown": 0.8, "object": 0.6, "class": -0.2,
                  "truth": -0.8, "text": -0.9, "number": -1.2, "many": -1.3},
    "condition": {"truth": 2.5, "flag": 0.7, "attribute": 0.6, "unknown": 0.3, "text": -0.4,
                  "many": -0.6, "object": -0.7, "number": -0.8, "nothing": -1.5},
    "loop": {"many": 2.2, "attribute": 1.0, "class": -0.2, "object": -0.2, "flag": -0.3,
             "text": -0.4, "truth": -0.5, "number": -0.8, "nothing": -1.0},
    "assigned": {"text": 1.4, "number": 1.3, "class": 0.6, "object": 0.5, "unknown": 0.2,
                 "many": -0.3, "flag": -0.7, "truth": -1.0, "nothing": -1.9},
    "value": {"object": 0.9, "text": 0.4, "attribute": 0.3, "number": -0.2,
              "nothing": -0.4, "truth": -0.5, "flag": -0.7},
    "argument": {"class": 1.0, "text": 0.9, "object": 0.4, "attribute": 0.3, "unknown": -0.3,
                 "nothing": -0.5, "number": -0.5, "flag": -0.6, "truth": -0.6},
    "other": {"attribute": 0.7, "class": 0.7, "object": 0.7, "many": 0.6, "flag": -0.2,
              "truth": -0.3, "nothing": -0.6, "text": -0.6, "unknown": -1.0},
}  # fmt: skip
"""Nats of a kind of member where the receiver stands in a kind of place."""
_NATS = WEIGHTS | {
    f"{place}, {kind}": nats for place, its in BY_PLACE.items() for kind, nats in its.items()
}


def features(entries: tuple[str, ...], receiver: str, head: str, around: Around) -> list[dict[str, float]]:
    """Return what speaks for each entry after `receiver`, where `head` is the line before it."""
    context = next((name for name, pattern in _CONTEXTS.items() if pattern.search(head)), "other")
    found = _TARGET.search(head)
    target = next((name for name in found.groups() if name), "") if found else ""
    aim, wanted = parts(target), _wanted(target)
    line, last = parts(f"{head} {receiver}") - aim, re.split(r"[^\w$]+", receiver.rstrip(")"))[-1]
    made = []
    for rank, entry in enumerate(entries):
        one = member(entry)
        its = {f"{context}, {one.kind}": 1.0, "rank": min(rank / LAST_RANK, 1.0)}
        its["wanted"] = float(bool(wanted) and wanted == one.kind)
        if aim:
            both = len(aim & one.parts)
            its["target in name"] = both / max(len(aim), 1)
            its["name in target"] = both / max(len(one.parts), 1)
            its["target in type"] = len(aim & one.of) / len(aim)
        if one.parts:
            its["line"] = len(line & one.parts) / len(one.parts)
            its["near"] = len(around.near & one.parts) / len(one.parts)
        here = around.uses[last, one.name]
        its["used here"] = min(here, MOST_USES) ** 0.5
        its["used elsewhere"] = float(around.used[one.name] > here)
        if one.parameters:
            its["arguments"] = sum(name in around.words for name in one.parameters) / len(one.parameters)
        made.append(its)
    return made


def likely(entries: tuple[str, ...], receiver: str, head: str, around: Around) -> list[float]:
    """Return how likely each entry is after `receiver`, in nats; only differences count."""
    return [
        sum(_NATS[name] * value for name, value in its.items() if name in _NATS)
        for its in features(entries, receiver, head, around)
    ]
