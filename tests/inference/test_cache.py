"""Typing along, and backspacing, is served from memory; another text after the cursor is another question."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from inference.cache import Answer, CompletionCache


def cache_with(prefix: str, *texts: str, suffix: str = "", alternatives: int = 1) -> CompletionCache:
    cache = CompletionCache()
    cache.put(prefix, suffix, Answer(texts, tuple(0.5 for _ in texts), alternatives))
    return cache


def texts(answer: Answer | None) -> tuple[str, ...]:
    return answer.texts if answer else ()


@given(st.text(max_size=20), st.text(min_size=1, max_size=40), st.data())
def test_every_step_along_an_answer_finds_the_rest(prefix: str, answer: str, data: st.DataObject) -> None:
    cache = cache_with(prefix, answer)
    typed = data.draw(st.integers(0, len(answer)))
    assert "".join(texts(cache.find(prefix + answer[:typed], ""))) == answer[typed:]


def test_another_suffix_is_a_miss() -> None:
    assert cache_with("a", "bc", suffix=")").find("a", "]") is None


def test_text_that_leaves_the_answer_is_a_miss() -> None:
    cache = cache_with("a", "bc")
    assert cache.find("ax", "") is None
    assert cache.find("abc", "") is None
    assert cache.find("", "") is None


def test_the_answer_nearest_to_the_cursor_wins() -> None:
    cache = cache_with("a", "bcd old")
    cache.put("abc", "", Answer(("d new",)))
    assert texts(cache.find("abcd", "")) == (" new",)


def test_alternatives_that_were_left_behind_are_dropped_with_their_confidence() -> None:
    cache = CompletionCache()
    cache.put("a", "", Answer(("bc", "bd", "xy"), (0.1, 0.2, 0.3), 3))
    found = cache.find("ab", "", alternatives=3)
    assert found is not None
    assert (found.texts, found.confidence) == (("c", "d"), (0.1, 0.2))


def test_typing_along_goes_on_through_the_bracket_an_editor_closes() -> None:
    cache = cache_with("foo", "(bar[0], baz).x", suffix="\n")
    assert texts(cache.find("foo(", ")\n")) == ("bar[0], baz",)
    assert texts(cache.find("foo(bar[", "])\n")) == ("0",)
    assert texts(cache.find("foo(bar[0], ", ")\n")) == ("baz",)


def test_a_bracket_the_answer_never_closes_is_another_text() -> None:
    assert cache_with("foo", "(bar", suffix="\n").find("foo(", ")\n") is None
    assert cache_with("foo", "(bar)", suffix="\n").find("foo(", "x)\n") is None
    assert cache_with("foo", "(bar)", suffix="\n").find("foo", ")\n") is None


def test_one_suggestion_does_not_answer_who_asks_for_several() -> None:
    assert cache_with("a", "b").find("a", "", alternatives=3) is None
    assert cache_with("a", "b", alternatives=3).find("a", "", alternatives=1)


def test_that_there_is_nothing_to_say_is_remembered_for_that_very_place() -> None:
    cache = cache_with("a")
    assert texts(cache.find("a", "")) == ()
    assert cache.find("ab", "") is None


def test_an_answer_used_up_by_typing_is_no_hit() -> None:
    assert cache_with("a", "b").find("ab", "") is None


def test_the_least_recently_used_answer_leaves_first() -> None:
    cache = CompletionCache(capacity=2)
    cache.put("a", "", Answer(("1",)))
    cache.put("b", "", Answer(("2",)))
    cache.find("a", "")
    cache.put("c", "", Answer(("3",)))
    assert [bool(cache.find(prefix, "")) for prefix in "abc"] == [True, False, True]


def test_a_full_cache_is_looked_up_quickly() -> None:
    rng = random.Random(0)
    start = "".join(rng.choices("abc\n", k=8000))
    cache = CompletionCache()
    for number in range(300):
        cache.put(start + str(number), "suffix", Answer((" and so on",)))
    assert len(cache) == 250
    assert texts(cache.find(start + "299 and", "suffix")) == (" so on",)
