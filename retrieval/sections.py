"""Sections of texts without definitions: headings, tables, keys, rules, statements; else windows of lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from retrieval.cuts import packed, windows

Section = tuple[str, list[int]]
"""What it is called (`Outer > inner`, empty if nothing) and the numbers of its lines."""

HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*$")
FENCE = re.compile(r"\s*(```+|~~~+)")
UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_<>])\1{2,}$")
TABLE = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:[#;].*)?$")
KEY = re.compile(r"""(?:"([^"]+)"|'([^']+)'|([\w$./@-][^:#\s]*(?: [^:#\s]+)*))\s*:(?:\s|$)""")
LABEL = 80
"""Characters of a heading or key in a header."""


def sections(lines: list[str], language: str, path: str) -> Iterator[Section]:
    """Yield the sections of a text, in its order."""
    suffix = path.rpartition(".")[2].lower()
    read = READERS.get(language) or READERS.get(suffix)
    found = list(read(lines)) if read else []
    if len(found) > 1 or (found and found[0][0]):
        yield from found
        return
    for numbers in windows(list(range(len(lines)))):
        yield "", numbers


def _markdown(lines: list[str]) -> Iterator[Section]:
    """Sections by heading, each called by all the headings above it."""
    fence = ""
    marks: list[tuple[int, int, str]] = []
    for number, line in enumerate(lines):
        if fenced := FENCE.match(line):
            if not fence:
                fence = fenced[1]
            elif fenced[1].startswith(fence):
                fence = ""
        elif fence:
            continue
        elif heading := HEADING.match(line):
            marks.append((number, len(heading[1]), heading[2]))
        elif number and line and line[0] in "=-" and not line.strip(line[0]) and _title(lines, number - 1):
            marks.append((number - 1, 1 if line[0] == "=" else 2, lines[number - 1].strip()))
    yield from _outline(lines, marks)


def _restructured(lines: list[str]) -> Iterator[Section]:
    """Sections by underlined title; which underline is deeper, the order they come in says."""
    depths: dict[str, int] = {}
    marks: list[tuple[int, int, str]] = []
    for number, line in enumerate(lines):
        under = number and UNDERLINE.match(line) and len(line) >= len(lines[number - 1])
        if under and _title(lines, number - 1):
            over = number > 1 and lines[number - 2] == line
            depth = depths.setdefault(line[0] + "^" * over, len(depths) + 1)
            marks.append((number - 1 - over, depth, lines[number - 1].strip()))
    yield from _outline(lines, marks)


def _title(lines: list[str], number: int) -> bool:
    line = lines[number]
    alone = number == 0 or not lines[number - 1] or bool(UNDERLINE.match(lines[number - 1]))
    return alone and bool(line.strip()) and len(line) <= LABEL


def _outline(lines: list[str], marks: list[tuple[int, int, str]]) -> Iterator[Section]:
    """Turn headings (line, depth, words) into sections; one of nothing but its heading goes with the next."""
    start = 0
    trail: list[tuple[int, str]] = []
    for at, depth, words in [*marks, (len(lines), 0, "")]:
        body = list(range(start, at))
        said = sum(1 for number in body if lines[number])
        if said > 2 or (said and (not trail or not words)):
            yield " > ".join(name for _, name in trail), body
            start = at
        elif not said:
            start = at
        trail = [(above, name) for above, name in trail if above < depth]
        trail.append((depth, words[:LABEL]))
    if start < len(lines):
        yield "", list(range(start, len(lines)))


def _tables(lines: list[str]) -> Iterator[Section]:
    """TOML and INI: by table, small neighbours of one family together."""
    blocks: list[tuple[str, list[int]]] = [("", [])]
    for number, line in enumerate(lines):
        if table := TABLE.match(line):
            blocks.append((table[1].strip("\"'")[:LABEL], []))
        blocks[-1][1].append(number)
    yield from _families(lines, blocks)


def _keys(lines: list[str]) -> Iterator[Section]:
    """YAML and JSON: by key of the outermost level that has keys, small neighbours together."""
    indents = [len(line) - len(line.lstrip()) for line in lines if KEY.match(line.lstrip())]
    level = min(indents, default=0)
    blocks: list[tuple[str, list[int]]] = [("", [])]
    for number, line in enumerate(lines):
        inner = line.lstrip()
        if len(line) - len(inner) == level and (key := KEY.match(inner)):
            blocks.append(((key[1] or key[2] or key[3])[:LABEL], []))
        blocks[-1][1].append(number)
    yield from _families(lines, blocks)


def _families(lines: list[str], blocks: list[tuple[str, list[int]]]) -> Iterator[Section]:
    called = {numbers[0]: name for name, numbers in blocks if numbers}
    for numbers in packed(lines, [numbers for _, numbers in blocks if numbers]):
        names = [called[number] for number in numbers if called.get(number)]
        yield ", ".join(names)[:LABEL], numbers


def _ending(ends: Callable[[str], bool]) -> Callable[[list[str]], Iterator[Section]]:
    """Return a reader of texts whose parts end with a line that `ends` tells, small neighbours together."""

    def read(lines: list[str]) -> Iterator[Section]:
        blocks: list[list[int]] = [[]]
        for number, line in enumerate(lines):
            blocks[-1].append(number)
            if ends(line):
                blocks.append([])
        yield from (("", numbers) for numbers in packed(lines, [block for block in blocks if block]))

    return read


READERS: dict[str, Callable[[list[str]], Iterator[Section]]] = {
    **dict.fromkeys(("markdown", "md", "mdx", "quarto"), _markdown),
    **dict.fromkeys(("restructuredtext", "rst"), _restructured),
    **dict.fromkeys(("toml", "ini", "cfg", "properties", "conf", "editorconfig"), _tables),
    **dict.fromkeys(("yaml", "yml", "json", "jsonc", "json5"), _keys),
    **dict.fromkeys(("css", "scss", "less"), _ending(lambda line: line.startswith("}"))),
    "sql": _ending(lambda line: line.endswith(";")),
    **dict.fromkeys(("shellscript", "sh", "bash"), _ending(lambda line: not line or line.startswith("}"))),
    **dict.fromkeys(("html", "htm", "xml"), _ending(lambda line: not line or line.startswith("</"))),
}
"""By LSP language identifier, or by suffix where the language is not known."""
