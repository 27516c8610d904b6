"""Which function a line is in: outlines are made in idle times, and lines move meanwhile."""

from __future__ import annotations

from retrieval.definitions import Outline


class Functions:
    """The lines of one document since it was outlined last."""

    def __init__(self) -> None:
        self.outline: Outline | None = None
        self._changes: list[tuple[int, int]] = []
        """Since the outline: at which line, and how many lines longer the document became."""

    def changed(self, line: int, lines: int) -> None:
        """Take note of a change at `line` that made the document `lines` lines longer."""
        if lines:
            self._changes.append((line, lines))

    @property
    def changes(self) -> int:
        return len(self._changes)

    def outlined(self, outline: Outline, changes: int) -> None:
        """Take an outline that was made after so many of the changes."""
        self.outline = outline
        del self._changes[:changes]

    def at(self, line: int) -> str:
        """Return the name of the innermost definition a line is in, or of the one it follows."""
        for where, lines in reversed(self._changes):
            if line > where:
                line = max(where, line - lines)
        found = self.outline.definitions if self.outline else ()
        around = [definition for definition in found if definition.first <= line <= definition.last]
        if around:
            return max(around, key=lambda definition: definition.first).qualified
        before = [definition for definition in found if definition.last < line]
        return f"after {max(before, key=lambda definition: definition.last).qualified}" if before else ""
