"""The place a text goes to, as every filter wants to see it; worked out once per place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from inference.prompts import CursorContext
from syntax.brackets import Bracket, Kind, Scan, begins_line, closes, scan
from syntax.tree import Around, around, stands_in
from syntax.window import useful_before

NEAR_LINES = 60
"""Lines above and below that repetitions and the style of indentation are looked for in."""


@dataclass(frozen=True)
class Place:
    prefix: str
    suffix: str
    language: str

    @cached_property
    def head(self) -> str:
        """What stands left of the cursor on its line."""
        return self.prefix[self.prefix.rfind("\n") + 1 :]

    @cached_property
    def rest(self) -> str:
        """What stands right of the cursor on its line."""
        return self.suffix.split("\n", 1)[0]

    @cached_property
    def above(self) -> list[str]:
        """Lines above the cursor's, the nearest last."""
        return self.prefix.rsplit("\n", NEAR_LINES + 1)[:-1][-NEAR_LINES:]

    @cached_property
    def below(self) -> list[str]:
        """Lines below the cursor's."""
        return self.suffix.split("\n", NEAR_LINES + 1)[1:][:NEAR_LINES]

    @cached_property
    def tree(self) -> Around | None:
        return around(self.prefix, self.suffix, self.language)

    @cached_property
    def before(self) -> Scan:
        return self.tree.read if self.tree else scan(self.start, self.language)

    @cached_property
    def start(self) -> str:
        """The part of the prefix that is worth reading as code."""
        return self.tree.before if self.tree else useful_before(self.prefix, self.language, self.suffix)

    @cached_property
    def kind(self) -> Kind:
        """What a text at the cursor becomes part of."""
        return stands_in(self.tree) if self.tree else self.before.kind

    @cached_property
    def closed(self) -> list[bool]:
        """For each bracket open at the cursor, the innermost first: is it closed further down?

        A closing bracket that begins a line belongs to the opener whose line is indented as it is. What the
        window's end cuts off counts as closed while the last line is still indented deeper.
        """
        found = list(scan(self.suffix, self.language).closing) if self.kind == "code" else []
        openers = self.before.opened[::-1]
        line_start = len(self.start) - len(self.head)
        inline = sum(opener.at >= line_start for opener in openers)
        group = inline
        while group < len(openers) and openers[group].character in "([":
            group += 1
        answers = self._closed_together(openers[:group], found)
        answers = answers or self._closed_together(openers[:inline], found)
        for opener in openers[len(answers) :]:
            if found and self._belongs(found[0], opener):
                found.pop(0)
                answers.append(True)
            else:
                on_line = len(answers) < inline
                answers.append(not on_line and not found and self._goes_on_inside(opener))
        return answers

    def _closed_together(self, openers: Sequence[Bracket], found: list[Bracket]) -> list[bool]:
        """Answer for openers of one expression: where there are too few closers, the innermost lack theirs.

        `f(g(|)` lacks the bracket of `g`. Takes what it uses off `found`; nothing where the kinds differ.
        """
        for missing in range(len(openers)):
            outer = openers[missing:]
            if len(found) >= len(outer) and all(map(self._belongs, found, outer)):
                del found[: len(outer)]
                return [False] * missing + [True] * len(outer)
        return []

    @cached_property
    def missing(self) -> int:
        """How many brackets open at the cursor, from the innermost on, what follows leaves open."""
        return next((number for number, closed in enumerate(self.closed) if closed), len(self.closed))

    def _belongs(self, closer: Bracket, opener: Bracket) -> bool:
        if not closes(closer.character, opener.character):
            return False
        in_line_below = "\n" in self.suffix[: closer.at]
        return not (in_line_below and begins_line(closer, self.suffix)) or closer.indent == opener.indent

    def _goes_on_inside(self, opener: Bracket) -> bool:
        """Tell whether the lines below stay deeper than an opener's until the window ends."""
        if opener.character in "([":
            return False
        filled = [line for line in self.below if line.strip()]
        return bool(filled) and all(len(line) - len(line.lstrip()) > len(opener.indent) for line in filled)


@lru_cache(maxsize=8)
def place_of(prefix: str, suffix: str, language: str) -> Place:
    return Place(prefix, suffix, language)


def place(context: CursorContext) -> Place:
    """Return the place a context asks for; the same object while the user stays there."""
    return place_of(context.prefix, context.suffix, context.language)
