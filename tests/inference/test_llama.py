"""The bundled model in the real engine: cache reuse, cancellation without damage, log-probabilities,
tokenisation.
"""

from __future__ import annotations

import argparse
import queue
import random
import threading
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest

from inference.generate import Job
from inference.llama import LlamaBackend
from inference.models import resolve
from inference.scheduler import Scheduler
from inference.tokens import infill_tokens
from inference.types import Cancelled, FimPrompt, ModelUnreadable, Piece, Priority, Usage
from settings.schema import Model

SOURCE = Path(argparse.__file__).read_text("utf-8")


@pytest.fixture(scope="module")
def backend() -> Iterator[LlamaBackend]:
    backend = LlamaBackend(resolve("auto"), Model())
    yield backend
    backend.close()


@pytest.fixture
def scheduler(backend: LlamaBackend) -> Iterator[Scheduler]:
    scheduler = Scheduler(backend)
    yield scheduler
    scheduler.close()
    for sequence in range(backend.sequences + backend.branches):
        backend.trim(sequence, 0)


class Asked:
    """One request and its answer."""

    def __init__(self, scheduler: Scheduler, prompt: list[int], **options: object) -> None:
        self.pieces: list[Piece] = []
        self._done: queue.Queue[Exception | None] = queue.Queue()
        options.setdefault("max_tokens", 12)
        self.job = Job(prompt, self.pieces.append, self._done.put, **options)  # type: ignore[arg-type]
        scheduler.submit(self.job)

    def wait(self) -> str:
        if error := self._done.get(timeout=60):
            raise error
        return self.text()

    def text(self, index: int = 0) -> str:
        return "".join(piece.text for piece in self.pieces if piece.index == index)

    def answer(self) -> list[Piece]:
        """The pieces of the first alternative that carry text."""
        return [piece for piece in self.pieces if piece.index == 0 and piece.text]

    def logprobs(self, index: int = 0) -> list[float]:
        return [value for piece in self.pieces if piece.index == index for value in piece.logprobs]

    @property
    def usage(self) -> Usage:
        assert self.pieces[-1].usage is not None
        return self.pieces[-1].usage


def assert_same_answer(one: Asked, other: Asked) -> None:
    """Equal texts, or equal up to a token so undecided that the size of a batch tips the scale."""
    for a, b in zip_longest(one.answer(), other.answer(), fillvalue=Piece()):
        if a.text != b.text:
            assert max(a.margins + b.margins) < 0.1, f"{one.text()!r} is not {other.text()!r}"
            return


def prompt_at(
    backend: LlamaBackend, offset: int, typed: str = "", room: int = 4000, before: int = 9500
) -> list[int]:
    """The prompt for a cursor in argparse.py, with a prefix that starts at a fixed place."""
    start = offset - before
    prompt = FimPrompt(SOURCE[start:offset] + typed, SOURCE[offset : offset + 600], "argparse.py", "python")
    return infill_tokens(backend, prompt, room)


def test_the_bundled_model_fills_in_the_middle(backend: LlamaBackend, scheduler: Scheduler) -> None:
    assert backend.description.family == "nearside"
    assert backend.format is not None and backend.format.order == "suffix-first"
    prompt = FimPrompt("def add(a, b):\n    return a", "\n\nprint(add(1, 2))\n", "add.py", "demo")
    asked = Asked(scheduler, infill_tokens(backend, prompt, 500))
    asked.wait()
    assert asked.usage.generated_tokens >= 0 and asked.pieces[-2].finish in ("stop", "length")


def test_special_token_strings_in_user_text_are_ordinary_text(backend: LlamaBackend) -> None:
    middle = backend.special("<|fim_middle|>")
    tokens = backend.tokenize("a = '<|fim_middle|>'")
    assert middle is not None and middle not in tokens
    assert b"".join(map(backend.piece, tokens)).decode() == "a = '<|fim_middle|>'"
    assert backend.special("<|no_such_token|>") is None and backend.special("def") is None


@pytest.mark.parametrize("text", ["é😀 ünï\tcode\r\n", "  \n\n\x00\x7f", "日本語 = 'テスト'", "x" * 5000])
def test_tokens_give_back_the_text(backend: LlamaBackend, text: str) -> None:
    assert b"".join(map(backend.piece, backend.tokenize(text))).decode() == text


def test_typing_evaluates_at_most_a_twentieth_of_the_prompt(
    backend: LlamaBackend, scheduler: Scheduler
) -> None:
    cold = Asked(scheduler, prompt_at(backend, 30_000), owner="a")
    cold.wait()
    size = cold.usage.evaluated_tokens
    assert size > 2_500
    evaluated, typed = [], ""
    for letter in "self.parser = parser":
        typed += letter
        asked = Asked(scheduler, prompt_at(backend, 30_000, typed), owner="a")
        asked.wait()
        evaluated.append(asked.usage.evaluated_tokens)
        assert asked.usage.evaluated_tokens + asked.usage.reused_tokens == len(asked.job.prompt)
    assert sorted(evaluated)[int(0.95 * len(evaluated))] <= 0.05 * size


