"""The scheduler, the KV bookkeeping and the generation loop, over a scripted model."""

from __future__ import annotations

import contextlib
import math
import queue
import random
import threading
from collections.abc import Iterator

import pytest

from inference.cost.energy import Meter
from inference.drafts import Drafts
from inference.generate import Job
from inference.scheduler import Scheduler
from inference.sequences import FRESH_SECONDS
from inference.types import Cancelled, EngineRefused, Piece, Priority, Usage
from tests.scripted_backend import MIDDLE, ScriptedBackend, digest_script


class Asked:
    """A submitted job and what came of it."""

    def __init__(self, scheduler: Scheduler, text: str, **options: object) -> None:
        self.pieces: list[Piece] = []
        self._done: queue.Queue[Exception | None] = queue.Queue()
        self.job = Job([*text.encode(), MIDDLE], self.pieces.append, self._done.put, **options)  # type: ignore[arg-type]
        scheduler.submit(self.job)

    def wait(self) -> str:
        """The text of the first alternative; raises what the job ended with."""
        error = self._done.get(timeout=10)
        if error:
            raise error
        return self.text()

    def text(self, index: int = 0) -> str:
        return "".join(piece.text for piece in self.pieces if piece.index == index)

    @property
    def usage(self) -> Usage:
        assert self.pieces[-1].usage is not None
        return self.pieces[-1].usage


def expected(text: str) -> str:
    return digest_script(text.encode() + b"<|fim_middle|>").decode()


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture
def scheduler(backend: ScriptedBackend) -> Iterator[Scheduler]:
    scheduler = Scheduler(backend)
    yield scheduler
    scheduler.close()


def test_answers_with_text_logprobs_and_usage(scheduler: Scheduler) -> None:
    asked = Asked(scheduler, "def f():")
    assert asked.wait() == expected("def f():")
    assert asked.usage.evaluated_tokens == len("def f():") + 1
    assert asked.usage.reused_tokens == 0
    assert asked.usage.generated_tokens == 12
    logprobs = [value for piece in asked.pieces for value in piece.logprobs]
    margins = [value for piece in asked.pieces for value in piece.margins]
    assert len(logprobs) == len(margins) == 12
    assert all(-0.2 < value < 0 for value in logprobs)  # 10 against 8 and 260 zeros
    assert all(0.7 < value < 0.9 for value in margins)


def test_typing_on_evaluates_only_what_was_typed(scheduler: Scheduler) -> None:
    text = "x" * 3000
    Asked(scheduler, text, owner="a").wait()
    for letter in "abcdefghij":
        text += letter
        asked = Asked(scheduler, text, owner="a")
        assert asked.wait() == expected(text)
        assert asked.usage.evaluated_tokens == 2  # the letter and the middle token
        assert asked.usage.reused_tokens == len(text) - 1


def test_an_exactly_repeated_prompt_evaluates_one_token(scheduler: Scheduler) -> None:
    Asked(scheduler, "same", owner="a").wait()
    again = Asked(scheduler, "same", owner="a")
    assert again.wait() == expected("same")
    assert again.usage.evaluated_tokens == 1


def test_a_second_document_starts_from_the_shared_prefix(scheduler: Scheduler) -> None:
    shared = "repository context " * 20
    Asked(scheduler, shared + "one", owner="a").wait()
    second = Asked(scheduler, shared + "two", owner="b")
    assert second.wait() == expected(shared + "two")
    assert second.usage.reused_tokens == len(shared)


def test_alternating_documents_keep_their_caches(scheduler: Scheduler) -> None:
    documents = {name: name * 500 for name in "abcd"}
    for name, text in documents.items():
        Asked(scheduler, text, owner=name).wait()
    for step in range(5):
        for name in documents:
            documents[name] += str(step)
            asked = Asked(scheduler, documents[name], owner=name)
            assert asked.wait() == expected(documents[name])
            assert asked.usage.evaluated_tokens == 2


