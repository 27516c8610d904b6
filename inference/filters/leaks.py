"""What a model says that is no part of the file: its special tokens, its reasoning, its manners, other files.

What the document itself holds is no leak: a file about special tokens may name them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inference.filters.place import Place
from syntax.brackets import comment_mark, inside_text

_TOKEN = re.compile(
    r"<\|[a-z_]{2,30}\|>|<(?:fim|repo|file|gh|jupyter|issue|commit)[_-][a-z_]+>"
    r"|<\uff5c[^\uff5c\n]{1,40}\uff5c>"
    r"|▁?<(?:PRE|SUF|MID|EOT|EOM)>|\[/?(?:PREFIX|SUFFIX|MIDDLE|INST)\]|</?s>(?=\s*\Z)|</s>"
)
_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning|reflection|scratchpad)>(.*?)</\1>\n*", re.DOTALL)
_THINKS = re.compile(r"<(?:think|thinking|thought|reasoning|reflection|scratchpad)>")
_THOUGHT_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning|reflection|scratchpad)>\n*")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w+#.-]*[ \t]*$", re.MULTILINE)

CODE = frozenset(
    ("c", "cpp", "csharp", "go", "java", "javascript", "javascriptreact", "kotlin", "lua", "php", "python")
    + ("ruby", "rust", "scala", "swift", "typescript", "typescriptreact")
)
"""Languages in which a line is never an English sentence, outside strings and comments."""
_OPENING = re.compile(
    r"^\s*(?:(?:Sure|Certainly|Of course|Absolutely|Okay|Great question)\b[,.!:]?.*"
    r"|(?:Here(?:'s|\u2019s| is| are)|Below (?:is|are)|The following"
    r"|The (?:completed?|missing|corrected|updated|code"
    r"|function|method|above|final)|This (?:code|function|method|class|snippet|will|is|should|completes)"
    r"|I(?:'m|'ve|'ll| have| will| am| can| think| would)|You (?:can|should|need)"
    r"|To (?:complete|fix|implement|solve)"
    r"|Let me|Let's|Note that|Please note|In this"
    r"|We (?:need|can|will|should)|It (?:looks|seems)|As an AI)\b.*)$"
)
_SENTENCE = re.compile(r"^\s*(?:[*-] |\d+\. )?[A-Z][a-z']*(?:,? (?:[A-Za-z'\u2019-]+|`[^`\n]+`)){3,}[.:!?]$")
_LABEL = re.compile(
    r"^\s*(?:\*\*)?(?:Explanation|Answer|Response|Output|Completion|Solution)(?:\*\*)?:(?:\*\*)?\s*$"
)
_HEADING = re.compile(r"^#{2,4} [A-Z]")
_CODE_MARK = re.compile(r"[;{}=]|\)\s*$|\w\.\w")

_LICENCE = re.compile(
    r"Copyright (?:\(c\)|©|\d{4})|SPDX-License-Identifier|Licensed under the|All rights reserved"
    r"|Permission is hereby granted|GNU (?:Lesser |Affero )?General Public|Redistribution and use in source",
    re.IGNORECASE,
)
_COMMENT_LINE = re.compile(r"^\s*(?:#|//|--|/\*|\*|;|<!--)")
_PATH = re.compile(
    r"^\s*(?:#|//|--|/\*+|;|<!--)?\s*(?:(?:Path|File|Filename|filepath|path)\s*:\s*)?"
    r"(?:[\w.@-]+/)+[\w.@-]+\.[a-zA-Z]{1,5}\s*(?:\*/|-->)?\s*$"
)
_NAMED_FILE = re.compile(
    r"^\s*(?:#|//|--|/\*+)\s*(?:Path|File|Filename|filepath)\s*:\s*\S+\s*(?:\*/)?\s*$", re.IGNORECASE
)
_DIFF = re.compile(
    r"^(?:diff --git |@@ -\d+(?:,\d+)? \+\d+|--- (?:a/|/dev/null)|\+\+\+ (?:b/|/dev/null)"
    r"|index [0-9a-f]{7,}\.\."
    r"|<{7} |>{7} |\*\*\* (?:Begin|End|Update) )",
    re.MULTILINE,
)
_PLACEHOLDER = re.compile(
    r"^\s*(?:#|//|--|/\*)\s*(?:\.{3}|…)?\s*"
    r"(?:\[?(?:existing|rest of|remaining|your|the rest|add your|insert|more)\b"
    r".{0,20}\b(?:code|implementation|file|logic)\b(?: here| goes here| unchanged)?\]?)"
    r"\s*(?:\.{3}|…)?\s*(?:\*/)?\s*$",
    re.IGNORECASE,
)


def special_tokens(text: str, place: Place) -> str:
    """Cut at the first special token; those before any text are taken off."""
    for match in _TOKEN.finditer(text):
        if match[0] in place.prefix or match[0] in place.suffix:
            continue
        mark = text[match.start() - 1 : match.start()] if match.start() else ""
        listed = mark in ('"', "'", "`") and mark == text[match.end() : match.end() + 1]
        if listed and (_TOKEN.search(place.prefix) or _TOKEN.search(place.suffix)):
            continue
        before = text[: match.start()]
        if before.strip():
            return before
        return special_tokens(text[match.end() :], place)
    return text


def reasoning(text: str, place: Place) -> str:
    """Take out what was thought aloud; all of it where the thought has no end."""
    if "<" not in text or _THINKS.search(place.prefix[-2000:]):
        return text
    text = _THOUGHT.sub("", text)
    if opened := _THINKS.search(text):
        return text[: opened.start()]
    *_, last = [0, *(match.end() for match in _THOUGHT_ENDS.finditer(text))]
    return text[last:]


def unreadable(text: str, place: Place) -> str:
    """Cut at a control character or at a character that came in half."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = re.search(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffd]", text)
    return text[: found.start()] if found and found[0] not in place.prefix else text


