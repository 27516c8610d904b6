"""Whether what the user has now is what was suggested."""

from __future__ import annotations

import time

import pytest

from inference.labels import first_line, is_kept, survives


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("return a", (0, "return a")),
        ("return a\nreturn b", (0, "return a")),
        ("\n    return a", (1, "    return a")),
        ("\n\n\tx\n", (2, "\tx")),
        ("  \n ", (0, "")),
        ("", (0, "")),
    ],
)
def test_the_first_line_is_the_first_that_says_anything(text: str, found: tuple[int, str]) -> None:
    assert first_line(text) == found


@pytest.mark.parametrize(
    ("head", "text", "after", "now"),
    [
        ("    retu", "rn a + b", "", ["    return a + b"]),
        ("    retu", "rn a + b", "", ["\treturn  a + b  "]),
        ("f(", "a, b", ")", ["f(a, b)"]),
        ("f(", "a, b)", ")", ["f(a, b)"]),
        ("f(", "a, b", "", ["f(a, b"]),
        ("if a:", "\n    return b\nreturn a", "", ["if a:", "    return b", "x"]),
        ("x = ", "1\ny = 2", "", ["x = 1", "y = 3"]),
    ],
)
def test_a_line_that_came_to_be_the_suggested_one_is_kept(
    head: str, text: str, after: str, now: list[str]
) -> None:
    assert is_kept(head, text, after, now)


@pytest.mark.parametrize(
    ("head", "text", "after", "now"),
    [
        ("    retu", "rn a + b", "", ["    return a"]),
        ("    retu", "rn a", "", ["    return a + b"]),
        ("    retu", "rn a + b", "", ["    retu"]),
        ("f(", "a, b", ")", ["f(a, b, c)"]),
        ("if a:", "\n    return b", "", ["if a:"]),
        ("if a:", "\n    return b", "", ["if a:", "    return c"]),
        ("x", "", "", ["x"]),
    ],
)
def test_any_other_line_is_not(head: str, text: str, after: str, now: list[str]) -> None:
    assert not is_kept(head, text, after, now)


def test_of_a_text_the_deadline_cut_only_the_beginning_is_asked_for() -> None:
    assert is_kept("    ", "return", "", ["    return a + b"], partial=True)
    assert not is_kept("    ", "return", "", ["    yield a"], partial=True)
    assert not is_kept("", "x = 1\ny", "", ["x = 12"], partial=True), "its first line was whole"


def test_an_accepted_text_survives_while_half_of_its_characters_do() -> None:
    accepted = "total = sum(values)\ncount = len(values)\n"
    assert survives(accepted, accepted)
    assert survives(accepted, "# before\n" + accepted.replace("total", "everything") + "more()")
    assert survives(accepted, "total = sum(values)\ncount = 1\n")
    assert not survives(accepted, "total = 0\n")
    assert not survives(accepted, "")
    assert survives("\n   \n", "")


def test_other_code_is_not_mistaken_for_what_was_accepted() -> None:
    accepted = "for item in basket.items():\n    price += item.price * item.amount\n"
    other = "if not customer.address:\n    raise MissingAddress(customer, order.number)\n"
    assert not survives(accepted, other)


def test_comparing_a_long_text_takes_a_bounded_time() -> None:
    accepted = "".join(f"value_{i} = compute(thing[{i}])\n" for i in range(2000))
    now = "".join(f"value_{i} = compute(thing[{i + 1}])\n" for i in range(2000))
    started = time.perf_counter()
    survives(accepted, now)
    assert time.perf_counter() - started < 0.5