def test_more_documents_than_sequences_evict_the_least_recently_used(scheduler: Scheduler) -> None:
    for name in "abcde":
        Asked(scheduler, name * 100, owner=name).wait()
    kept = Asked(scheduler, "b" * 100, owner="b")
    kept.wait()
    evicted = Asked(scheduler, "a" * 100, owner="a")
    evicted.wait()
    assert kept.usage.evaluated_tokens == 1
    assert evicted.usage.evaluated_tokens == 101


def test_a_full_cache_gives_up_idle_documents_and_still_answers() -> None:
    scheduler = Scheduler(ScriptedBackend(cells=900))
    try:
        for name in "abcdef":
            assert Asked(scheduler, name * 400, owner=name).wait() == expected(name * 400)
    finally:
        scheduler.close()


def test_alternatives_cost_one_prefill_and_differ(scheduler: Scheduler, backend: ScriptedBackend) -> None:
    asked = Asked(scheduler, "z" * 200, alternatives=3)
    first = asked.wait()
    texts = [asked.text(i) for i in range(3)]
    assert texts[0] == first == expected("z" * 200)
    assert len(set(texts)) == 3 and all(texts)
    assert asked.usage.evaluated_tokens == 201
    assert all(not backend.held[i] for i in range(backend.sequences, backend.sequences + backend.branches))
    assert Asked(scheduler, "z" * 200).wait() == first


def test_a_newer_request_of_a_document_supersedes_the_older() -> None:
    backend = ScriptedBackend(prefill_delay=0.0005)
    scheduler = Scheduler(backend)
    try:
        old = Asked(scheduler, "o" * 2000, owner="a")
        assert backend.began.wait(5)
        new = Asked(scheduler, "o" * 2000 + "n", owner="a")
        with pytest.raises(Cancelled):
            old.wait()
        assert new.wait() == expected("o" * 2000 + "n")
        assert new.usage.reused_tokens > 0  # what the cancelled prefill evaluated is not lost
        assert old.job.evaluated + new.usage.evaluated_tokens == 2002
    finally:
        scheduler.close()


def test_anonymous_requests_do_not_supersede_each_other() -> None:
    scheduler = Scheduler(ScriptedBackend(prefill_delay=0.0002))
    try:
        asked = [Asked(scheduler, letter * 300) for letter in "abc"]
        assert [one.wait() for one in asked] == [expected(letter * 300) for letter in "abc"]
    finally:
        scheduler.close()


@pytest.mark.parametrize("lesser", [Priority.SPECULATIVE, Priority.CHAT, Priority.WARMUP])
def test_foreground_pre_empts_and_the_other_goes_on_where_it_was(lesser: Priority) -> None:
    backend = ScriptedBackend(prefill_delay=0.0005)
    scheduler = Scheduler(backend)
    try:
        order: list[str] = []
        slow = Asked(scheduler, "s" * 3000, owner="slow", priority=lesser)
        slow.job.done = lambda error, done=slow.job.done: (order.append("slow"), done(error))[1]  # type: ignore[misc]
        assert backend.began.wait(5)
        fast = Asked(scheduler, "f" * 50, owner="fast")
        fast.job.done = lambda error, done=fast.job.done: (order.append("fast"), done(error))[1]  # type: ignore[misc]
        assert fast.wait() == expected("f" * 50)
        assert slow.wait() == expected("s" * 3000)
        assert order == ["fast", "slow"]
        assert slow.usage.evaluated_tokens == 3001  # nothing was evaluated twice
    finally:
        scheduler.close()


def test_a_speculative_request_of_the_same_document_gives_way_at_once() -> None:
    backend = ScriptedBackend(prefill_delay=0.0005)
    scheduler = Scheduler(backend)
    try:
        guess = Asked(scheduler, "g" * 3000, owner="a", priority=Priority.SPECULATIVE)
        assert backend.began.wait(5)
        asked = Asked(scheduler, "real", owner="a")
        with pytest.raises(Cancelled):
            guess.wait()
        assert asked.wait() == expected("real")
    finally:
        scheduler.close()


