"""Which of the text around a cursor is worth parsing: from where a definition begins, in whole lines.

A window that starts in the middle of a string is ten times slower to parse, and its errors say nothing.
"""

from __future__ import annotations

import re
from itertools import islice

from syntax.brackets import CLOSER_OF, Bracket

BEFORE_CHARACTERS = 2500
"""What is parsed before the cursor at most; 10,000 parsed characters take about 1 ms."""
AFTER_CHARACTERS = 800
_OPENS = re.compile(r"(?:[{(\[:]|\b(?:do|then|else))$")
_GOES_ON = r"(?:else|elseif|elif|except|finally|catch|case|default|until)\b"
_TOP = re.compile(r"^(?=[A-Za-z_@#<$/])", re.MULTILINE)
_QUOTES = re.compile(r'"""|\'\'\'')
_STARS = re.compile(r"^[ \t]*/\*", re.MULTILINE)
_STARRED = re.compile(r"[ \t]*\*(?!\w)")
_NO_STARS = frozenset(("lua", "ruby", "sh", "shellscript", "yaml", "toml", "html", "json"))
_LINE = re.compile(r"^([ \t]*)(\S[^\n]*)", re.MULTILINE)
_MEMBER = re.compile(
    r"(?:public|private|protected|static|readonly|async|get|set|pub|fn|constructor)\b|@\w"
    r"|[#\w$]+\([^;=]*\)[^;=]*\{$"
)
_MEMBERS_IN = {"java": "class A {\n", "csharp": "class A {\n", "rust": "impl A {\n"} | dict.fromkeys(
    ("javascript", "javascriptreact", "typescript", "typescriptreact"), "class A {\n"
)
_CONDITION = re.compile(r"^[ \t]*#[ \t]*(if|endif)", re.MULTILINE)


def useful_before(prefix: str, language: str, suffix: str = "") -> str:
    """Return the end of `prefix` from a line where a definition can begin: one that is not indented.

    Where there is none, or only inside a comment or docstring, what it is in is opened again.
    """
    start = max(0, len(prefix) - BEFORE_CHARACTERS)
    text = prefix + suffix[:AFTER_CHARACTERS]
    if start:
        start = prefix.find("\n", start) + 1 or start
    elif not prefix[:1].isspace() and not cut_text(text, 0, language):
        return prefix
    last = prefix.rfind("\n")
    for found in islice(_TOP.finditer(prefix, start), 40):
        if found.start() >= last:
            break
        if not cut_text(text, found.start(), language):
            return prefix[found.start() :]
    if opened := cut_text(text, start, language):
        return ("if 1:\n" if language == "python" else "") + opened + prefix[start:]
    return _wrapped(prefix[start:], language)


def _wrapped(text: str, language: str) -> str:
    """Return the end of a text from its first line that is not indented deeper than others, in a block."""
    lines = [found for found in _LINE.finditer(text) if found.start() <= text.rfind("\n")]
    if not lines:
        return text
    least = min(len(found[1]) for found in lines)
    outer = [found for found in lines if len(found[1]) == least]
    first = next((found for found in outer if not re.match(rf"[)}}\]]|{_GOES_ON}|end\b", found[2])), outer[0])
    head = "if 1:\n" if language == "python" and least else ""
    if least and any(_MEMBER.match(found[2]) for found in outer):
        head = _MEMBERS_IN.get(language, head)
    return head + text[first.start() :]


def cut_text(text: str, at: int, language: str) -> str:
    """Return how the comment or docstring began that index `at` is in, by reading no more than its marks."""
    if language == "python":
        marks = list(_QUOTES.finditer(text))
        inside = bool(marks) and _ends_docstring(text, marks[0])
        before = sum(mark.start() < at for mark in marks)
        return marks[0][0] if marks and inside != bool(before % 2) else ""
    if language in _NO_STARS:
        return ""
    *_, opened = [-1, *(match.start() for match in _STARS.finditer(text, 0, at))]
    if opened >= 0:
        return "" if "*/" in text[opened:at] else "/*"
    ended = text.find("*/", at)
    follows = _STARS.search(text, at)
    goes_on = bool(re.match(r"[ \t]*\*", text[at:])) if ended < 0 else not follows or follows.start() > ended
    return "/*" if goes_on and "*/" not in text[:at] and _STARRED.match(text, at) else ""


def _ends_docstring(text: str, mark: re.Match[str]) -> bool:
    """Tell whether the first mark of a text ends a docstring that began above it."""
    above, _, left = text[: mark.start()].rpartition("\n")
    right = text[mark.end() : mark.end() + 200].split("\n")[0]
    if left.strip():
        return not re.search(r"[=(,:\[+{%rfbuRFBU]\s*$|return\s*$", left)
    above = above.rstrip()
    return not right.strip() and bool(above) and not above.endswith((":", "(", "=", ",", "["))


def conditional(before: str, around: str) -> str:
    """Return `before` with C's #if opened that stand above the window, and two that a text may yet close."""
    return "#if 1\n" * (open_conditions(around)[0] + 2) + before


def open_conditions(text: str) -> tuple[int, int]:
    """Return how many #endif have no #if, and how many #if no #endif."""
    stray = opened = 0
    for found in _CONDITION.finditer(text):
        if found[1] == "if":
            opened += 1
        elif opened:
            opened -= 1
        else:
            stray += 1
    return stray, opened


def useful_after(suffix: str) -> str:
    """Return the beginning of `suffix`, in whole lines."""
    if len(suffix) > AFTER_CHARACTERS:
        end = suffix.rfind("\n", 0, AFTER_CHARACTERS)
        suffix = suffix[:end] if end >= 0 else suffix[:AFTER_CHARACTERS]
    while (end := suffix.rstrip().rfind("\n")) > 0 and _OPENS.search(suffix[end:].rstrip()):
        suffix = suffix[:end]  # what this line opens has been cut off
    return suffix


def cut_off(text: str, opened: tuple[Bracket, ...]) -> str:
    """Return what closes the brackets that the end of a window has cut off, of those it leaves open.

    A bracket is cut off, not missing, where every line after it is indented deeper than its own.
    """
    last = text[text.rfind("\n") + 1 :]
    if not last[:1].isspace():
        return ""
    return "".join(
        f"\n{b.indent}{CLOSER_OF[b.character]}"
        for b in reversed(opened)
        if b.character != "repeat" and stays_inside(text, b)
    )


def stays_inside(text: str, opener: Bracket) -> bool:
    """Tell whether every line after a bracket's is indented deeper, or goes on like `else`."""
    line_end = text.find("\n", opener.at)
    if line_end < 0:
        return False
    least = len(opener.indent)
    outside = rf"\n(?![ \t]{{{least}}}{_GOES_ON})[ \t]{{0,{least}}}(?![ \t\n])"
    return not re.compile(outside).search(text, line_end)
