"""Choose the hole of a fill-in-the-middle sample: where typing stops and where the completion should end."""

from __future__ import annotations

import re
from bisect import bisect_right
from random import Random

KINDS = ("rest", "node", "lines", "block")
WEIGHTS = (40, 20, 25, 15)
CLOSING = {"(": ")", "[": "]", "{": "}"}
OPENS_BLOCK = {
    "python": re.compile(r":\s*$"),
    "javascript": re.compile(r"\{\s*$"),
    "typescript": re.compile(r"\{\s*$"),
    "lua": re.compile(r"(\bthen|\bdo|\belse|\brepeat|\bfunction\b[^()]*\([^()]*\))\s*$"),
}
COMMENT = {"python": "#", "javascript": ("//", "*", "/*"), "typescript": ("//", "*", "/*"), "lua": "--"}
INVITING = re.compile(r"[.(=,\[\s{:]")  # people pause, and completions are asked for, after these


class Lines:
    """Offsets of a text's lines, so that a hole can be found without splitting the text again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0] + [m.end() for m in re.finditer("\n", text)]

        # Columns do not tell a docstring from code; the triple quotes round it do, nearly always.
        quotes = [self.at(m.start()) for m in re.finditer(r'"""|\'\'\'', text)]
        self.prose = {n for a, b in zip(quotes[::2], quotes[1::2], strict=False) for n in range(a, b + 1)}

    def span(self, number: int) -> tuple[int, int]:
        """Offsets of the line's first character and of the end of what is written on it."""
        start = self.starts[number]
        end = self.starts[number + 1] - 1 if number + 1 < len(self.starts) else len(self.text)
        return start, start + len(self.text[start:end].rstrip())

    def at(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def is_prose(self, number: int, language: str) -> bool:
        """Whether the line is a comment or, in Python, part of a docstring."""
        start, end = self.span(number)
        comment = self.text[start:end].lstrip().startswith(COMMENT[language])
        return comment or (language == "python" and number in self.prose)

    def indent(self, number: int) -> int | None:
        """Columns before the first character, None for a blank line."""
        start, end = self.span(number)
        line = self.text[start:end]
        return len(line) - len(line.lstrip()) if line else None


def cut_in(line: str, first: int, chance: Random) -> int:
    """A cut inside the line at or after column `first`, mostly where a completion would be asked for."""
    columns = range(first, len(line))
    weights = []
    for column in columns:
        inviting = column == first or INVITING.match(line[column - 1])
        weights.append(6 if inviting else 1)
    return chance.choices(columns, weights)[0]


def rest_of_line(lines: Lines, number: int, chance: Random) -> tuple[int, int] | None:
    start, end = lines.span(number)
    line = lines.text[start:end]
    if len(line.strip()) < 4:
        return None
    if chance.random() < 0.03:  # nothing is missing: the model must learn to say so
        return end, end
    return start + cut_in(line, len(line) - len(line.lstrip()), chance), end


def keystroke(lines: Lines, number: int, chance: Random) -> tuple[int, int] | None:
    """The rest of a line from any of its characters on, all equally likely: what each key typed leaves open.

    Only measured on, not trained on. At least two characters are missing.
    """
    start, end = lines.span(number)
    first = start + (lines.indent(number) or 0)
    return (chance.randrange(first, end - 1), end) if end - first >= 4 else None


def bracketed(line: str) -> list[tuple[int, int]]:
    """Spans inside matched brackets and quotes of one line, as (first column, column of the closing one)."""
    spans, stack, quote = [], [], None
    for column, char in enumerate(line):
        if quote is not None:
            if char == line[quote] and line[column - 1] != "\\":
                spans.append((quote + 1, column))
                quote = None
        elif char in "\"'`":
            quote = column
        elif char in CLOSING:
            stack.append(column)
        elif stack and char == CLOSING[line[stack[-1]]]:
            spans.append((stack.pop() + 1, column))
    return [(a, b) for a, b in spans if b > a]


def argument_end(line: str, cut: int, end: int) -> int:
    """The end of the argument that `cut` is in: the next comma at the same depth."""
    depth = 0
    for column in range(cut, end):
        depth += (line[column] in "([{") - (line[column] in ")]}")
        if line[column] == "," and depth == 0 and column > cut:
            return column
    return end


def node_end(lines: Lines, number: int, chance: Random) -> tuple[int, int] | None:
    start, end = lines.span(number)
    line = lines.text[start:end]
    spans = bracketed(line)
    if not spans:
        return None
    first, close = chance.choice(spans)
    cut = first if chance.random() < 0.4 else cut_in(line[:close], first, chance)
    stop = chance.random()
    if stop < 0.2:
        close = argument_end(line, cut, close)
    elif stop < 0.3:
        close += 1
    return start + cut, start + close


def whole_lines(lines: Lines, number: int, chance: Random) -> tuple[int, int] | None:
    count = chance.choice((1, 1, 2, 2, 3, 3, 4, 5, 6))
    last = min(number + count, len(lines.starts)) - 1
    while last > number and lines.indent(last) is None:
        last -= 1
    start, end = lines.span(number)
    if end - start < 4:
        return None
    if chance.random() < 0.7:  # the editor has usually put the cursor at the indentation already
        start += lines.indent(number) or 0
    return start, lines.span(last)[1]


def block(lines: Lines, number: int, language: str, chance: Random) -> tuple[int, int] | None:
    """The body under the next line that opens one, up to twelve lines."""
    for opener in range(number, min(number + 25, len(lines.starts) - 1)):
        start, end = lines.span(opener)
        if OPENS_BLOCK[language].search(lines.text[start:end]):
            break
    else:
        return None
    outer = lines.indent(opener) or 0
    last = None
    for inner in range(opener + 1, min(opener + 13, len(lines.starts))):
        indent = lines.indent(inner)
        if indent is None:
            continue
        if indent <= outer:
            break
        last = inner
    else:
        if last is not None and opener + 13 < len(lines.starts) and chance.random() < 0.7:
            return None  # the body goes on: a cut through it is the wrong place to learn to stop
    if last is None:
        return None
    first_start, first_end = lines.span(opener + 1)
    if first_end == first_start:
        return None
    begin = first_start + (lines.indent(opener + 1) or 0) if chance.random() < 0.75 else end
    return begin, lines.span(last)[1]


def choose(lines: Lines, language: str, chance: Random, kind: str | None = None) -> tuple[str, int, int]:
    """A hole as (kind, start, end); falls back to the rest of a line when a line offers nothing else."""
    text = lines.text
    for _ in range(30):
        wanted = kind or chance.choices(KINDS, WEIGHTS)[0]
        number = lines.at(chance.randrange(len(text)))
        if lines.is_prose(number, language) and chance.random() < 0.75:
            continue  # people wait for completions of code more than of sentences
        if wanted == "rest":
            hole = rest_of_line(lines, number, chance)
        elif wanted == "keystroke":
            hole = keystroke(lines, number, chance)
        elif wanted == "node":
            hole = node_end(lines, number, chance)
        elif wanted == "lines":
            hole = whole_lines(lines, number, chance)
        else:
            hole = block(lines, number, language, chance)
        if hole and hole[1] - hole[0] <= 900:
            return wanted, *hole
    return "rest", len(text.rstrip()), len(text.rstrip())
