"""One request through the model, as a generator that pauses after each slice so that others come between.

Prefill happens in slices; alternatives are branches of one prefill, decoded together in one
batch. A single greedy answer may be decoded several tokens at a time, by drafts.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, field, replace

import numpy as np

from inference.backend import Backend, CacheFull, Interrupted
from inference.choices import Choices
from inference.drafts import Drafts, Lookup
from inference.grammar import Grammar
from inference.guide import REACH, Known
from inference.sampling import Step, TextStream, steps_for
from inference.sequences import SequenceCache, Slot
from inference.types import EngineRefused, Piece, Priority, Usage

SLICE_SECONDS = 0.05
"""What a cancelled or pre-empted prefill may still hold an engine that cannot be interrupted (a GPU)."""
INTERRUPTIBLE_SLICE_SECONDS = 0.08
"""The same where a batch can be interrupted: the work lost then. Somebody who types withdraws a request every
150 ms, and a long slice would never come to its end."""
SMALLEST_SLICE = 32


@dataclass(eq=False)
class Job:
    """One request as the engine's thread sees it. `emit` and `done` are called on that thread and must not
    block.
    """

    prompt: list[int]
    emit: Callable[[Piece], None]
    done: Callable[[Exception | None], None]
    typed: bytes = b""
    """What the answer has to begin with; it is in the text already and not handed out (healing.py)."""
    known: Known | None = None
    """Names that are raised where they fit (guide.py)."""
    grammar: Callable[[], Grammar] | None = None
    """Makes the grammar that the answer keeps to (grammar.py); there is one alternative then."""
    owner: Hashable = None
    """Whose cache to use and whose older requests to supersede; None is anonymous."""
    priority: Priority = Priority.FOREGROUND
    max_tokens: int = 64
    max_lines: int = 0
    alternatives: int = 1
    temperature: float = 0.0
    least: float = 0.0
    """Ends the answer in a line less probable than this; 0 never does."""
    every: float = 0.0
    """Seconds between two pieces of one alternative at least, but for those that end a line."""
    seed: int = 0
    stop: tuple[str, ...] = ()
    submitted: float = field(default_factory=time.monotonic)
    cancelled: threading.Event = field(default_factory=threading.Event)
    evaluated: int = 0
    reused: int = 0
    generated: int = 0
    drafted: int = 0
    accepted: int = 0
    joules: Callable[[], float | None] = lambda: None
    """Energy used for it so far, by whoever runs it; None where nothing measures it."""

    @property
    def ahead(self) -> bool:
        """Whether nobody waits for it; it is given up for those that somebody does wait for."""
        return self.priority in (Priority.SPECULATIVE, Priority.WARMUP)


class Pace:
    """How many tokens a slice may hold, from the measured speed of prefill."""

    def __init__(self, batch_size: int, interruptible: bool) -> None:
        self._batch_size = batch_size
        self._target = INTERRUPTIBLE_SLICE_SECONDS if interruptible else SLICE_SECONDS
        self._seconds_per_token = 0.0

    def slice_size(self) -> int:
        if not self._seconds_per_token:
            return min(64, self._batch_size)  # unknown yet: a first guess that no machine takes long for
        return max(SMALLEST_SLICE, min(self._batch_size, int(self._target / self._seconds_per_token)))

    def measured(self, tokens: int, seconds: float) -> None:
        """Believe a fast slice at once, a slow one by half: others make slices slow, never fast."""
        if tokens >= SMALLEST_SLICE:
            sample, known = seconds / tokens, self._seconds_per_token
            self._seconds_per_token = min(sample, 1.5 * known) if known else sample


@dataclass(eq=False)
class _Branch:
    """One alternative while it is generated."""

    index: int
    sequence: int
    position: int
    stream: TextStream
    step: Step
    typed: bytes = b""
    """What of the job's typed text is still to be written."""
    tail: bytes = b""
    """The end of the text so far."""
    made: int = 0
    waiting: list[Step] = field(default_factory=list)
    """Tokens whose text is held back."""
    text: str = ""
    """What was written since the last piece."""
    emitted: float = 0.0
    line: float = 0.0
    """Log-probability of the present line."""

    def unsure(self, new: bytes, least: float) -> bool:
        """Take the newest token into account; tell whether the line is less probable than `least`."""
        self.line = 0.0 if b"\n" in new else self.line + self.step.logprob
        return least > 0 and self.line < math.log(least)


