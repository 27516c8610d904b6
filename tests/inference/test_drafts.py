"""Drafts by prompt lookup: the same answers in fewer batches, and an exact cache, over a scripted model."""

from __future__ import annotations

import argparse
import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise, zip_longest
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.backend import Backend
from inference.drafts import Drafts, Lookup
from inference.generate import Job
from inference.llama import LlamaBackend
from inference.models import resolve
from inference.scheduler import Scheduler
from inference.tokens import infill_tokens
from inference.types import Cancelled, FimPrompt, Piece, Priority
from settings.schema import Model
from tests.inference.test_scheduler import Asked
from tests.scripted_backend import SUFFIX_FIRST, ScriptedBackend

SAID = "the quick brown fox jumps over the lazy dog. "


class Eager(Drafts):
    """Drafts whenever there is a guess, as many tokens as are of use."""

    def count(self, matched: int, most: int) -> int:
        return min(most, self.longest) if matched else 0


@contextmanager
def engine(backend: Backend, drafts: Drafts | None = None) -> Iterator[Scheduler]:
    scheduler = Scheduler(backend, drafts or Eager())
    try:
        yield scheduler
    finally:
        scheduler.close()


def answering(text: str, **options: object) -> ScriptedBackend:
    return ScriptedBackend(lambda _: text.encode(), **options)  # type: ignore[arg-type]


def after_prefill(backend: ScriptedBackend) -> list[int]:
    """Sizes of the batches that followed the prompt's."""
    return backend.decodes[1:]


def said(asked: Asked) -> list[Piece]:
    """The pieces of an answer without what it cost."""
    return [replace(piece, usage=None) for piece in asked.pieces]


def lookup_in(prompt: str) -> Lookup:
    return Lookup(list(prompt.encode()), 20)


def push_all(lookup: Lookup, text: str) -> list[bool]:
    return [lookup.push(letter) for letter in text.encode()]


def test_an_answer_that_copies_is_decoded_in_a_few_batches() -> None:
    backend = answering("quick brown fox jumps over the lazy cat")
    with engine(backend) as scheduler:
        asked = Asked(scheduler, SAID)
        assert asked.wait() == "quick brown fox jumps over the lazy cat"
        # q; u and 15 guesses, and so on; the last guess ends with the prompt and is wrong at the d of dog.
        assert after_prefill(backend) == [1, 16, 16, 8, 1, 1, 1]
        assert (asked.usage.drafted_tokens, asked.usage.accepted_tokens) == (37, 32)
        assert asked.usage.generated_tokens == 39 == 1 + sum(after_prefill(backend)) - (37 - 32) - 1
        assert (scheduler.totals.drafted_tokens, scheduler.totals.accepted_tokens) == (37, 32)


def test_without_drafts_each_token_is_a_batch() -> None:
    backend = answering("quick brown fox")
    with engine(backend, Drafts(longest=0)) as scheduler:
        asked = Asked(scheduler, SAID)
        assert asked.wait() == "quick brown fox"
        assert after_prefill(backend) == [1] * 15
        assert asked.usage.drafted_tokens == 0


WORDS = st.sampled_from(["ab", "abc", "abd", "\n", "é", "x = ", "ab\nabc"])


@given(
    prompt=st.lists(WORDS, min_size=1, max_size=12).map("".join),
    answer=st.lists(WORDS, max_size=12).map("".join),
    next_answer=st.lists(WORDS, max_size=4).map("".join),
    max_tokens=st.integers(1, 40),
    max_lines=st.integers(0, 3),
    stop=st.sampled_from([(), ("abd",), ("\nab", "c")]),
    typed=st.sampled_from([b"", b"ab"]),
)
def test_pieces_and_cache_are_those_of_plain_decoding(
    prompt: str,
    answer: str,
    next_answer: str,
    max_tokens: int,
    max_lines: int,
    stop: tuple[str, ...],
    typed: bytes,
) -> None:
    results = []
    for drafts in (Eager(), Eager(longest=3), Drafts(longest=0)):
        backend = answering(answer)
        assert backend.format is not None
        backend.format = replace(backend.format, heal=True)
        with engine(backend, drafts) as scheduler:
            options = {"max_tokens": max_tokens, "max_lines": max_lines, "stop": stop, "owner": "a"}
            first = Asked(scheduler, prompt, typed=typed, **options)
            first.wait()
            held = list(backend.held[0])
            assert scheduler.cache.tokens_held() == len(held)
            backend.script = lambda _: next_answer.encode()
            second = Asked(scheduler, prompt + "ab", **options)
            second.wait()
            results.append((said(first), held, said(second), backend.held[0]))
    assert results[0] == results[1] == results[2]