def test_a_speculative_request_does_not_cancel_the_foreground_one() -> None:
    scheduler = Scheduler(ScriptedBackend(prefill_delay=0.0005))
    try:
        asked = Asked(scheduler, "f" * 500, owner="a")
        guess = Asked(scheduler, "f" * 500 + "g", owner="a", priority=Priority.SPECULATIVE)
        assert asked.wait() == expected("f" * 500)
        assert guess.wait() == expected("f" * 500 + "g")
    finally:
        scheduler.close()


def test_a_speculation_that_begins_otherwise_is_not_worth_the_documents_tokens(scheduler: Scheduler) -> None:
    first = Asked(scheduler, "f" * 500, owner="a")
    assert first.wait() == expected("f" * 500)
    with pytest.raises(Cancelled):
        Asked(scheduler, "ff" + "g" * 400, owner="a", priority=Priority.SPECULATIVE).wait()
    again = Asked(scheduler, "f" * 500, owner="a")
    assert again.wait() == expected("f" * 500)
    assert again.job.evaluated <= 2


def test_an_answer_ends_in_the_line_that_becomes_too_unlikely(scheduler: Scheduler) -> None:
    whole = Asked(scheduler, "abc", owner="a")
    text = whole.wait()
    sure = math.exp(2.5 * whole.pieces[0].logprobs[0])  # the script is as sure of each of its tokens
    cut = Asked(scheduler, "abc", owner="b", least=sure)
    assert text.startswith(cut.wait())
    assert cut.job.generated == 3
    assert [piece.finish for piece in cut.pieces if piece.finish] == ["unsure"]


def test_pieces_are_kept_together_for_as_long_as_asked(scheduler: Scheduler) -> None:
    one = Asked(scheduler, "abc", owner="a", every=60.0)
    assert one.wait() == expected("abc")
    texts = [piece.text for piece in one.pieces if piece.text]
    assert len(texts) == 2 and len(texts[0]) == 1
    assert sum(len(piece.logprobs) for piece in one.pieces) == one.job.generated


def test_a_piece_ends_with_its_line_so_that_its_figures_are_of_one() -> None:
    scheduler = Scheduler(ScriptedBackend(lambda _: b"one\ntwo\nthree"))
    try:
        asked = Asked(scheduler, "p", every=60.0)
        asked.wait()
        pieces = [piece for piece in asked.pieces if piece.text]
        assert [piece.text for piece in pieces] == ["o", "ne\n", "two\n", "three"]
        assert [len(piece.logprobs) for piece in pieces][:3] == [1, 3, 4]
    finally:
        scheduler.close()


def test_a_speculative_request_gives_way_while_it_generates_too() -> None:
    backend = ScriptedBackend(lambda _: b"g" * 2000, decode_delay=0.002)
    scheduler = Scheduler(backend, Drafts(longest=0))
    try:
        guess = Asked(scheduler, "g", owner="a", priority=Priority.SPECULATIVE, max_tokens=2000)
        while not guess.pieces:
            assert backend.began.wait(5)
        asked = Asked(scheduler, "real", owner="a", max_tokens=3)
        with pytest.raises(Cancelled):
            guess.wait()
        assert asked.wait() == "ggg"
        assert guess.job.generated < 1000
    finally:
        scheduler.close()


