"""Which tokens the KV cache holds for which document, and whose place is given up when it is full.

Every change goes through here, so that `tokens` of a sequence is always exactly what llama.cpp holds for it.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from inference.backend import Backend, CacheFull, Interrupted
from inference.types import Cancelled, EngineRefused

log = logging.getLogger(__name__)

SHARE_FROM = 32
"""Tokens another sequence must have in common beyond our own before its prefix is copied."""


FRESH_SECONDS = 10.0
"""A document asked about so short a time ago will be again; what nobody waits for must not take its place."""


MOST_LOST = 64
"""Tokens of a document's sequence that speculation may throw away: about an answer that was not accepted."""


class NoRoom(Exception):
    """Every sequence is in use by an unfinished request."""


@dataclass(eq=False)
class Slot:
    """One sequence of the cache: a document's place."""

    id: int
    owner: Hashable = None
    tokens: list[int] = field(default_factory=list)
    used: int = 0
    """Clock of the last use, for eviction."""
    busy: bool = False
    asked: float = -math.inf
    """Clock time of the last request somebody waited for."""
    ahead: bool = False
    """Whether the present request is one that nobody waits for."""


class SequenceCache:
    """The sequences of one backend."""

    def __init__(self, backend: Backend, clock: Callable[[], float] = time.monotonic) -> None:
        self._backend = backend
        self._now = clock
        self._sequences = [Slot(i) for i in range(backend.sequences)]
        self._clock = 0
        self._branches_taken = False

    def tokens_held(self) -> int:
        """Tokens in all sequences; a shared prefix counts once per sequence."""
        return sum(len(sequence.tokens) for sequence in self._sequences)

    def acquire(
        self, owner: Hashable, prompt: Sequence[int], *, ahead: bool = False, sparing: bool = False
    ) -> tuple[Slot, int]:
        """A sequence for `owner` that holds as much of `prompt` as is known anywhere, and that length.

        At least the last prompt token is left to evaluate, so that fresh logits exist. An owner of None is
        anonymous and takes whichever free sequence fits best. Raises NoRoom while all are busy. A request
        `ahead` of what anybody waits for takes no place of a document that is in use; it raises Cancelled. So
        does a `sparing` one where its document's sequence holds another prompt: a
        prompt at its full length is cut elsewhere once it grows, and the two would be evaluated in turns.
        """
        sequence = self._choose(owner, prompt, ahead)
        lost = len(sequence.tokens) - _common(sequence.tokens, prompt)
        if sparing and sequence.owner == owner and lost > MOST_LOST:
            raise Cancelled("Nothing was read ahead: the tokens of the present place would be lost.")
        if owner is None or sequence.owner != owner:
            sequence.asked = -math.inf
        sequence.ahead = ahead
        own = _common(sequence.tokens, prompt)
        donor = max(self._sequences, key=lambda other: _common(other.tokens, prompt))
        shared = _common(donor.tokens, prompt)
        if donor is not sequence and shared >= own + SHARE_FROM:
            self._backend.copy(donor.id, sequence.id, shared)
            sequence.tokens = donor.tokens[:shared]
            own = shared
        sequence.owner, sequence.busy = owner, True
        keep = min(own, len(prompt) - 1)
        self.truncate(sequence, keep)
        self._touch(sequence)
        return sequence, len(sequence.tokens)

    def _choose(self, owner: Hashable, prompt: Sequence[int], ahead: bool) -> Slot:
        if owner is not None:
            for sequence in self._sequences:
                if sequence.owner == owner:
                    if sequence.busy:
                        raise NoRoom
                    return sequence
        free = [sequence for sequence in self._sequences if not sequence.busy]
        if not free:
            raise NoRoom
        if owner is None:
            known = max(free, key=lambda sequence: _common(sequence.tokens, prompt))
            if known.owner is None and _common(known.tokens, prompt) >= SHARE_FROM:
                return known
        if ahead and not (free := [sequence for sequence in free if not self._in_use(sequence)]):
            raise Cancelled("Nothing was read ahead: every place is taken by a document in use.")
        return min(free, key=lambda sequence: (bool(sequence.tokens), sequence.used))

    def _in_use(self, sequence: Slot) -> bool:
        return bool(sequence.tokens) and self._now() - sequence.asked < FRESH_SECONDS

    def release(self, sequence: Slot) -> None:
        """The request is over; the tokens stay for the next one."""
        if not sequence.ahead:
            sequence.asked = self._now()
        sequence.busy = sequence.ahead = False
        self._touch(sequence)

    def truncate(self, sequence: Slot, length: int) -> None:
        """Keep the first `length` tokens; all are lost where the memory cannot drop a tail (recurrent
        models).
        """
        if length < len(sequence.tokens):
            if not self._backend.trim(sequence.id, length):
                length = 0
            del sequence.tokens[length:]

    def append(self, sequence: Slot, tokens: Sequence[int], *, outputs: int, evict: bool = True) -> None:
        """Evaluate tokens at the end of a sequence; the last `outputs` of them get logits, at their index.

        Raises Interrupted, and CacheFull where nobody is to be evicted; the sequence is then as it was.
        """
        start = len(sequence.tokens)
        count = len(tokens)
        wanted = [i >= count - outputs for i in range(count)]
        try:
            self.decode(
                tokens,
                range(start, start + count),
                [sequence.id] * count,
                wanted,
                evict=evict,
                ahead=sequence.ahead,
            )
        except Interrupted:
            self.restore({sequence.id: start})
            raise
        sequence.tokens.extend(tokens)

    def decode(
        self,
        tokens: Sequence[int],
        positions: Sequence[int],
        sequences: Sequence[int],
        outputs: Sequence[bool],
        *,
        evict: bool = True,
        ahead: bool = False,
    ) -> None:
        """Evaluate a batch, giving up the least recently used idle documents until it fits.

        Work `ahead` of what anybody waits for ends with Cancelled rather than take the place of one in use.
        """
        while True:
            try:
                return self._backend.decode(tokens, positions, sequences, outputs)
            except CacheFull:
                if not evict:
                    raise
                idle = [sequence for sequence in self._sequences if sequence.tokens and not sequence.busy]
                if ahead and not (idle := [sequence for sequence in idle if not self._in_use(sequence)]):
                    raise Cancelled("Nothing more was read ahead: the cache is full.") from None
                if not idle:
                    raise EngineRefused(
                        "The request was not answered: the KV cache is full. "
                        "Raise model.context or lower model.documents."
                    ) from None
                victim = min(idle, key=lambda sequence: sequence.used)
                log.debug("Evicting %d tokens of %s.", len(victim.tokens), victim.owner)
                self.truncate(victim, 0)
                victim.owner = None

    def restore(self, lengths: Mapping[int, int]) -> None:
        """Drop what an interrupted batch may have left behind the known length of each sequence."""
        for sequence, length in lengths.items():
            self._backend.trim(sequence, length)

    def branch(self, sequence: Slot, count: int) -> list[int]:
        """Scratch sequence ids that share everything `sequence` holds; none while another request has
        them.
        """
        if self._branches_taken or count < 1:
            return []
        self._branches_taken = True
        ids = [self._backend.sequences + i for i in range(min(count, self._backend.branches))]
        for target in ids:
            self._backend.copy(sequence.id, target, len(sequence.tokens))
        return ids

    def drop_branches(self, ids: Sequence[int]) -> None:
        for target in ids:
            self._backend.trim(target, 0)
        self._branches_taken = False

    def _touch(self, sequence: Slot) -> None:
        self._clock += 1
        sequence.used = self._clock


def _common(held: Sequence[int], prompt: Sequence[int]) -> int:
    """Length of the common prefix."""
    limit = min(len(held), len(prompt))
    for i in range(limit):
        if held[i] != prompt[i]:
            return i
    return limit
