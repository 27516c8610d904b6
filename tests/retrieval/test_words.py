"""Identifiers are found as a whole and by their parts, and the column stays small."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import words
from retrieval.words import split_identifiers, split_query


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("getUserName", "getusername get user name"),
        ("get_user_name", "getusername get user name"),
        ("get-user-name", "getusername get user name"),
        ("getUserName2", "getusername2 get user name"),
        ("HTTPServerError", "httpservererror http server error"),
        ("parseURLs", "parseurls parse urls"),
        ("XMLHttpRequest", "xmlhttprequest xml http request"),
        ("MAX_RETRY_COUNT", "maxretrycount max retry count"),
        ("__init__", "init"),
        ("sha256sum", "sha256sum sha 256 sum"),
        ("HTTP404", "http404 http 404"),
        ("os.path.join", "os path join"),
        ("self._userName", "self username user name"),
        ("größeÄndern", "größeändern größe ändern"),
        ("a_b", "ab"),
        ("x - y", "x y"),
        ("404", "404"),
        ("Plain words, twice: words.", "plain words twice words"),
        ("", ""),
        ("+-*/ {} ...", ""),
        ("a--b --dry-run x-1", "a b dryrun dry run x 1"),
    ],
)
def test_an_identifier_is_followed_by_its_parts(text: str, expected: str) -> None:
    assert split_identifiers(text) == expected


@pytest.mark.parametrize(
    "query", ["getUserName", "get_user_name", "get-user-name", "GetUserName", "user name"]
)
def test_every_spelling_of_a_query_shares_a_word_with_every_spelling_of_a_name(query: str) -> None:
    for name in ("getUserName", "get_user_name", "get-user-name"):
        assert {"user", "name"} <= set(split_query(query).split()) & set(split_identifiers(name).split())


def test_the_whole_of_an_identifier_is_one_word_however_it_is_spelled() -> None:
    wholes = {split_identifiers(name).split()[0] for name in ("parse_config", "parseConfig", "parse-config")}
    assert wholes == {"parseconfig"}


def test_what_is_too_long_to_be_a_word_is_left_out_and_its_parts_are_not() -> None:
    long = "very_" * 9 + "long_name"
    assert split_identifiers(long) == "very " * 9 + "long name"
    assert split_identifiers("a" * 41) == ""
    assert split_identifiers("Ab" * 5000) == ""


def test_a_query_holds_each_word_once_and_not_without_end() -> None:
    assert split_query("user userName user NAME") == "user username name"
    assert len(split_query(" ".join(f"word{n}x" for n in range(1000))).split()) == words.MOST_QUERY


@given(st.text())
def test_any_text_gives_words_a_tokenizer_leaves_alone(text: str) -> None:
    for word in split_identifiers(text).split():
        assert 0 < len(word) <= words.LONGEST * 3  # lower case may take more characters
        assert "_" not in word and "-" not in word


@given(st.text(st.characters(max_codepoint=127)))
def test_words_of_plain_text_are_the_same_beside_other_letters(text: str) -> None:
    assert split_identifiers(f"{text} é").removesuffix("é").rstrip() == split_identifiers(text)


@given(st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,30}", fullmatch=True), min_size=1))
def test_the_words_of_a_text_at_most_double_and_a_little(names: list[str]) -> None:
    text = " ".join(names)
    assert len(split_identifiers(text)) <= 2.6 * len(text) + 2


def test_remembering_words_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "KEPT", 100)
    split_identifiers(" ".join(f"fresh{n}word" for n in range(1000)))
    assert len(words._known) <= 101
