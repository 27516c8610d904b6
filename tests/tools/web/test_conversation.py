"""What a model may have fetched: addresses of search results and of the user's own words, to the letter."""

from __future__ import annotations

import pytest

from tools.web.conversation import Conversation
from tools.web.engines.types import Result


def conversation(said: str = "", *found: str) -> Conversation:
    talk = Conversation()
    talk.said(said)
    talk.found(Result("a page", url) for url in found)
    return talk


def test_at_first_nothing_may_be_fetched() -> None:
    for url in ("https://docs.python.org/3/", "https://example.com", ""):
        assert not conversation().may_fetch(url)


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("see https://docs.example/a for it", "https://docs.example/a"),
        ("see https://docs.example/a.", "https://docs.example/a"),
        ("(https://docs.example/a)", "https://docs.example/a"),
        ("https://docs.example/Foo_(bar)", "https://docs.example/Foo_(bar)"),
        ("[it](https://docs.example/a?b=c&d=e)", "https://docs.example/a?b=c&d=e"),
        ("<https://docs.example/a>", "https://docs.example/a"),
        ("`https://docs.example/a`", "https://docs.example/a"),
        ("HTTPS://Docs.Example/A", "https://docs.example/A"),
        ("https://docs.example", "https://docs.example/"),
        ("https://docs.example/a#part", "https://docs.example/a"),
        ("https://docs.example/a", "https://docs.example/a#other"),
        ("as on www.docs.example/a, say", "https://www.docs.example/a"),
        ("as on www.docs.example/a", "http://www.docs.example/a"),
    ],
)
def test_what_the_user_wrote_may_be_fetched(said: str, url: str) -> None:
    assert conversation(said).may_fetch(url)


def test_a_result_may_be_fetched() -> None:
    assert conversation("", "https://docs.example/a?b=1").may_fetch("https://docs.example/a?b=1")


@pytest.mark.parametrize(
    "url",
    [
        "https://docs.example/", "https://docs.example/a/", "https://docs.example/b", "https://docs.example/A",
        "https://docs.example/a?", "https://docs.example/a?code=x", "https://docs.example/a;code=x",
        "http://docs.example/a", "https://docs.example:8443/a", "https://x.docs.example/a",
        "https://docs.example.evil/a", "https://docs.example@evil.example/a", "https://evil.example/a",
        "https://docs.example/a/../x", "https://docs.example/%61", "https://docs.example/a ",
        "https://docs.example/a\n", "https://docs.ex\tample/a", "//docs.example/a", "docs.example/a",
        "https:docs.example/a", "https://[", "file:///etc/passwd", "https:///a",
    ],
)  # fmt: skip
def test_nothing_else_may(url: str) -> None:
    """A model that adds one letter to an address says one letter to its server."""
    talk = conversation("use https://docs.example/a", "https://docs.example/a")
    if url == "https://docs.example/a?":  # no query is no letter
        assert talk.may_fetch(url)
    else:
        assert not talk.may_fetch(url)