def test_foreground_of_another_document_comes_within_one_slice_of_a_speculative_answer() -> None:
    """Both what the other prompt evaluated and what was generated so far is still there afterwards."""
    backend = ScriptedBackend(lambda prompt: b"g" * 300 if prompt[:1] == b"g" else b"f", decode_delay=0.001)
    scheduler = Scheduler(backend, Drafts(longest=0))
    try:
        generated: list[int] = []
        guess = Asked(scheduler, "g" * 40, owner="a", priority=Priority.SPECULATIVE, max_tokens=300)
        while not guess.pieces:
            assert backend.began.wait(5)
        began = guess.job.generated
        asked = Asked(scheduler, "f", owner="b")
        asked.job.done = lambda error, done=asked.job.done: (  # type: ignore[misc]
            generated.append(guess.job.generated),
            done(error),
        )[1]
        assert asked.wait() == "f"
        assert generated[0] < 300 and began <= generated[0]
        assert guess.wait() == "g" * 300
        assert guess.usage.evaluated_tokens == 41
        assert sum(backend.decodes) == 41 + 299 + 2 + 1  # nothing was evaluated twice
    finally:
        scheduler.close()


def test_what_was_speculated_is_reused_when_the_suggestion_is_accepted(scheduler: Scheduler) -> None:
    text = "p" * 500
    Asked(scheduler, text, owner="a").wait()
    Asked(scheduler, text + "accepted", owner="a", priority=Priority.SPECULATIVE).wait()
    taken = Asked(scheduler, text + "accepted", owner="a")
    assert taken.wait() == expected(text + "accepted")
    assert taken.usage.evaluated_tokens == 1


def test_a_speculation_nobody_took_costs_the_next_request_nothing(scheduler: Scheduler) -> None:
    text = "p" * 500
    Asked(scheduler, text, owner="a").wait()
    Asked(scheduler, text + "accepted", owner="a", priority=Priority.SPECULATIVE).wait()
    other = Asked(scheduler, text + "x", owner="a")
    assert other.wait() == expected(text + "x")
    assert other.usage.evaluated_tokens == 2


def test_a_cancelled_speculation_leaves_the_documents_tokens_in_place() -> None:
    backend = ScriptedBackend(prefill_delay=0.001, interruptible=True)
    scheduler = Scheduler(backend)
    try:
        text = "p" * 200
        Asked(scheduler, text, owner="a").wait()
        backend.began.clear()
        Asked(scheduler, text + "accepted" * 50, owner="a", priority=Priority.SPECULATIVE)
        assert backend.began.wait(5)
        asked = Asked(scheduler, text + "x", owner="a")
        assert asked.wait() == expected(text + "x")
        assert asked.usage.evaluated_tokens == 2
    finally:
        scheduler.close()


@pytest.mark.parametrize("expendable", [Priority.WARMUP, Priority.SPECULATIVE])
def test_reading_ahead_takes_no_place_of_a_document_used_just_now(expendable: Priority) -> None:
    clock = [100.0]
    scheduler = Scheduler(ScriptedBackend(sequences=2), clock=lambda: clock[0])
    try:
        for name in "ab":
            Asked(scheduler, name * 100, owner=name).wait()
        ahead = Asked(scheduler, "w" * 100, owner="w", priority=expendable, max_tokens=0)
        with pytest.raises(Cancelled):
            ahead.wait()
        for name in "ab":
            kept = Asked(scheduler, name * 100, owner=name)
            kept.wait()
            assert kept.usage.evaluated_tokens == 1
        clock[0] += FRESH_SECONDS + 1
        later = Asked(scheduler, "w" * 100, owner="w", priority=expendable, max_tokens=0)
        later.wait()
        assert later.usage.evaluated_tokens == 101
    finally:
        scheduler.close()


def test_reading_ahead_that_fills_the_cache_evicts_nobody_used_just_now() -> None:
    clock = [100.0]
    scheduler = Scheduler(ScriptedBackend(cells=900), clock=lambda: clock[0])
    try:
        Asked(scheduler, "a" * 400, owner="a").wait()
        ahead = Asked(scheduler, "w" * 600, owner="w", priority=Priority.WARMUP, max_tokens=0)
        with pytest.raises(Cancelled):
            ahead.wait()
        kept = Asked(scheduler, "a" * 400, owner="a")
        kept.wait()
        assert kept.usage.evaluated_tokens == 1
    finally:
        scheduler.close()