def test_reuse_does_not_change_the_answer(backend: LlamaBackend, scheduler: Scheduler) -> None:
    for offset in (20_000, 20_040, 33_000):
        Asked(scheduler, prompt_at(backend, offset), owner="a").wait()
        warm = Asked(scheduler, prompt_at(backend, offset, "if "), owner="a")
        fresh = Asked(scheduler, prompt_at(backend, offset, "if "), owner="fresh")
        warm.wait()
        fresh.wait()
        assert_same_answer(warm, fresh)


def test_cancel_in_a_cold_prefill_frees_the_engine_within_one_slice(
    backend: LlamaBackend, scheduler: Scheduler
) -> None:
    Asked(
        scheduler, prompt_at(backend, 12_000, before=2_000), owner="pace"
    ).wait()  # so that the pace is known
    long = prompt_at(backend, 40_000)
    asked = Asked(scheduler, long, owner="a")
    time.sleep(0.02)  # the behaviour itself: a user who changes their mind 20 ms later
    slices_before = asked.job.evaluated
    scheduler.cancel(asked.job)
    with pytest.raises(Cancelled):
        asked.wait()
    assert asked.job.evaluated < len(long)
    assert asked.job.evaluated - slices_before <= 2 * backend.batch_size
    after = Asked(scheduler, long, owner="a")
    after.wait()
    assert after.usage.reused_tokens == asked.job.evaluated  # what was evaluated before the cancel is kept
    fresh = LlamaBackend(resolve("auto"), Model())
    other = Scheduler(fresh)
    untouched = Asked(other, long)
    untouched.wait()
    other.close()
    fresh.close()
    assert_same_answer(after, untouched)


def test_two_hundred_random_cancels_leave_a_fresh_engines_answer(
    backend: LlamaBackend, scheduler: Scheduler
) -> None:
    chance = random.Random(11)
    wanted = Asked(scheduler, prompt_at(backend, 25_000, before=3_000), owner="reference")
    wanted.wait()
    for _ in range(200):
        offset = chance.randrange(10_000, 80_000)
        asked = Asked(
            scheduler,
            prompt_at(backend, offset, before=chance.randrange(10, 3_000)),
            owner=chance.choice("abcd"),
            alternatives=chance.choice([1, 3]),
        )
        time.sleep(chance.choice([0, 0.001, 0.005, 0.015]))
        scheduler.cancel(asked.job)
        try:
            asked.wait()
        except Cancelled:
            continue
    assert scheduler.queued() == 0
    after = Asked(scheduler, prompt_at(backend, 25_000, before=3_000), owner="a")
    after.wait()
    assert_same_answer(after, wanted)
    assert threading.active_count() < 12


def test_alternatives_share_one_prefill_and_the_first_is_the_greedy_one(
    backend: LlamaBackend, scheduler: Scheduler
) -> None:
    prompt = prompt_at(backend, 30_010, before=3_000)
    alone = Asked(scheduler, prompt, owner="alone")
    alone.wait()
    three = Asked(scheduler, prompt, alternatives=3)
    three.wait()
    assert_same_answer(three, alone)
    assert len({three.text(i) for i in range(3)}) == 3
    assert three.usage.evaluated_tokens <= 1.1 * len(prompt)


def test_log_probabilities_are_those_of_the_raw_distribution(
    backend: LlamaBackend, scheduler: Scheduler
) -> None:
    prompt = prompt_at(backend, 30_000, "raise ValueEr", before=2_000)
    asked = Asked(scheduler, prompt, max_tokens=6)
    asked.wait()
    scheduler.close()
    for sequence in range(backend.sequences):
        backend.trim(sequence, 0)
    held: list[int] = []
    feed, checked = prompt, 0
    margins = [margin for piece in asked.pieces for margin in piece.margins]
    for logprob, margin in zip(asked.logprobs(), margins, strict=True):
        for start in range(0, len(feed), 256):
            part = feed[start : start + 256]
            positions = range(len(held), len(held) + len(part))
            backend.decode(part, positions, [0] * len(part), [i == len(part) - 1 for i in range(len(part))])
            held += part
        row = backend.logits(len(part) - 1).astype(np.float64)
        assert logprob == pytest.approx(
            row.max() - np.log(np.exp(row - row.max()).sum()) - row.max(), abs=0.1
        )
        feed, checked = [int(row.argmax())], checked + 1
        if margin < 0.1:  # undecided: the size of a batch may have tipped the scale to another token
            break
    assert checked >= 1


def test_a_second_document_that_was_warmed_is_in_the_cache(
    backend: LlamaBackend, scheduler: Scheduler
) -> None:
    Asked(scheduler, prompt_at(backend, 30_000), owner="first").wait()
    other = prompt_at(backend, 60_000)
    Asked(scheduler, other, owner="second", priority=Priority.WARMUP, max_tokens=0).wait()
    asked = Asked(scheduler, other, owner="second")
    asked.wait()
    assert asked.usage.evaluated_tokens <= 64


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all" * 100])
def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelUnreadable) as refused:
        LlamaBackend(path, Model())
    assert "broken.gguf" in str(refused.value) and "\n" not in str(refused.value)