def test_a_stop_rule_in_the_middle_of_a_draft_ends_the_answer_there() -> None:
    said = "one two three\nfour five six\nseven eight nine\none "
    for options, wanted in (
        ({"stop": ("five",)}, "two three\nfour "),
        ({"max_lines": 2}, "two three\nfour five six"),
        ({"max_tokens": 8}, "two thre"),
    ):
        backend = answering("two three\nfour five six\nseven eight nine")
        with engine(backend) as scheduler:
            asked = Asked(scheduler, said, **options)
            assert asked.wait() == wanted
            assert max(after_prefill(backend)) > 2
            held = bytes(token for token in backend.held[0][len(said) + 1 :])
            assert held == b"two three\nfour five six\nseven eight nine"[: len(held)]
            assert asked.usage.generated_tokens == len(held) + 1  # the last token needs no evaluation
            assert scheduler.cache.tokens_held() == len(backend.held[0])


@pytest.mark.parametrize(("options", "batches"), [({"max_lines": 1}, [1, 8]), ({"max_tokens": 7}, [1, 5])])
def test_no_guess_reaches_beyond_the_line_or_the_tokens_asked_for(
    options: dict[str, object], batches: list[int]
) -> None:
    backend = answering("two three\nfour five six")
    with engine(backend) as scheduler:
        Asked(scheduler, "one two three\nfour five six\none ", **options).wait()
        assert after_prefill(backend) == batches


def test_guesses_end_before_special_tokens() -> None:
    backend = answering("dog. ")
    with engine(backend) as scheduler:
        assert Asked(scheduler, SAID).wait() == "dog. "
        assert sum(after_prefill(backend)) == 5  # what followed "dog. " was the end of the prompt


@pytest.mark.parametrize("options", [{"alternatives": 3}, {"temperature": 0.7}])
def test_several_or_sampled_answers_are_not_drafted(options: dict[str, object]) -> None:
    backend = answering("quick brown fox")
    with engine(backend) as scheduler:
        asked = Asked(scheduler, SAID, **options)
        asked.wait()
        assert asked.usage.drafted_tokens == 0


def test_a_memory_that_cannot_drop_a_tail_is_not_drafted_for() -> None:
    backend = answering("quick brown fox", can_trim=False)
    with engine(backend) as scheduler:
        assert Asked(scheduler, SAID).wait() == "quick brown fox"
        assert set(after_prefill(backend)) == {1}


def test_a_word_that_must_be_spelled_again_is_not_guessed() -> None:
    backend = answering("quick brown fox")
    backend.format = replace(SUFFIX_FIRST, heal=True)
    with engine(backend) as scheduler:
        assert Asked(scheduler, SAID, typed=b"quick").wait() == " brown fox"
        assert after_prefill(backend)[:4] == [1, 1, 1, 1]
        assert max(after_prefill(backend)) > 4


class DuringDraft:
    """Does something once, when the third token of a draft is evaluated."""

    def __init__(self, backend: ScriptedBackend, prompt: str, act: Callable[[], object]) -> None:
        looked, self.done = backend.interrupt, False

        def interrupt() -> bool:
            if not self.done and len(backend.held[0]) == len(prompt) + 1 + 4:
                self.done = True
                act()
            return looked()

        backend.interrupt = interrupt


def test_a_cancel_in_the_middle_of_a_draft_leaves_what_was_known() -> None:
    backend = answering("quick brown fox", interruptible=True)
    with engine(backend) as scheduler:
        asked: list[Asked] = []
        during = DuringDraft(backend, SAID, lambda: scheduler.cancel(asked[0].job))
        asked.append(Asked(scheduler, SAID, owner="a"))
        with pytest.raises(Cancelled):
            asked[0].wait()
        assert during.done
        assert bytes(backend.held[0][len(SAID) + 1 :]) == b"q"
        assert scheduler.cache.tokens_held() == len(backend.held[0])
        assert Asked(scheduler, SAID, owner="a").wait() == "quick brown fox"