def run(
    job: Job,
    backend: Backend,
    cache: SequenceCache,
    pace: Pace,
    drafts: Drafts,
    choices: Choices,
) -> Generator[None, None, None]:
    """Answer a job. Raises NoRoom before anything happened; whoever drives it stops a cancelled one."""
    room = backend.description.context - job.max_tokens
    if len(job.prompt) > room:
        raise EngineRefused(
            f"The request was not answered: its prompt of {len(job.prompt)} tokens and {job.max_tokens} to "
            f"generate exceed the context of {backend.description.context}. Raise model.context or send less."
        )
    sparing = job.priority is Priority.SPECULATIVE
    slot, job.reused = cache.acquire(job.owner, job.prompt, ahead=job.ahead, sparing=sparing)
    started = time.monotonic()
    branch_ids: list[int] = []
    grammar: Grammar | None = None
    try:
        last = yield from _prefill(job, cache, slot, pace)
        prefilled = time.monotonic()
        if job.max_tokens > 0:
            grammar = job.grammar() if job.grammar else None
            choices = choices.guided(job.known).keeping_to(grammar)
            branches = _fork(job, backend, cache, slot, last, choices)
            branch_ids = [branch.sequence for branch in branches if branch.sequence != slot.id]
            if len(branches) == 1 and job.temperature <= 0 and drafts.longest and backend.can_trim:
                yield from _decode_with_drafts(job, backend, cache, slot, branches[0], choices, drafts)
            else:
                yield from _decode(job, backend, cache, slot, branches, choices)
        job.emit(
            Piece(
                usage=Usage(
                    evaluated_tokens=job.evaluated,
                    reused_tokens=job.reused,
                    generated_tokens=job.generated,
                    drafted_tokens=job.drafted,
                    accepted_tokens=job.accepted,
                    queue_ms=1000 * (started - job.submitted),
                    prefill_ms=1000 * (prefilled - started),
                    decode_ms=1000 * (time.monotonic() - prefilled),
                    joules=job.joules(),
                )
            )
        )
    finally:
        if grammar:
            grammar.close()
        if branch_ids:
            cache.drop_branches(branch_ids)
        cache.release(slot)


def _prefill(job: Job, cache: SequenceCache, slot: Slot, pace: Pace) -> Generator[None, None, int]:
    """Evaluate what the cache lacks; returns the batch index of the last token's logits."""
    last = 0
    while (at := len(slot.tokens)) < len(job.prompt):
        part = job.prompt[at : at + pace.slice_size()]
        ends = at + len(part) == len(job.prompt)
        began = time.monotonic()
        try:
            cache.append(slot, part, outputs=int(ends))
        except Interrupted:
            yield
            continue
        pace.measured(len(part), time.monotonic() - began)
        job.evaluated += len(part)
        last = len(part) - 1
        if not ends:  # the logits of the last slice live until the next decode: nobody may come between
            yield
    return last


def _fork(
    job: Job, backend: Backend, cache: SequenceCache, slot: Slot, last: int, choices: Choices
) -> list[_Branch]:
    """Start the alternatives from the logits after the prompt."""
    before = job.known.before if job.known else b""
    row, tokens = choices.at(backend.logits(last), before, job.typed)
    chosen = [choices.pick(row, tokens, job.temperature, np.random.default_rng(job.seed))]
    if job.alternatives > 1:
        chosen = choices.first(row, tokens, chosen[0], job.alternatives, backend)
    steps = [replace(step, token=int(tokens[step.token])) for step in steps_for(row, chosen)]
    sequences = [slot.id, *cache.branch(slot, len(steps) - 1)]
    return [
        _Branch(i, sequence, len(slot.tokens), TextStream(job.stop, job.max_lines), step, job.typed, before)
        for i, (sequence, step) in enumerate(zip(sequences, steps, strict=False))
    ]


def _decode(
    job: Job,
    backend: Backend,
    cache: SequenceCache,
    slot: Slot,
    branches: list[_Branch],
    choices: Choices,
) -> Generator[None, None, None]:
    """Generate until every branch has ended."""
    random = np.random.default_rng(job.seed + 1)
    active = [branch for branch in branches if not _take(job, backend, branch)]
    while active:
        yield
        tokens, ids = [branch.step.token for branch in active], [branch.sequence for branch in active]
        try:
            positions = [branch.position for branch in active]
            cache.decode(tokens, positions, ids, [True] * len(active), ahead=job.ahead)
        except Interrupted:
            cache.restore({branch.sequence: branch.position for branch in active})
            continue
        for i, branch in enumerate(active):
            if branch.sequence == slot.id:
                slot.tokens.append(branch.step.token)
            branch.position += 1
            branch.step = _next_step(job, backend, i, branch, choices, random)
        active = [branch for branch in active if not _take(job, backend, branch)]


