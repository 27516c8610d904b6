"""Identifiers taken apart for full-text search: `getUserName` is found as itself and as get, user, name.

A full-text tokenizer breaks words at everything but letters and digits, so the whole of an identifier is
written without what joins its parts: `get_user_name`, `getUserName` and `get-user-name` are `getusername`.
"""

from __future__ import annotations

import re

LONGEST = 40
"""Characters of a word; LanceDB's tokenizer leaves longer ones out, and they are digests and encoded data."""
MOST_PARTS = 12
"""Parts of one identifier that count."""
MOST_QUERY = 64
"""Words of a query that count."""
LONGEST_QUERY = 4000
"""Characters of a query that are read: someone may paste a file."""
KEPT = 100_000
"""Different words remembered at a time, about 20 MB; a large repository has as many."""

WORD = re.compile(r"\w+(?:-[^\W\d_]\w+)*")
SIMPLE = re.compile(r"[a-z]+|[A-Z][a-z]*|[0-9]+")
"""A word that is its own only part."""
PARTS = re.compile(
    r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])"  # URLs; HTTP of HTTPServer
    r"|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\dA-Za-z_]+"
)
JOINTS = re.compile(r"[_-]+")
SPACED = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) in "_-")}
"""Makes what separates words a space: with that and `split`, plain ASCII costs a quarter less in all."""


def split_identifiers(text: str) -> str:
    """Return the words of a text in lower case and in its order, each identifier followed by its parts."""
    found = text.translate(SPACED).split() if text.isascii() else WORD.findall(text)
    return " ".join(filter(None, map(_known.__getitem__, found)))


def split_query(query: str) -> str:
    """Return the words of a query, taken apart like those of a text, each once, at most `MOST_QUERY`."""
    words = split_identifiers(query[:LONGEST_QUERY]).split()
    return " ".join(list(dict.fromkeys(words))[:MOST_QUERY])


def _taken_apart(word: str) -> str:
    """Return a word and its parts. Single letters and digits are no parts: they are everywhere."""
    if SIMPLE.fullmatch(word):
        return word.lower() if len(word) <= LONGEST else ""
    whole = JOINTS.sub("", word)
    if word.isascii():
        parts = PARTS.findall(word)
    else:
        parts = [part for joint in JOINTS.split(word) for part in _by_case(joint)]
    found = [whole, *parts[:MOST_PARTS]] if len(parts) > 1 else [whole]
    kept = [part.lower() for part in found if len(part) > 1 or part is whole]
    return " ".join(part for part in kept if part and len(part) <= LONGEST)


def _by_case(word: str) -> list[str]:
    """Split a word of any script where its case or kind changes: `größeÄndern` at Ä."""
    parts: list[str] = []
    before = ""
    for letter in word:
        starts = letter.isupper() and not before.isupper() or letter.isdigit() != before.isdigit()
        if before and not starts:
            parts[-1] += letter
        else:
            parts.append(letter)
        before = letter
    return parts


class _Known(dict[str, str]):
    """What words came to, so that each is taken apart once."""

    def __missing__(self, word: str) -> str:
        if len(self) >= KEPT:
            self.clear()
        if len(word) > 4 * LONGEST:  # base64 and the like: not worth remembering
            return ""
        self[word] = found = " ".join(filter(None, map(_taken_apart, WORD.findall(word))))
        return found


_known = _Known()