def test_a_draft_pre_empted_in_the_middle_is_evaluated_again() -> None:
    backend = answering("quick brown fox", interruptible=True)
    with engine(backend) as scheduler:
        urgent: list[Asked] = []
        DuringDraft(backend, SAID, lambda: urgent.append(Asked(scheduler, "now", owner="b")))
        slow = Asked(scheduler, SAID, owner="a", priority=Priority.SPECULATIVE)
        assert slow.wait() == "quick brown fox"
        assert urgent[0].wait() == "quick brown fox"
        assert backend.decodes[:3] == [len(SAID) + 1, 1, 4]  # the urgent prompt came in between
        assert sum(len(piece.logprobs) for piece in slow.pieces) == 15


def test_a_draft_takes_no_other_documents_place() -> None:
    cells = 2 * (len(SAID) + 1) + 39 + 4
    backend = answering("quick brown fox jumps over the lazy cat", cells=cells)
    with engine(backend) as scheduler:
        Asked(scheduler, SAID[::-1], owner="other", max_tokens=0).wait()
        assert Asked(scheduler, SAID, owner="a").wait() == "quick brown fox jumps over the lazy cat"
        kept = Asked(scheduler, SAID[::-1], owner="other", max_tokens=0)
        kept.wait()
        assert kept.usage.evaluated_tokens == 1


def test_lookup_takes_the_most_recent_place_of_three_tokens_before_that_of_two() -> None:
    lookup = lookup_in("abcX abcY zbcZ ")
    push_all(lookup, "ab")
    assert bytes(lookup.draft(2)) == b"cY" and lookup.matched == 3  # with the blank before
    lookup = lookup_in("abcX abcY zbcZ a")
    push_all(lookup, "bc")
    assert bytes(lookup.draft(1)) == b"Y" and lookup.matched == 4  # " ab" was found, and c followed
    lookup = lookup_in("abcX abcY zbcZ ")
    push_all(lookup, "-bc")
    assert bytes(lookup.draft(1)) == b"Z" and lookup.matched == 2


def test_lookup_follows_its_place_until_it_is_wrong() -> None:
    lookup = lookup_in(SAID)
    assert push_all(lookup, "quick") == [False, True, True, True, True]  # after ". q" none, after " q" one
    assert lookup.matched == 6 and bytes(lookup.draft(6)) == b" brown"
    assert push_all(lookup, "#") == [False]
    assert lookup.matched == 0 and lookup.draft(4) == []


def test_lookup_goes_on_with_a_period() -> None:
    lookup = lookup_in("x = ")
    push_all(lookup, "-=-=")
    assert bytes(lookup.draft(5)) == b"-=-=-"


@pytest.mark.parametrize("prompt", ["", "a", "aa"])
def test_lookup_in_the_shortest_of_prompts(prompt: str) -> None:
    lookup = lookup_in(prompt)
    push_all(lookup, "aaaa")
    assert bytes(lookup.draft(2)) == b"aa"


def priced(costs: dict[int, float]) -> Drafts:
    """A reckoning that has measured what batches cost."""
    drafts = Drafts()
    for size, seconds in costs.items():
        drafts.measured(size, seconds)
    return drafts


FREE = {1: 1.0, 2: 1.0, 4: 1.0, 8: 1.0, 16: 1.0}
LINEAR = {size: float(size) for size in FREE}


def test_nothing_is_drafted_before_a_single_token_was_measured() -> None:
    assert Drafts().count(20, 15) == 0
    assert priced({1: 1.0}).count(20, 15) > 0


def test_where_batches_cost_nothing_more_the_longest_draft_is_taken() -> None:
    assert priced(FREE).count(20, 15) == 15
    assert priced(FREE).count(20, 6) == 3  # sizes in between were not measured
    assert Drafts(longest=7).count(20, 15) == 0
    assert priced(FREE).count(0, 15) == 0


def test_where_a_batch_costs_as_much_as_its_tokens_nothing_is_drafted() -> None:
    assert priced(LINEAR).count(20, 15) == 0


def test_the_size_is_the_one_that_pays_most() -> None:
    assert priced({1: 1.0, 2: 1.1, 4: 1.3, 8: 6.0, 16: 14.0}).count(20, 15) == 3


def test_the_better_a_match_does_the_longer_the_draft() -> None:
    drafts = priced({1: 1.0, 2: 1.2, 4: 1.6, 8: 2.8, 16: 5.0})
    counts = [drafts.count(matched, 15) for matched in (2, 3, 8, 16)]
    assert all(one <= other for one, other in pairwise(counts)) and counts[0] < counts[-1]


