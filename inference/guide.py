"""Guided decoding: while the model writes a name after a receiver whose members are known, those come first.

Pure code over bytes, tokens and logits. A name nobody knows stays possible, except with an infinite bonus.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from inference.healing import Pieces
from inference.types import FimPrompt, Members

BONUS = 8.0
"""Nats by which a known name's tokens are raised. Of 2, 4, 6, 8 and infinity the most right names on 60 holes
(benchmarks/guide.py); infinite is as good there, and impossible where a name is missing from the list."""
MARKS = (b"?->", b"!!.", b"?.", b"!.", b"&.", b"->", b"::", b".")
"""What stands between a receiver and its member; one that ends another comes after it."""
LUA_MARKS = (b":", b".")
"""In other languages a colon is an annotation, a key or a branch far more often than an access."""
REACH = 512
"""Bytes of the text that are looked at: a receiver, its mark and a name."""

_WORD_BYTES = bytes(b for b in range(256) if b >= 0x80 or chr(b).isalnum() or b in b"_$")
_WORD = frozenset(_WORD_BYTES)
_STARTS_NAME = _WORD | frozenset(b"#")  # JavaScript's private names
_STARTS_MARK = frozenset(mark[0] for mark in (*MARKS, *LUA_MARKS))
_LEADING = re.compile(rb"(?:" + b"|".join(map(re.escape, (*MARKS, b":"))) + rb")?#?[\w$\x80-\xff]+")


@dataclass(frozen=True)
class Known:
    """The members one request knows, and where it stands."""

    members: Members
    before: bytes = b""
    """The end of the text before what the model writes."""
    bonus: float = BONUS
    marks: tuple[bytes, ...] = MARKS

    @staticmethod
    def of(prompt: FimPrompt) -> Known | None:
        """What a prompt knows; its prefix ends where the model begins to write."""
        if not prompt.members:
            return None
        before = prompt.prefix[-REACH:].encode("utf-8", "replace")
        if prompt.suffix[:1].isalnum() or prompt.suffix[:1] in ("_", "$"):
            before = b"."  # the name at the cursor ends behind it: it belongs to something unknown
        marks = LUA_MARKS if prompt.path.endswith(".lua") else MARKS
        return Known(prompt.members, before[-REACH:], marks=marks)


class Spellings:
    """The vocabulary by what a name needs: tokens by their bytes, by the name they finish, by their mark."""

    def __init__(self, pieces: Pieces) -> None:
        self._exact: dict[bytes, tuple[int, ...]] = {}
        self._finishing: dict[bytes, list[int]] = {}
        words: list[int] = []
        access: dict[bytes, list[int]] = {mark: [] for mark in (*MARKS, *LUA_MARKS)}
        self._longest: dict[bytes, int] = {}
        for piece, token in pieces:
            self._exact[piece] = (*self._exact.get(piece, ()), token)
            self._longest[piece[:3]] = max(len(piece), self._longest.get(piece[:3], 0))
            if piece[0] in _WORD:
                words.append(token)
            if piece[-1] not in _WORD and (found := _LEADING.match(piece)):
                self._finishing.setdefault(found[0], []).append(token)
            for mark, tokens in access.items() if piece[0] in _STARTS_MARK else ():
                if piece.startswith(mark) and (piece == mark or piece[len(mark)] in _STARTS_NAME):
                    tokens.append(token)
        self.of = lru_cache(64)(self._of)
        """Kept over requests: while somebody types the same names come again and again."""
        self.words = np.array(words, dtype=np.int64)
        """Tokens that go on with a word."""
        self.access = {mark: np.array(tokens, dtype=np.int64) for mark, tokens in access.items()}
        """Tokens that are a mark, alone or with the beginning of a name; one may have more than one mark."""

    def _of(self, names: tuple[bytes, ...], skip: int, mark: bytes) -> np.ndarray:
        """Tokens that, after `skip` bytes of the names, go on with `mark` and spell more of one, or finish
        one and go on with something else.
        """
        exact, finishing = self._exact, self._finishing
        tokens = list(exact.get(mark, ()))
        for name in names:
            rest = mark + name[skip:]
            longest = min(len(rest), self._longest.get(rest[:3], 3))
            for end in range(len(mark) + 1, longest + 1):
                if found := exact.get(rest[:end]):
                    tokens += found
            if len(name) > skip and rest in finishing:
                tokens += finishing[rest]
        return np.array(tokens, dtype=np.int64)


class Guide:
    """Raises the known names of one request; each list of them is sorted when it is first needed."""

    def __init__(self, known: Known, spellings: Spellings) -> None:
        self._spellings, self._bonus, self._marks = spellings, known.bonus, known.marks
        self._members: dict[bytes, Iterable[str]] = {}
        for receiver, names in known.members:
            if receiver:
                self._members.setdefault(receiver.encode("utf-8", "replace"), names)
        self._receivers = tuple(sorted(self._members, key=len, reverse=True))
        self._sorted: dict[bytes, tuple[bytes, ...]] = {}

    def raised(self, row: np.ndarray, text: bytes, typed: bytes = b"") -> np.ndarray:
        """The logits after `text`, of which `typed` is still to be written; `row` itself where no known
        name can stand.
        """
        stem = text.rstrip(_WORD_BYTES)
        stem = stem[:-1] if stem.endswith(b"#") else stem
        mark = next((mark for mark in self._marks if stem.endswith(mark)), b"")
        if mark and (receiver := self._receiver(stem[: -len(mark)])):
            row = self._name(row, receiver, text[len(stem) :], typed)
        if receiver := self._receiver(text):
            row = self._access(row, receiver, typed)
        return row

    def _receiver(self, text: bytes) -> bytes:
        """The known receiver `text` ends with; none where that is only a part of a longer expression."""
        if not text.endswith(self._receivers):
            return b""
        receiver = next(receiver for receiver in self._receivers if text.endswith(receiver))
        head = text[: -len(receiver)]
        if not head or receiver[0] not in _WORD:
            return receiver
        member = head.endswith(self._marks) and not head.endswith(b"..")  # a range, or what is spread
        return b"" if member or head[-1] in _WORD else receiver

    def _names(self, receiver: bytes, start: bytes) -> tuple[bytes, ...]:
        """The receiver's members that begin with `start`, sorted."""
        if (names := self._sorted.get(receiver)) is None:
            names = tuple(
                sorted({name.encode("utf-8", "replace") for name in self._members[receiver] if name})
            )
            self._sorted[receiver] = names
        return names[bisect_left(names, start) : bisect_left(names, start + b"\xff")] if start else names

    def _name(self, row: np.ndarray, receiver: bytes, written: bytes, typed: bytes) -> np.ndarray:
        """Inside a name of which `written` stands there."""
        names = self._names(receiver, written + typed)
        if not names:
            return row
        right = self._spellings.of(names, len(written), b"")
        guided, kept = row.copy(), row[right]
        if written and names[0] == written and not typed:  # complete: all is well but an unknown longer one
            guided[self._spellings.words] -= self._bonus
            guided[right] = kept
        elif not len(right):
            return row
        elif np.isinf(self._bonus):
            guided[:] = -np.inf
            guided[right] = kept
        else:
            guided[right] = kept + self._bonus
        return guided

    def _access(self, row: np.ndarray, receiver: bytes, typed: bytes) -> np.ndarray:
        """After a receiver: tokens that are a mark and a part of a name at once.

        How probable it is that a member follows at all is the model's business; which one is not.
        """
        for mark in self._marks:
            every = self._spellings.access[mark]
            if len(every) < 2 or not (typed.startswith(mark) or mark.startswith(typed)):
                continue
            begun = typed[len(mark) :]
            names = self._names(receiver, begun)
            if not names:
                continue
            right = self._spellings.of(names, 0, mark)
            logits = row[every].astype(np.float64)
            weights = np.exp(logits - logits.max())
            guided, kept = row.copy(), row[right]
            guided[every] -= self._bonus
            guided[right] = kept
            after = np.exp(guided[every].astype(np.float64) - logits.max()).sum()
            if not after:
                continue
            guided[every] += np.log(weights.sum() / after)
            row = guided
        return row


def distinct(first: bytes, others: Sequence[tuple[int, bytes]]) -> list[int]:
    """The tokens of (token, bytes), those ahead that spell no beginning or continuation of one before."""
    taken, ahead, behind = [first], [], []
    for token, piece in others:
        if any(piece.startswith(one) or one.startswith(piece) for one in taken):
            behind.append(token)
        else:
            taken.append(piece)
            ahead.append(token)
    return ahead + behind