def test_foreground_finds_a_place_when_every_sequence_holds_unfinished_work() -> None:
    backend = ScriptedBackend(prefill_delay=0.001, sequences=1)
    scheduler = Scheduler(backend)
    try:
        warm = Asked(scheduler, "w" * 1000, owner="w", priority=Priority.WARMUP, max_tokens=0)
        assert backend.began.wait(5)
        assert Asked(scheduler, "now", owner="f").wait() == expected("now")
        with pytest.raises(Cancelled):
            warm.wait()
    finally:
        scheduler.close()


def test_chat_waits_for_a_place_and_is_answered() -> None:
    backend = ScriptedBackend(prefill_delay=0.0005, sequences=1)
    scheduler = Scheduler(backend)
    try:
        first = Asked(scheduler, "c" * 500, owner="c", priority=Priority.CHAT)
        assert backend.began.wait(5)
        second = Asked(scheduler, "now", owner="f")
        assert second.wait() == expected("now")
        assert first.wait() == expected("c" * 500)
    finally:
        scheduler.close()


def test_warm_up_fills_the_cache_and_generates_nothing(scheduler: Scheduler) -> None:
    warm = Asked(scheduler, "w" * 300, owner="a", priority=Priority.WARMUP, max_tokens=0)
    assert warm.wait() == ""
    assert (warm.usage.evaluated_tokens, warm.usage.generated_tokens) == (301, 0)
    asked = Asked(scheduler, "w" * 300 + "x", owner="a")
    asked.wait()
    assert asked.usage.evaluated_tokens == 2


def test_a_cancel_in_the_middle_of_a_batch_ends_it_and_damages_nothing() -> None:
    backend = ScriptedBackend(prefill_delay=0.002, interruptible=True)
    scheduler = Scheduler(backend)
    try:
        asked = Asked(scheduler, "i" * 60, owner="a")
        assert backend.began.wait(5)
        scheduler.cancel(asked.job)
        with pytest.raises(Cancelled):
            asked.wait()
        assert backend.decodes == []  # the one batch there was did not run to its end
        assert Asked(scheduler, "i" * 60, owner="a").wait() == expected("i" * 60)
    finally:
        scheduler.close()


def test_an_urgent_request_interrupts_a_batch_that_is_then_evaluated_again() -> None:
    backend = ScriptedBackend(prefill_delay=0.002, interruptible=True)
    scheduler = Scheduler(backend)
    try:
        slow = Asked(scheduler, "s" * 300, owner="slow", priority=Priority.CHAT)
        assert backend.began.wait(5)
        fast = Asked(scheduler, "f", owner="fast")
        assert fast.wait() == expected("f")
        assert slow.wait() == expected("s" * 300)
        assert backend.decodes[0] == 2  # the urgent prompt came first
        assert slow.usage.evaluated_tokens == 301
    finally:
        scheduler.close()


def test_two_hundred_random_cancels_leak_nothing_and_damage_nothing() -> None:
    backend = ScriptedBackend(prefill_delay=0.00002)
    scheduler = Scheduler(backend)
    chance = random.Random(7)
    try:
        for round_ in range(200):
            text = "t" * chance.randrange(1, 2500) + str(round_)
            backend.began.clear()
            asked = Asked(
                scheduler, text, owner=chance.choice("abcdef"), alternatives=chance.choice([1, 1, 3])
            )
            backend.began.wait(chance.choice([0, 0.0005, 0.002, 0.01]))
            scheduler.cancel(asked.job)
            with contextlib.suppress(Cancelled):
                assert asked.wait() == expected(text)
        assert scheduler.queued() == 0
        for name in "abcdefgh":
            assert Asked(scheduler, name * 700, owner=name).wait() == expected(name * 700)
        held = sum(len(tokens) for tokens in backend.held.values())
        assert held == scheduler.cache.tokens_held()
        assert threading.active_count() < 10
    finally:
        scheduler.close()


