"""Guided decoding: while the model writes a name after a receiver whose members are known, those come first,
and of them the likely ones (names.py).

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
from inference.names import MODEL, Around, bare, likely
from inference.types import FimPrompt, Members

BONUS = 12.0
"""Nats by which a known name's tokens are raised. At 8 the model leaves the list in the middle of a name it
has never seen; 16 is no better, and further from names that are not listed (benchmarks/context.py)."""
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
    around: Around = Around()
    bonus: float = BONUS
    informed: bool = True
    """Whether some names are likelier than others; without, only the model tells them apart."""
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
        return Known(prompt.members, before[-REACH:], Around(prompt.prefix, prompt.suffix), marks=marks)


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
        self._spelling = lru_cache(4096)(self._tokens)
        """Kept over requests: while somebody types the same names come again and again."""
        self.words = np.array(words, dtype=np.int64)
        """Tokens that go on with a word."""
        self.access = {mark: np.array(tokens, dtype=np.int64) for mark, tokens in access.items()}
        """Tokens that are a mark, alone or with the beginning of a name; one may have more than one mark."""

    def of(self, known: Names, skip: int, mark: bytes) -> tuple[np.ndarray, np.ndarray]:
        """Tokens that, after `skip` bytes of the names, go on with `mark` and spell more of one, or finish
        one and go on with something else; and for each how much less likely the likeliest name it leads to
        is than the likeliest of all, in nats.
        """
        best = known.nats.max()
        nats: dict[int, float] = {}
        for name, its in sorted(zip(known.names, (known.nats - best).tolist(), strict=True), key=_second):
            for token in self._spelling(name, skip, mark):
                nats[token] = its
        for token in self._exact.get(mark, ()):
            nats[token] = 0.0
        return np.fromiter(nats, np.int64, len(nats)), np.fromiter(nats.values(), np.float32, len(nats))

    def _tokens(self, name: bytes, skip: int, mark: bytes) -> tuple[int, ...]:
        """The same of one name."""
        rest, tokens = mark + name[skip:], []
        for end in range(len(mark) + 1, min(len(rest), self._longest.get(rest[:3], 3)) + 1):
            tokens += self._exact.get(rest[:end], ())
        if len(name) > skip:
            tokens += self._finishing.get(rest, ())
        return tuple(tokens)


def _second(pair: tuple[bytes, float]) -> float:
    return pair[1]


@dataclass(frozen=True)
class Names:
    """Names in their order, and how likely each is, in nats; only differences count."""

    names: tuple[bytes, ...]
    nats: np.ndarray

    def beginning(self, start: bytes) -> Names:
        """Those that begin with `start`."""
        if not start:
            return self
        low, high = bisect_left(self.names, start), bisect_left(self.names, start + b"\xff")
        return Names(self.names[low:high], self.nats[low:high])


class Guide:
    """Raises the known names of one request; each list of them is looked at when it is first needed."""

    def __init__(self, known: Known, spellings: Spellings) -> None:
        self._spellings, self._bonus, self._marks = spellings, known.bonus, known.marks
        self._around = known.around if known.informed else None
        self._scale = MODEL if known.informed else 1.0
        self._members: dict[bytes, Iterable[str]] = {}
        for receiver, names in known.members:
            if receiver:
                self._members.setdefault(receiver.encode("utf-8", "replace"), names)
        self._receivers = tuple(sorted(self._members, key=len, reverse=True))
        self._lists: dict[tuple[bytes, bytes], Names] = {}

    def raised(self, row: np.ndarray, text: bytes, typed: bytes = b"") -> np.ndarray:
        """The logits after `text`, of which `typed` is still to be written; `row` itself where no known
        name can stand.
        """
        stem = text.rstrip(_WORD_BYTES)
        stem = stem[:-1] if stem.endswith(b"#") else stem
        mark = next((mark for mark in self._marks if stem.endswith(mark)), b"")
        if mark and (receiver := self._receiver(stem[: -len(mark)])):
            known = self._names(receiver, stem[: -len(mark) - len(receiver)])
            row = self._name(row, known, text[len(stem) :], typed)
        if receiver := self._receiver(text):
            row = self._access(row, self._names(receiver, text[: -len(receiver)]), typed)
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

    def _names(self, receiver: bytes, before: bytes) -> Names:
        """The receiver's members, where it stands after `before`."""
        head = before[before.rfind(b"\n") + 1 :] if self._around else b""
        if (known := self._lists.get((receiver, head))) is None:
            members = tuple(self._members[receiver])
            nats = [0.0] * len(members)
            if self._around:
                here = head.decode("utf-8", "replace")
                nats = likely(members, receiver.decode("utf-8", "replace"), here, self._around)
            found: dict[bytes, float] = {}
            for member, its in zip(members, nats, strict=True):
                if name := bare(member).encode("utf-8", "replace"):
                    found.setdefault(name, its)
            names = tuple(sorted(found))
            known = self._lists[receiver, head] = Names(names, np.array([found[name] for name in names]))
        return known

    def _name(self, row: np.ndarray, known: Names, written: bytes, typed: bytes) -> np.ndarray:
        """Inside a name of which `written` stands there."""
        known = known.beginning(written + typed)
        if not known.names:
            return row
        right, nats = self._spellings.of(known, len(written), b"")
        guided, kept = row.copy(), row[right]
        if written and known.names[0] == written and not typed:
            # Complete: all is well but an unknown longer one, and a known longer one is as likely as it is.
            guided[self._spellings.words] -= self._bonus
            guided[right] = kept + nats + (known.nats.max() - known.nats[0])
        elif not len(right):
            return row
        elif np.isinf(self._bonus):
            guided[:] = -np.inf
            guided[right] = self._tempered(kept) + nats
        else:
            guided[right] = self._tempered(kept) + nats + self._bonus
        return guided

    def _tempered(self, logits: np.ndarray) -> np.ndarray:
        """What the model says of names it mostly does not know, at its weight beside the rest."""
        top = logits.max()
        return top + self._scale * (logits - top)

    def _access(self, row: np.ndarray, known: Names, typed: bytes) -> np.ndarray:
        """After a receiver: tokens that are a mark and a part of a name at once.

        How probable it is that a member follows at all is the model's business; which one is not.
        """
        for mark in self._marks:
            every = self._spellings.access[mark]
            if len(every) < 2 or not (typed.startswith(mark) or mark.startswith(typed)):
                continue
            fitting = known.beginning(typed[len(mark) :])
            if not fitting.names:
                continue
            right, nats = self._spellings.of(fitting, 0, mark)
            logits = row[every].astype(np.float64)
            weights = np.exp(logits - logits.max())
            guided, kept = row.copy(), row[right]
            guided[every] -= self._bonus
            guided[right] = kept + nats
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