def test_wrong_guesses_end_drafts_and_right_ones_bring_them_back_without_being_evaluated() -> None:
    drafts = priced({1: 1.0, 2: 1.2, 4: 1.5, 8: 4.5, 16: 9.0})
    assert drafts.count(2, 15) > 0
    for _ in range(100):
        drafts.guessed(2, False)
    assert drafts.count(2, 15) == 0
    for _ in range(100):
        drafts.guessed(2, True)
    assert drafts.count(2, 15) > 0


def test_what_the_token_after_a_draft_takes_longer_is_the_drafts_cost() -> None:
    drafts = priced({1: 1.0, 2: 1.4})
    assert drafts.count(20, 1) == 1
    for _ in range(20):
        drafts.measured(2, 1.4)
        drafts.measured(1, 1.6)
    assert drafts.count(20, 1) == 0


def test_one_slow_batch_is_forgotten_in_time() -> None:
    drafts = priced(FREE | {2: 50.0, 4: 50.0, 8: 50.0, 16: 50.0})
    assert drafts.count(20, 15) == 0
    counts = [drafts.count(20, 15) for _ in range(3000)]
    assert not any(counts[:100]) and counts[-1]


def test_a_machine_that_is_slow_for_a_while_does_not_change_what_pays() -> None:
    drafts = priced(FREE | {16: 4.0})
    counted = drafts.count(20, 15)
    for _ in range(50):
        drafts.measured(1, 10.0)
        drafts.measured(16, 40.0)
    assert drafts.count(20, 15) == counted


def test_the_bundled_model_answers_a_hundred_prompts_alike_with_and_without_drafts() -> None:
    """But for tokens so undecided that the last bits, which the size of a batch changes, choose."""
    backend = LlamaBackend(resolve("auto"), Model())
    source = Path(argparse.__file__).read_text("utf-8")
    drafts = Eager(longest=7)
    other = drafted = 0
    try:
        with engine(backend, drafts) as scheduler:
            for at in range(20_000, 70_000, 500):
                prompt = FimPrompt(source[at - 600 : at], source[at : at + 200], "argparse.py")
                tokens = infill_tokens(backend, prompt, 900)
                answers = []
                for drafts.longest in (0, 7):
                    pieces: list[Piece] = []
                    done: queue.Queue[Exception | None] = queue.Queue()
                    scheduler.submit(Job(tokens, pieces.append, done.put, owner="a", max_tokens=16))
                    assert done.get(timeout=60) is None
                    answers.append([piece for piece in pieces if piece.text])
                    drafted += pieces[-1].usage.drafted_tokens if pieces[-1].usage else 0
                for plain, guessed in zip_longest(*answers, fillvalue=Piece()):
                    if plain.text != guessed.text:
                        assert min(plain.margins + guessed.margins) < 0.05
                        other += 1
                        break
    finally:
        backend.close()
    assert drafted > 100
    assert other <= 5


class Clocked(ScriptedBackend):
    """Batches take the time they are said to take, on a clock of their own."""

    def __init__(self, answer: str, seconds: Callable[[int], float]) -> None:
        super().__init__(lambda _: answer.encode())
        self.seconds, self.now = seconds, 0.0

    def decode(
        self,
        tokens: Sequence[int],
        positions: Sequence[int],
        sequences: Sequence[int],
        outputs: Sequence[bool],
    ) -> None:
        self.now += self.seconds(len(tokens))
        super().decode(tokens, positions, sequences, outputs)


@pytest.mark.parametrize(
    ("seconds", "pays"),
    [(lambda size: size, False), (lambda size: 1.0, True), (lambda size: 1 + 0.2 * size, True)],
)
def test_an_engine_learns_what_its_machine_can(
    seconds: Callable[[int], float], pays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = "quick brown fox jumps over the lazy dog. the quick brown fox"
    backend = Clocked(answer, seconds)
    monkeypatch.setattr("inference.generate.time", SimpleNamespace(monotonic=lambda: backend.now))
    with engine(backend, Drafts()) as scheduler:
        for _ in range(6):
            Asked(scheduler, SAID, owner="a").wait()
        assert scheduler.totals.drafted_tokens > 0  # to try is the only way to know
        began = backend.now
        last = Asked(scheduler, SAID, owner="a")
        assert last.wait() == answer
        plain = seconds(1) * (len(answer) + 1)
        assert backend.now - began < (0.6 if pays else 1.02) * plain