def fences(text: str, place: Place) -> str:
    """Keep what a Markdown fence holds; text before it stays only if it is code."""
    if place.language in ("markdown", "plaintext", "restructuredtext") or place.kind != "code":
        return text
    if (
        len(text) > 2 and text[0] == text[-1] == "`" and text.count("`") == 2
        and place.language in CODE - {"go", "javascript", "javascriptreact", "typescript", "typescriptreact"}
    ):  # fmt: skip
        return text[1:-1]
    first = next(
        (m for m in _FENCE.finditer(text) if not inside_text(place.start, text, m.start(), place.language)),
        None,
    )
    if first is None:
        return text
    before, after = text[: first.start()], text[first.end() + 1 :]
    said = [line for line in before.split("\n") if line.strip()]
    if said and not all(_is_prose(line) for line in said):
        return before
    last = _FENCE.search(after)
    return after[: last.start()] if last else after


def prose(text: str, place: Place) -> str:
    """Take sentences off the beginning, and cut before the first one that follows code."""
    if place.language not in CODE or place.kind != "code":
        return text
    at, seen = 0, False
    for start, line in _lines(text):
        if not line.strip():
            continue
        heading = _HEADING.match(line) and comment_mark(place.language) != "#"
        if (heading or _is_prose(line)) and not inside_text(place.start, text, start, place.language):
            if seen:
                return text[at:start].lstrip("\n") if at else text[:start]
            at = min(len(text), start + len(line) + 1)
        else:
            seen = True
    return text[at:].lstrip("\n") if at else text


def licences(text: str, place: Place) -> str:
    """Take off a licence's header, and cut where one begins: another file begins there."""
    near = place.prefix[-3000:] + place.suffix[:1000]
    found = _LICENCE.search(text)
    if not found or _LICENCE.search(near):
        return text
    above = [row for row in place.prefix.split("\n") if row.strip()]
    if above and all(map(_COMMENT_LINE.match, above)):
        return text  # the comment a file begins with
    rows = text.split("\n")
    number = text.count("\n", 0, found.start())
    if number == 0 and place.kind == "comment":
        return ""
    if not (
        _COMMENT_LINE.match(rows[number]) or inside_text(place.start, text, found.start(), place.language)
    ):
        return text
    if not _COMMENT_LINE.match(rows[number]) and not _in_comment(rows, number):
        return text
    first = number
    while first and (_COMMENT_LINE.match(rows[first - 1]) or _in_comment(rows, first)):
        first -= 1
    if any(row.strip() for row in rows[:first]):
        return "\n".join(rows[:first])
    last = number + 1
    while last < len(rows) and (_COMMENT_LINE.match(rows[last]) or _in_comment(rows, last)):
        last += 1
    return "\n".join(rows[last:]).lstrip("\n")


def paths(text: str, place: Place) -> str:
    """Take off a line that only names a file, and cut where a later one begins another file."""
    if place.kind != "code":
        return text
    for start, line in _lines(text):
        if (start == 0 and place.head.strip()) or not (_PATH.match(line) or _NAMED_FILE.match(line)):
            continue
        if not _COMMENT_LINE.match(line) and place.language not in CODE:
            continue
        if inside_text(place.start, text, start, place.language):
            continue
        if text[:start].strip():
            return text[:start]
        return paths(text[start + len(line) + 1 :], place)
    return text


def diffs(text: str, place: Place) -> str:
    """Cut at the first header of a patch or mark of a merge."""
    found = _DIFF.search(text)
    if (
        not found
        or place.language in ("diff", "patch", "git-commit", "markdown")
        or _DIFF.search(place.prefix[-1000:])
    ):
        return text
    return text[: found.start()] if found.start() or not place.head else ""


def placeholders(text: str, place: Place) -> str:
    """Cut at a comment that stands for code the model did not want to write."""
    for start, line in _lines(text):
        if _PLACEHOLDER.match(line) and not (start == 0 and place.head.strip()):
            return text[:start]
    return text


def _is_prose(line: str) -> bool:
    if _LABEL.match(line):
        return True
    bare = re.sub(r"`[^`\n]*`", "it", line).rstrip()
    if _CODE_MARK.search(bare.rstrip(".:!")):
        return False
    return bool(
        _OPENING.match(line) and len(line.split()) > 2 or _OPENING.match(line) and line.rstrip()[-1] in ":.!,"
    ) or bool(_SENTENCE.match(line.rstrip()))


def _in_comment(rows: list[str], number: int) -> bool:
    """Tell whether a row stands inside a block comment that begins in the rows above it."""
    above = "\n".join(rows[:number])
    return above.rfind("/*") > above.rfind("*/")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1
