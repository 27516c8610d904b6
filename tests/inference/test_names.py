"""Which of a receiver's members are likely: read off the line, the lines round it and the signatures."""

from __future__ import annotations

import pytest

from inference.names import Around, bare, likely, member

STORE = (
    "limit: int",
    "ready: bool",
    "fetch_row(key: str) -> Row",
    "list_names(prefix: str) -> list[str]",
    "is_open() -> bool",
    "count_rows() -> int",
    "flush() -> None",
    "drop(self, at: int = 0, *others, **rest)",
)


def best(head: str, *entries: str, receiver: str = "store", prefix: str = "", suffix: str = "") -> str:
    listed = entries or STORE
    nats = likely(listed, receiver, head, Around(prefix, suffix))
    return bare(listed[nats.index(max(nats))])


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("    row = ", "fetch_row"),
        ("const row = await ", "fetch_row"),
        ("    names = ", "list_names"),
        ("    show(limit=", "limit"),
        ("    if limit == ", "limit"),
        ('    found = {"limit": ', "limit"),
        ("    for name in ", "list_names"),
        ("    if ", "is_open"),
        ("    while not ", "is_open"),
        ("    if (!", "is_open"),
        ("    ", "flush"),
        ("    await ", "flush"),
        ("    total = ", "count_rows"),
    ],
)
def test_the_line_says_what_is_wanted(head: str, name: str) -> None:
    assert best(head) == name


def test_what_holds_the_type_that_a_variable_is_named_after_is_likely() -> None:
    assert best("widget = ", "open() -> Door", "make() -> FancyWidget") == "make"


def test_words_of_the_lines_round_count() -> None:
    names = ("read_apple(n)", "read_pear(n)")
    assert best("x = ", *names, prefix="def pears():\n    ") == "read_pear"
    assert best("x = ", *names, suffix="\n    eat(pear)\n") == "read_pear"
    assert best("x = ", *names) == "read_apple"  # else the first


def test_what_the_object_is_used_for_already_is_likely() -> None:
    used = "self.store.second(1)\nself.store.second(2)\n" + 20 * "\n"
    assert best("x = ", "first(n)", "second(n)", receiver="self.store", prefix=used) == "second"
    assert best("x = ", "first(n)", "second(n)", receiver="self.store", prefix="") == "first"


def test_an_entry_is_taken_apart() -> None:
    one = member("get_rows(key: Pair[int, str], of, limit: int = 3, *rest) -> list[Row]")
    assert (one.name, one.kind, one.parameters) == ("get_rows", "many", ("key", "of"))
    assert one.parts == {"get", "row"} and one.of == {"list", "row"}
    assert member("limit: int")[:3] == ("limit", {"limit"}, "attribute")
    assert member("ready: bool").kind == "flag"
    assert member("plain").kind == "attribute"
    assert member("drop()").kind == "unknown"
    assert member("Store(…)").kind == "class"
    assert member("fetch() -> void").kind == "nothing"


@pytest.mark.parametrize("entry", ["", "(", ")", ":", "a(b", "größe(länge: int) -> str", "a" * 5000, "x(\n)"])
def test_entries_that_make_no_sense_do_no_harm(entry: str) -> None:
    assert len(likely((entry, "other"), "", "\udcff(", Around("\x00", ""))) == 2
