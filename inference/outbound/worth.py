"""Whether a value can be a secret: what is random, what is made of words, what stands for something else."""

from __future__ import annotations

import math
import re
from collections import Counter

STANDS_FOR = re.compile(
    r"[<>{}]|\$\(|^\$|^%|%[sdr(]|\.\.\.|…|\*\*\*|xxx|env\.|environ|getenv", re.IGNORECASE
)
"""Written where the real value would be."""
SAYS_SO = re.compile(
    r"your|example|change.?me|replace.?me|placeholder|dummy|redacted|insert|todo|fixme|sample|goes.?here"
    r"|not.?a.?real",
    re.IGNORECASE,
)
"""Words of values that are none, unless what stands beside them is random."""
WORDS = frozenset(
    """
    a abc access admin alice an anonymous api app apikey auth bar basic baz bearer bob client credential
    default demo email fake false foo foobar guest hash here hello id invalid is key local localhost login
    long me mock my new nil no none not null of old pass passphrase passwd password postgres private pw
    pwd qux qwerty root secret some spam string temp test testing the this token true tutorial undefined
    user username valid value very world wrong x y z eggs scott tiger
    """.split()  # noqa: SIM905
)
"""What examples and tests write where a password goes."""
PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
WORDY = re.compile(r"[A-Za-z]*\d{0,4}|\d{1,4}[A-Za-z]{1,2}|[A-Za-z]?[a-z]{2,}[24][a-z]{2,}|(?:19|20)\d{6}")
"""Also 4 and 2 in place of for and to, and dates."""
LONGEST_WORD = 12
WORD_LENGTH, RANDOM_LENGTH = 3.5, 2.5
"""Letters in a row in names of mixed case, on average; random ones have about two."""
RANDOM_REST = 16
"""Characters beside such a word in which a secret has room."""
FEWEST_WORDS = 4
"""Words a pass phrase has, and few names."""
SIGNS = frozenset("!@#$%^&")
"""In passwords, and in few names."""
ESCAPED = re.compile(r"\\[xuU0-7]")
REPEATED = re.compile(r"(.)\1{7}|(.{1,4})\2{5}")


def varied(value: str) -> bool:
    """Tell whether a token of at least a dozen characters looks random: digits among letters, few repeats."""
    return (
        any(c.isalpha() for c in value)
        and (any(c.isdigit() for c in value) or 0 < _word_length(value) < RANDOM_LENGTH)
        and not REPEATED.search(value)
        and entropy(value) >= 2.8
        and not wordy(value)
    )


def wordy(value: str) -> bool:
    """Tell whether a value is words: names, numbers and signs between them, as in a path or an identifier."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", value) if part]
    return all(WORDY.fullmatch(part) and len(part) <= LONGEST_WORD or _camel(part) for part in parts)


def _camel(part: str) -> bool:
    if not (any(c.isupper() for c in part) and any(c.islower() for c in part)):
        return part.isalpha() and len(part) <= 2 * LONGEST_WORD
    return _word_length(part) >= WORD_LENGTH and 3 * sum(c.isdigit() for c in part) <= len(part)


def _word_length(part: str) -> float:
    words = [piece for piece in PIECE.findall(part) if not piece.isdigit()]
    return sum(map(len, words)) / len(words) if words else 0.0


def made_up(value: str) -> bool:
    """Tell whether a value only stands where a secret would: a variable, stars, or an example's words."""
    if STANDS_FOR.search(value):
        return True
    if SAYS_SO.search(value):
        rest = SAYS_SO.sub("", value)
        return len(rest) < RANDOM_REST or not varied(rest)
    letters = [piece.lower() for piece in PIECE.findall(value) if not piece.isdigit()]
    return all(piece in WORDS for piece in letters) and (bool(letters) or value in "01234567890123456789")


def password(value: str) -> bool:
    """Tell whether what is assigned to a password can be one: it has a digit or a sign that no word has."""
    if len(value) < 6 or REPEATED.search(value) or STANDS_FOR.search(value) or ESCAPED.search(value):
        return False
    if value.isdigit():
        return len(value) >= 8 and entropy(value) >= 2.5 and not made_up(value)
    letters, digits = sum(c.isalpha() for c in value), sum(c.isdigit() for c in value)
    signs = not SIGNS.isdisjoint(value)
    if not letters or made_up(value) and not (digits > 2 or (digits and signs)):
        return False
    if wordy(value) and not signs and re.search(r"[_./: -]", value):
        return digits > 1 or ("_" not in value and len(re.findall(r"[a-z]{3,}", value)) >= FEWEST_WORDS)
    return bool(digits) or (signs and len(value) >= 8) or (len(value) >= 16 and not wordy(value))


def token(value: str, least: int = 12) -> bool:
    """Tell whether what is assigned to a token or a key can be one: random, and not short."""
    return len(value) >= least and not made_up(value) and not ESCAPED.search(value) and varied(value)


def entropy(value: str) -> float:
    """Return the Shannon entropy of a value's characters in bits, at most log2 of its length."""
    counts = Counter(value)
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in counts.values()) if total else 0.0
