"""What a model wrote is code only where it stands in a whole fence that is meant for the file."""

from __future__ import annotations

import pytest

from actions.fence import Block, blocks, code_for, without_thoughts

CODE = "def add(a, b):\n    return a + b\n"


def fenced(code: str, info: str = "python") -> str:
    return f"```{info}\n{code}```\n"


def test_the_code_is_what_stands_between_the_fences() -> None:
    assert blocks(f"Here it is:\n\n{fenced(CODE)}\nIt adds.") == [Block(CODE, "python")]
    assert code_for(f"Here:\n{fenced(CODE)}", "a.py").text == CODE


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        (fenced(CODE, "python src/a.py"), "src/a.py"),
        (fenced(CODE, "src/a.py"), "src/a.py"),
        ("`src/a.py`:\n" + fenced(CODE), "src/a.py"),
        ("### File: src/a.py\n\n" + fenced(CODE), "src/a.py"),
        ("**src\\a.py**\n" + fenced(CODE), "src/a.py"),
        ("Change a.py as follows.\n" + fenced(CODE), ""),
        (fenced(CODE), ""),
    ],
)
def test_a_block_says_which_file_it_is_for(answer: str, path: str) -> None:
    assert [block.path for block in blocks(answer)] == [path]


def test_code_that_shows_markdown_is_one_block() -> None:
    inner = 'def f():\n    """Use it:\n\n```python\nf()\n```\n    """\n'
    assert blocks(f"```python\n{inner}```\n") == [Block(inner, "python")]
    assert blocks("````markdown\n```\nx\n```\n````\n") == [Block("```\nx\n```\n", "markdown")]


def test_an_indented_fence_and_tildes_are_fences() -> None:
    assert blocks("1. First\n  ```py\n  x = 1\n  ```\n") == [Block("x = 1\n", "py")]
    assert blocks("~~~\nx\n```\ny\n~~~\n") == [Block("x\n```\ny\n")]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "the model wrote nothing"),
        ("  \n\n", "the model wrote nothing"),
        ("I would add a check for zero.", "the model wrote no code, only words"),
        ("<think>The user wants\n```python\nx\n```\n", "the model wrote nothing"),
        ("```python\n" + CODE, "the answer ended in the middle of its code"),
        ("```python\n```\n", "its code is empty"),
        (fenced(CODE, "python b.py"), "the model wrote b.py, not src/a.py"),
    ],
)
def test_an_answer_without_usable_code_says_why(answer: str, reason: str) -> None:
    found = code_for(answer, "src/a.py", "add")
    assert (found.text, found.reason) == ("", reason)


def test_of_several_blocks_the_one_with_the_symbol_is_meant() -> None:
    answer = fenced("pip install x\n", "sh") + fenced(CODE) + fenced("print(1)\n")
    assert code_for(answer, "a.py", "add").text == CODE
    later = fenced(CODE) + "Better:\n" + fenced(CODE.replace("a + b", "b + a"))
    assert "b + a" in code_for(later, "a.py", "add").text


def test_a_block_for_this_file_wins_over_one_for_another() -> None:
    answer = fenced("x = 1\n", "python b.py") + fenced(CODE, "python a.py")
    assert code_for(answer, "src/a.py").text == CODE


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("<think>hm</think>\nyes", "yes"),
        ("hm, so\n</think>\nyes", "\nyes"),
        ("<thinking>a</thinking>b<THINK>c</THINK>d", "bd"),
        ("yes <think>and then", "yes "),
        ("a < b and b > c", "a < b and b > c"),
    ],
)
def test_reasoning_is_no_part_of_the_answer(answer: str, left: str) -> None:
    assert without_thoughts(answer) == left
