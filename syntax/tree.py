"""The text around a cursor as tree-sitter sees it: errors, what stands at the cursor, the block around it.

Only a few thousand characters are parsed, cut where a definition begins: a window that starts in the middle
of a string is ten times slower to parse, and its errors say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from syntax.brackets import CLOSER_OF, Bracket, Kind, Scan, scan
from syntax.languages import parser

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

BEFORE_CHARACTERS = 2500
"""What is parsed before the cursor at most; 10,000 parsed characters take about 1 ms."""
AFTER_CHARACTERS = 800

_BLOCK = re.compile(
    r"(^|_)(block|body|suite|compound_statement|declaration_list|switch_body|match_block|statement_list)$"
)
_OPENS = re.compile(r"(?:[{(\[:]|\b(?:do|then|else))$")
_STRING = re.compile(r"string|template|heredoc|char_literal|character_literal|rune_literal")
_INSIDE_CODE = re.compile(r"interpolation|template_substitution|command_substitution")
_NO_BLOCK = (
    "pair",
    "slice",
    "type",
    "lambda",
    "dictionary",
    "typed_parameter",
    "keyword_separator",
    "label_name",
)
CLOSING_MARK = {'"""': '"""', "'''": "'''", "/*": "*/", "--[[": "]]", "[[": "]]", "`": "`"}
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


@dataclass(frozen=True, eq=False)
class Around:
    """A parsed window. `cursor` is the index in bytes of `before + after` where a text would go."""

    language: str
    before: str
    after: str
    cursor: int
    tree: Tree
    errors: int
    """ERROR and MISSING nodes as it stands."""
    read: Scan
    """What reading `before` has found."""
    unclosed: str
    """How the string or comment began that the window ends in; empty where it ends in code."""


@lru_cache(maxsize=8)
def around(prefix: str, suffix: str, language: str) -> Around | None:
    """Parse what is useful of a window; None for a language without a grammar."""
    ours = parser(language)
    if ours is None:
        return None
    before, after = useful_before(prefix, language, suffix), useful_after(suffix)
    if language in ("c", "cpp"):
        before = conditional(before, before + after)
    read = scan(before, language)
    end = _end(before, after, language, read)
    unclosed = "" if end.kind == "code" else end.delimiter
    if unclosed == "/*" and not after.rstrip().rpartition("\n")[2].lstrip().startswith("*"):
        unclosed = ""  # it is not cut off: code follows what was begun
    tree = ours.parse(_whole(before, after, language, end, unclosed))
    cursor = len(before.encode("utf-8", "replace"))
    return Around(language, before, after, cursor, tree, count_errors(tree), read, unclosed)


@lru_cache(maxsize=16)
def parsed_with(place: Around, text: str) -> Tree:
    """Parse the window with `text` at the cursor."""
    ours = parser(place.language)
    assert ours is not None
    after = text + place.after
    end = _end(place.before, after, place.language, place.read)
    return ours.parse(_whole(place.before, after, place.language, end, place.unclosed))


def _whole(before: str, after: str, language: str, end: Scan, unclosed: str) -> bytes:
    """Return what is parsed: what the window has cut off is closed. `end` is what reading it found."""
    text = (before + after).rstrip()
    if end.kind != "code":
        text += CLOSING_MARK.get(end.delimiter, "") if end.delimiter == unclosed else ""
    text += cut_off(text, end.opened)
    if language in ("c", "cpp"):
        text += "\n#endif" * _depth(text)[1]
    return f"{text}\n".encode("utf-8", "replace")


def _end(before: str, after: str, language: str, read: Scan) -> Scan:
    after = after.rstrip()
    if read.kind == "code":
        return scan(before + after, language, len(before), read.opened)
    return scan(before + after, language)


@lru_cache(maxsize=64)
def error_delta(place: Around, text: str) -> int:
    """Return how many ERROR and MISSING nodes the window gets by `text` at the cursor; negative if fewer."""
    return count_errors(parsed_with(place, text)) - place.errors


@lru_cache(maxsize=8)
def understood(place: Around) -> bool:
    """Tell whether what stands above the cursor's line parses, with what it leaves open closed.

    It may not, though it is right: macros, dialects, a window that begins at the wrong place. What stands
    after the last blank line may be unfinished, as a decorator is.
    """
    above = place.before[: place.before.rfind("\n") + 1].rstrip()
    return _parses(above, place.language) or _parses(above[: above.rfind("\n\n")], place.language)


def _parses(above: str, language: str) -> bool:
    """Tell whether the beginning of a file has no errors once what it leaves open is closed."""
    ours = parser(language)
    assert ours is not None
    read = scan(f"{above}\n", language)
    if read.kind != "code":
        return False
    if language == "python" and above.endswith(":"):
        line = above[above.rfind("\n") + 1 :]
        above += f"\n{line[: len(line) - len(line.lstrip())]} pass"
    above += "".join(f"\n{b.indent}{CLOSER_OF[b.character]}" for b in reversed(read.opened))
    if language in ("c", "cpp"):
        above += "\n#endif" * _depth(above)[1]
    return not ours.parse(f"{above}\n".encode("utf-8", "replace")).root_node.has_error


def left_open(place: Around, text: str) -> bool:
    """Tell whether a bracket of `text` stays open, as far as the window goes."""
    whole = (place.before + text + place.after).rstrip()
    start, end = len(place.before), len(place.before) + len(text)
    opened = scan(whole, place.language, start).opened
    return any(b.at < end and not stays_inside(whole, b) for b in opened)


def count_errors(tree: Tree) -> int:
    total, nodes = 0, [tree.root_node]
    while nodes:
        node = nodes.pop()
        if node.has_error:
            total += node.is_error or node.is_missing
            nodes.extend(node.children)
    return total


def stands_in(place: Around) -> Kind:
    """Tell what a text at the cursor becomes part of."""
    if place.cursor == 0:
        return "code"
    node: Node | None = place.tree.root_node.descendant_for_byte_range(place.cursor - 1, place.cursor)
    while node is not None and node.parent is not None:
        if node.is_error or _INSIDE_CODE.search(node.type):
            break
        if "comment" in node.type:
            source = (node.text or b"").decode("utf-8", "replace")
            return "comment" if node.end_byte > place.cursor or _line_comment_goes_on(source) else "code"
        if _STRING.search(node.type) and node.start_byte < place.cursor < node.end_byte:
            return "string"
        node = node.parent
    if node is not None and _INSIDE_CODE.search(node.type):
        return "code"
    return scan(place.before, place.language).kind if place.tree.root_node.has_error else "code"


def block_starts(place: Around) -> bool | None:
    """Tell whether a block of statements opens left of the cursor; None where the tree cannot say."""
    at = len(place.before.rstrip(" \t").encode("utf-8", "replace"))
    if at == 0:
        return False
    token = place.tree.root_node.descendant_for_byte_range(at - 1, at)
    parent = token.parent if token else None
    if token is None or parent is None or token.is_error or parent.is_error:
        return None
    if token.type == ":":
        return parent.type not in _NO_BLOCK and "type" not in parent.type and "parameter" not in parent.type
    if token.type in ("{", "then", "do", "else", "repeat", "begin", "=>"):
        return True
    return None


def body_is_empty(place: Around) -> bool | None:
    """Tell whether the block that opens left of the cursor is empty; None where the tree cannot say."""
    at = len(place.before.rstrip(" \t").encode("utf-8", "replace"))
    token = place.tree.root_node.descendant_for_byte_range(max(0, at - 1), at)
    owner = token.parent if token else None
    if owner is None or owner.is_error:
        return None
    body = owner if _BLOCK.search(owner.type) else owner.child_by_field_name("body")
    body = body or owner.child_by_field_name("consequence")
    if body is None or body.is_error:
        return None
    return all("comment" in child.type for child in body.named_children)


def block_end(place: Around, text: str) -> int | None:
    """Return how many characters of `text` belong to the block the cursor is in, its closing mark included.

    None where the text stays inside, where there is no block, and where errors make the tree a guess.
    """
    start = place.cursor + len(text) - len(text.lstrip())  # white space is one byte each
    root = parsed_with(place, text).root_node
    node: Node | None = root.descendant_for_byte_range(start, start + 1)
    while node is not None and (node.start_byte >= start or not _BLOCK.search(node.type)):
        if _BLOCK.search(node.type) and node.parent is not None and node.parent.start_byte < place.cursor:
            break  # the body's first statement is the text's
        node = node.parent
    if node is None or node.parent is None or node.is_error or node.has_error:
        return None
    inside = node.end_byte - place.cursor
    encoded = text.encode("utf-8", "replace")
    if not 0 < inside < len(encoded.rstrip()):
        return None
    return len(encoded[:inside].decode("utf-8", "replace"))


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
    return "#if 1\n" * (_depth(around)[0] + 2) + before


def _depth(text: str) -> tuple[int, int]:
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


def _line_comment_goes_on(source: str) -> bool:
    return "\n" not in source and not source.endswith(("*/", "]]"))
