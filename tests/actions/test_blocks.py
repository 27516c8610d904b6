"""Search/replace blocks apply where they surely belong, and nowhere else."""

from __future__ import annotations

import pytest

from actions.blocks import Replacement, apply, parse

TEXT = """\
import os


class Cart:
    def total(self):
        total = 0
        for item in self.items:
            total += item.price
        return total

    def clear(self):
        self.items = []
"""


def block(search: str, replace: str, path: str = "shop.py") -> str:
    return f"{path}\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"


def changed(search: str, replace: str, text: str = TEXT) -> str:
    result = apply([Replacement("shop.py", search, replace)], {"shop.py": text})
    assert not result.reason, result.reason
    return result.texts["shop.py"]


def refused(search: str, text: str = TEXT, replace: str = "x\n", path: str = "shop.py") -> tuple[str, str]:
    result = apply([Replacement(path, search, replace)], {"shop.py": text})
    assert result.reason and not result.texts
    return result.reason, result.hint


def test_blocks_of_several_files_are_read_with_prose_around_them() -> None:
    answer = (
        "I change two files.\n\n```python\n" + block("a\n", "b\n", "src/a.py") + "```\nAnd then:\n\n"
        + "`b.py`:\n```\n" + block("", "new\n", "")[1:] + "```\nDone."
    )  # fmt: skip
    assert parse(answer).replacements == (
        Replacement("src/a.py", "a\n", "b\n"),
        Replacement("b.py", "", "new\n"),
    )


def test_a_second_block_without_a_path_is_for_the_same_file() -> None:
    answer = block("a\n", "b\n") + "Now the loop:\n" + block("c\n", "d\n", "")[1:]
    assert [one.path for one in parse(answer).replacements] == ["shop.py", "shop.py"]


def test_equal_signs_in_the_new_lines_are_lines() -> None:
    (one,) = parse(block("Title\n", "Title\n=======\n")).replacements
    assert one.replace == "Title\n=======\n"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "the model wrote nothing"),
        ("Use a loop.", "the model wrote no edit, only words"),
        ("<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n", "a block does not say which file it is for"),
        ("a.py\n<<<<<<< SEARCH\na\n", "the answer ended in the middle of a block for a.py"),
        ("a.py\n<<<<<<< SEARCH\na\n=======\nb\n", "the answer ended in the middle of a block for a.py"),
        ("a.py\n<<<<<<< SEARCH\na\n>>>>>>> REPLACE\n", "a block for a.py has no line of = signs"),
        (
            block("a\n", "b\n") + "c.py\n<<<<<<< SEARCH\n",
            "the answer ended in the middle of a block for c.py",
        ),
    ],
)
def test_an_answer_that_is_not_whole_changes_nothing(answer: str, reason: str) -> None:
    assert parse(answer).reason == reason and not parse(answer).replacements


def test_lines_are_found_exactly() -> None:
    assert "        self.items.clear()\n" in changed(
        "        self.items = []\n", "        self.items.clear()\n"
    )


def test_blanks_at_line_ends_do_not_matter() -> None:
    text = TEXT.replace("total = 0\n", "total = 0   \n")
    assert "total = 1\n" in changed("        total = 0\n", "        total = 1\n", text)


def test_lines_indented_alike_are_found_and_the_new_ones_indented_with_them() -> None:
    out = changed("def clear(self):\n    self.items = []\n", "def clear(self):\n    del self.items[:]\n")
    assert out.endswith("    def clear(self):\n        del self.items[:]\n")
    back = changed("        import os\n", "        import sys\n")
    assert back.startswith("import sys\n")


def test_lines_indented_differently_are_not_found() -> None:
    assert "does not match" in refused("def clear(self):\n        self.items = []\n")[0]


def test_the_first_and_the_last_line_are_enough_where_both_are_unique_and_the_length_is_right() -> None:
    search = "    def total(self):\n        total = 0\n        for x in self.items:\n"
    search += "            total += x.price\n"
    search += "        return total\n"
    out = changed(search, "    def total(self):\n        return 0\n")
    assert "def total(self):\n        return 0\n\n    def clear" in out
    longer = search.replace(
        "        return total\n", "        a\n        b\n        c\n        return total\n"
    )
    assert "does not match" in refused(longer)[0]


def test_ends_that_stand_more_than_once_are_no_anchors() -> None:
    text = "try:\n    a()\n    b()\nfinally:\n    c()\ntry:\n    a()\n    e()\nfinally:\n    c()\n"
    assert "does not match" in refused("try:\n    a()\n    x()\nfinally:\n", text)[0]


def test_a_place_that_is_not_the_only_one_is_refused() -> None:
    reason, hint = refused("x = 1\n", "x = 1\ny\nx = 1\n")
    assert "matches 2 places" in reason and "only one" in hint
    assert "matches 2 places" in refused("x = 1\n", "  x = 1\ny\n    x = 1\n")[0]


def test_likeness_is_told_to_the_model_and_never_applied() -> None:
    reason, hint = refused("        for item in self.item:\n            total += item.prize\n")
    assert "does not match" in reason
    assert "for item in self.items:" in hint
    assert "exactly" in refused("nothing of the kind at all\n")[1]


def test_carriage_returns_stay() -> None:
    text = TEXT.replace("\n", "\r\n")
    out = changed("        total = 0\n", "        total = 1\n        extra = 2\n", text)
    assert out == text.replace("total = 0\r\n", "total = 1\r\n        extra = 2\r\n")


def test_a_file_is_made_by_an_empty_search_and_never_overwritten_by_one() -> None:
    made = apply([Replacement("new/b.py", "", "x = 1\n")], {"shop.py": TEXT})
    assert dict(made.texts) == {"new/b.py": "x = 1\n"}
    assert "does not say what to replace" in refused("")[0]
    assert "there is no b.py" in refused("x\n", path="b.py")[0]


@pytest.mark.parametrize(
    "path", ["../b.py", "/etc/passwd", "a/../../b", "~/b.py", "C:/b.py", ".git/hooks/x", "./../x"]
)
def test_nothing_is_written_outside_of_the_project(path: str) -> None:
    assert refused("", path=path)[0]


def test_one_bad_block_leaves_everything_as_it_was() -> None:
    good, bad = Replacement("shop.py", "import os\n", "import sys\n"), Replacement("shop.py", "nope\n", "x\n")
    assert dict(apply([good, bad], {"shop.py": TEXT}).texts) == {}


def test_later_blocks_see_what_earlier_ones_made() -> None:
    first, second = (
        Replacement("shop.py", "import os\n", "import sys\n"),
        Replacement("shop.py", "import sys\n", "import re\n"),
    )
    assert apply([first, second], {"shop.py": TEXT}).texts["shop.py"].startswith("import re\n")
