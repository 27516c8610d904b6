"""A local model rewrites one part of one file; everything else of the file stays as it is."""

from __future__ import annotations

import pytest

from actions.draft import ABOUT, Task, Tried, drafted, path_of_tests, turns
from actions.kinds import KINDS, TASKS
from actions.target import target
from inference.types import Snippet

TEXT = "import os\n\n\ndef add(a, b):\n    return a - b\n\n\ndef other():\n    pass\n"


def task(kind: str = "fix-test", **more: object) -> Task:
    return Task(KINDS[kind], "src/shop/sums.py", "python", TEXT, target(TEXT, "python", 4, 4), **more)  # type: ignore[arg-type]


def fenced(code: str) -> str:
    return f"Here:\n```python\n{code}```\n"


def test_every_kind_has_a_task_and_all_eight_of_the_published_kinds_are_there() -> None:
    assert ABOUT.keys() == KINDS.keys()
    assert {kind.task for kind in KINDS.values()} - {""} == set(TASKS)


def test_a_flat_folder_of_tests_gets_its_file_at_the_top() -> None:
    assert path_of_tests("src/shop/sums.py", "python") == "tests/shop/test_sums.py"
    assert path_of_tests("src/shop/sums.py", "python", flat=True) == "tests/test_sums.py"
    taken = {"tests/test_sums.py", "tests/test_sums_2.py"}.__contains__
    assert path_of_tests("src/shop/sums.py", "python", taken, flat=True) == "tests/test_sums_3.py"


def test_the_model_sees_the_part_what_is_round_it_and_what_it_may_use() -> None:
    asked = turns(task(problem="assert add(1, 2) == 3", context=(Snippet("util.py", "def up(x): ..."),)))
    (_, system), (_, user) = asked
    assert "whole new text of that part" in system
    for piece in (
        "def up(x)",
        "util.py",
        "import os",
        "def other()",
        "the function `add`",
        "assert add(1, 2)",
    ):
        assert piece in user
    assert (
        user.index("def up(x)") < user.index("import os") < user.index("def add") < user.index("assert add")
    )


def test_what_failed_is_told_and_only_the_last_answer_shown() -> None:
    tried = [Tried("first answer", "parses", "line 1"), Tried("second answer", "tests", "1 failed: test_add")]
    said = turns(task(), tried)
    assert [role for role, _ in said] == ["system", "user", "assistant", "user"]
    assert said[2][1] == "second answer" and "1 failed: test_add" in said[3][1]
    assert not any("first answer" in text for _, text in said)


def test_a_fence_in_the_part_does_not_end_the_one_round_it() -> None:
    text = 'def f():\n    """\n    ```\n    f()\n    ```\n    """\n'
    one = Task(KINDS["document"], "a.py", "python", text, target(text, "python", 0, 0))
    assert "````python\ndef f()" in turns(one)[1][1]


def test_a_draft_changes_its_part_and_nothing_else() -> None:
    made = drafted(task(), fenced("def add(a, b):\n    return a + b\n"))
    assert made.texts == {"src/shop/sums.py": TEXT.replace("a - b", "a + b")} and not made.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("It should add.", "the model wrote no code, only words"),
        ("", "the model wrote nothing"),
        ("```python\ndef add(a, b):\n", "the answer ended in the middle of its code"),
        (fenced("def add(a, b):\n    return a - b\n"), "the model changed nothing"),
        ("```python other.py\nx = 1\n```\n", "the model wrote other.py, not src/shop/sums.py"),
    ],
)
def test_an_answer_that_is_no_draft_says_why(answer: str, reason: str) -> None:
    made = drafted(task(), answer)
    assert made.reason == reason and not made.texts


def test_tests_are_a_file_of_their_own() -> None:
    made = drafted(
        task("write-tests"), fenced("from shop.sums import add\n\n\ndef test_add():\n    assert add(1, 1)\n")
    )
    assert list(made.texts) == ["tests/shop/test_sums.py"]


@pytest.mark.parametrize(
    ("path", "language", "wanted"),
    [
        ("src/shop/sums.py", "python", "tests/shop/test_sums.py"),
        ("sums.py", "python", "tests/test_sums.py"),
        ("web/cart.ts", "typescript", "web/cart.test.ts"),
        ("pkg/cart.go", "go", "pkg/cart_test.go"),
        ("src/main/java/a/Cart.java", "java", "src/test/java/a/CartTest.java"),
        ("src/cart.rs", "rust", "tests/cart.rs"),
    ],
)
def test_tests_are_where_the_language_has_them(path: str, language: str, wanted: str) -> None:
    assert path_of_tests(path, language) == wanted


def test_an_explanation_changes_nothing() -> None:
    made = drafted(task("explain"), "<think>hm</think>It **adds**.")
    assert made.explanation == "It **adds**.\n" and not made.texts