def _next_step(
    job: Job,
    backend: Backend,
    index: int,
    branch: _Branch,
    choices: Choices,
    random: np.random.Generator,
) -> Step:
    """Choose the branch's next token by the logits of batch entry `index`."""
    row, allowed = choices.at(backend.logits(index), branch.tail, branch.typed)
    [step] = steps_for(row, [choices.pick(row, allowed, job.temperature, random)])
    return replace(step, token=int(allowed[step.token]))


def _decode_with_drafts(
    job: Job,
    backend: Backend,
    cache: SequenceCache,
    slot: Slot,
    branch: _Branch,
    choices: Choices,
    drafts: Drafts,
) -> Generator[None, None, None]:
    """Generate one greedy answer; the same tokens as `_decode`, some of them several a batch."""
    random = np.random.default_rng(job.seed + 1)
    lookup = Lookup(slot.tokens, job.max_tokens)
    lookup.push(branch.step.token)
    ended = _take(job, backend, branch)
    room = True
    while not ended:
        yield
        draft = _draft(job, backend, branch, lookup, drafts) if room else []
        start, batch = len(slot.tokens), [branch.step.token, *draft]
        began = time.monotonic()
        try:
            cache.append(slot, batch, outputs=len(batch), evict=not draft)
        except Interrupted:
            continue
        except CacheFull:  # another document's tokens are worth more than a guess
            room = False
            continue
        backend.logits(0)  # a GPU works on until somebody wants its results
        drafts.measured(len(batch), time.monotonic() - began)
        job.drafted += len(draft)
        right = 0
        while True:
            branch.step = _next_step(job, backend, right, branch, choices, random)
            drafts.guessed(lookup.matched, lookup.push(branch.step.token))
            ended = _take(job, backend, branch)
            if ended or [branch.step.token] != draft[right : right + 1]:
                break
            right += 1
        job.accepted += right
        # What was guessed wrong, or lies behind the end of the answer, was never part of the sequence.
        cache.truncate(slot, start + 1 + right)


def _draft(job: Job, backend: Backend, branch: _Branch, lookup: Lookup, drafts: Drafts) -> list[int]:
    """Tokens that may follow the branch's newest one, as far as the answer can reach and as drafts pay."""
    if branch.typed:
        return []
    guess = lookup.draft(min(drafts.longest, job.max_tokens - branch.made - 1))
    for i, token in enumerate(guess):
        if backend.is_end(token) or (branch.stream.on_last_line and b"\n" in backend.piece(token)):
            guess = guess[:i]  # the answer would end by this token; nothing is asked of what follows
            break
    return guess[: drafts.count(lookup.matched, len(guess))]


def _take(job: Job, backend: Backend, branch: _Branch) -> bool:
    """Hand out the text of the branch's newest token; True once the branch has ended."""
    step = branch.step
    ended, unsure, line_ends = backend.is_end(step.token), False, False
    if not ended:
        written = backend.piece(step.token)
        new = written[len(branch.typed) :]
        branch.typed = branch.typed[len(written) :]
        branch.tail = (branch.tail + written)[-REACH:]
        branch.text += branch.stream.feed(new)
        unsure, line_ends = branch.unsure(new, job.least), b"\n" in new
        if new:
            branch.waiting.append(step)
        branch.made += 1
        job.generated += 1
    finish = None
    if ended or branch.stream.stopped:
        finish = "stop"
    elif unsure or branch.made >= job.max_tokens:
        finish = "unsure" if unsure else "length"
    if finish:
        branch.text += branch.stream.finish()
    now = time.monotonic()
    # A piece never goes on behind a line's end: its figures count for the line (generation.py).
    if finish or (branch.text and (line_ends or now - branch.emitted >= job.every)):
        job.emit(
            Piece(
                text=branch.text,
                index=branch.index,
                logprobs=tuple(step.logprob for step in branch.waiting),
                margins=tuple(step.margin for step in branch.waiting),
                finish=finish,
            )
        )
        branch.waiting.clear()
        branch.text, branch.emitted = "", now
    return finish is not None