def test_a_recurrent_model_evaluates_again_but_answers_right() -> None:
    scheduler = Scheduler(ScriptedBackend(can_trim=False))
    try:
        Asked(scheduler, "r" * 50, owner="a").wait()
        assert Asked(scheduler, "r" * 50 + "x", owner="a").wait() == expected("r" * 50 + "x")
    finally:
        scheduler.close()


def test_a_prompt_beyond_the_context_is_refused_with_figures(scheduler: Scheduler) -> None:
    with pytest.raises(EngineRefused, match="5001 tokens.*4096"):
        Asked(scheduler, "x" * 5000).wait()


def test_stop_strings_and_line_limits_end_the_answer() -> None:
    scheduler = Scheduler(ScriptedBackend(lambda _: "\none\ntwo\nthree STOP four é".encode()))
    try:
        assert Asked(scheduler, "p", stop=("STOP",)).wait() == "\none\ntwo\nthree "
        assert Asked(scheduler, "p", max_lines=2).wait() == "\none\ntwo"
        assert Asked(scheduler, "p").wait() == "\none\ntwo\nthree STOP four é"
        assert Asked(scheduler, "p", max_tokens=5).wait() == "\none\n"
    finally:
        scheduler.close()


def test_half_a_character_is_never_handed_out() -> None:
    scheduler = Scheduler(ScriptedBackend(lambda _: "é😀".encode()))
    try:
        asked = Asked(scheduler, "p", max_tokens=4)
        assert asked.wait() == "é"
        whole = Asked(scheduler, "p")
        assert whole.wait() == "é😀"
        assert [piece.text for piece in whole.pieces if piece.text] == ["é", "😀"]
        assert sum(len(piece.logprobs) for piece in whole.pieces) == 6
    finally:
        scheduler.close()


class Ticking:
    """An energy counter that goes up by one joule each time it is read, and fails after some readings."""

    name, wraps_at = "ticking", 0.0

    def __init__(self, readings: int = 10**9) -> None:
        self.reads = 0
        self._readings = readings

    def read(self) -> float:
        self.reads += 1
        if self.reads > self._readings:
            raise OSError("gone")
        return float(self.reads)


def test_energy_is_counted_for_whom_the_engine_works() -> None:
    counter = Ticking()
    scheduler = Scheduler(ScriptedBackend(), meter=Meter([counter]))
    try:
        first, second = Asked(scheduler, "def f():"), Asked(scheduler, "def g():")
        first.wait()
        second.wait()
        used = [asked.usage.joules for asked in (first, second)]
    finally:
        scheduler.close()
    # From a first reading to the one its usage is made of, whatever the number of slices between.
    assert used == [1.0, 1.0]
    assert counter.reads == 6, "the meter is read when the request changes, not with every slice"


def test_energy_of_a_request_that_was_pre_empted_leaves_out_the_other_one() -> None:
    counter = Ticking()
    backend = ScriptedBackend(prefill_delay=0.0005)
    scheduler = Scheduler(backend, meter=Meter([counter]))
    try:
        low = Asked(scheduler, "x" * 600, priority=Priority.SPECULATIVE)
        while not backend.decodes:
            pass
        high = Asked(scheduler, "def f():")
        high.wait()
        low.wait()
        assert high.usage.joules == 1.0
        assert low.usage.joules == 2.0, "one difference before the other request, and one after"
    finally:
        scheduler.close()


def test_a_counter_that_fails_leaves_the_energy_unknown_and_the_answer_as_it_is() -> None:
    scheduler = Scheduler(ScriptedBackend(), meter=Meter([Ticking(readings=1)]))
    try:
        asked = Asked(scheduler, "def f():")
        assert asked.wait() == expected("def f():")
        assert asked.usage.joules is None
    finally:
        scheduler.close()


def test_without_a_counter_energy_is_unknown(scheduler: Scheduler) -> None:
    asked = Asked(scheduler, "def f():")
    asked.wait()
    assert asked.usage.joules is None
