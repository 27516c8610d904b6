"""A draft takes the place of whole lines: of the smallest definition that can be written anew."""

from __future__ import annotations

import pytest

from actions.target import LONGEST, target

TEXT = '''import os


class Cart:
    """Holds items."""

    @property
    def total(self):
        total = 0
        for item in self.items:
            total += item.price
        return total

    def clear(self):
        self.items = []


LIMIT = 5
if LIMIT:
    print(LIMIT)
'''


@pytest.mark.parametrize(
    ("first", "last", "name", "lines"),
    [
        (9, 9, "Cart.total", (6, 11)),
        (6, 6, "Cart.total", (6, 11)),
        (8, 14, "Cart", (3, 14)),
        (4, 4, "Cart", (3, 14)),
        (18, 18, "", (17, 19)),
        (0, 0, "", (0, 0)),
        (99, 99, "", (17, 19)),
    ],
)
def test_the_innermost_definition_round_the_lines(
    first: int, last: int, name: str, lines: tuple[int, int]
) -> None:
    found = target(TEXT, "python", first, last)
    assert (found.name, (found.first, found.last)) == (name, lines)
    assert found.text == "".join(TEXT.splitlines(keepends=True)[lines[0] : lines[1] + 1])


def test_what_is_too_long_is_rewritten_in_part() -> None:
    text = "def long():\n" + "".join(f"    a{n} = {n}\n\n" for n in range(LONGEST))
    found = target(text, "python", 21, 21)
    assert (found.name, found.text) == ("", "    a10 = 10\n")


def test_other_languages_and_none() -> None:
    script = "const a = 1;\n\nfunction add(x, y) {\n  return x + y;\n}\n"
    assert target(script, "javascript", 3, 3).name == "add"
    assert target("one\ntwo\n\nthree\n", "plaintext", 1, 1).text == "one\ntwo\n"
    assert target("", "python", 0, 0).text == ""


NEW = "def clear(self):\n    del self.items[:]\n\n    return self\n"


@pytest.mark.parametrize("shift", ["", "    ", "        ", "\t"])
def test_a_draft_is_indented_like_what_it_replaces(shift: str) -> None:
    code = "".join(shift + line if line.strip() else line for line in NEW.splitlines(keepends=True))
    out = target(TEXT, "python", 14, 14).replaced(TEXT, "\n" + code + "\n\n")
    assert out == TEXT.replace(
        "    def clear(self):\n        self.items = []\n",
        "    def clear(self):\n        del self.items[:]\n\n        return self\n",
    )


def test_line_ends_and_the_end_of_the_file_stay_as_they_are() -> None:
    text = "def a():\r\n    return 1\r\n"
    assert (
        target(text, "python", 1, 1).replaced(text, "def a():\n    return 2\n")
        == "def a():\r\n    return 2\r\n"
    )
    bare = "def a():\n    return 1"
    assert target(bare, "python", 0, 0).replaced(bare, "def a():\n    return 2\n") == "def a():\n    return 2"
