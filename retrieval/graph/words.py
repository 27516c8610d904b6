"""Which files have which words: numbers in sorted arrays, four bytes for each word of each file."""

from __future__ import annotations

from array import array
from bisect import bisect_left


class Words:
    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._counts = array("I")
        """In how many files each word is."""
        self._of: dict[str, array[int]] = {}

    def put(self, path: str, words: frozenset[str]) -> None:
        self.drop(path)
        numbers = self._numbers
        counts = self._counts
        held = []
        for word in words:
            number = numbers.get(word)
            if number is None:
                number = numbers[word] = len(counts)
                counts.append(0)
            counts[number] += 1
            held.append(number)
        held.sort()
        self._of[path] = array("I", held)

    def drop(self, path: str) -> None:
        for number in self._of.pop(path, ()):
            self._counts[number] -= 1

    def count(self, word: str, without: str = "") -> int:
        """Return in how many files a word is, other than `without`."""
        number = self._numbers.get(word)
        if number is None:
            return 0
        held = self._of.get(without, ())
        at = bisect_left(held, number)
        return self._counts[number] - (at < len(held) and held[at] == number)

    def users(self, word: str) -> list[str]:
        """Return the files a word is in, in the order of their paths."""
        number = self._numbers.get(word)
        if number is None or not self._counts[number]:
            return []
        found = []
        for path, held in self._of.items():
            at = bisect_left(held, number)
            if at < len(held) and held[at] == number:
                found.append(path)
        return sorted(found)
