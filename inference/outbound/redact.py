"""Secrets out of a request and back into its answer: detection over all its texts, placeholders, restoring.

What cannot be decided keeps the request here: a private key, a detector that ran out of time, and a text in
which something is still found after it was redacted.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from inference.outbound.assigned import assigned
from inference.outbound.findings import SECONDS, Clock, Secret, Unfinished, WillNotSend
from inference.outbound.library import by_library
from inference.outbound.private_keys import holds_private_key
from inference.outbound.tokens import known_forms

ROUNDS = 3
"""How often a text is looked through: a value that is taken out may lay the next one bare."""
SHORT = 12
"""Characters below which a value counts only by itself, not as a part of a word."""
LONGEST_KIND = 50
MOST = 300
"""Secrets of one request; a text with more is a list of them, and nothing for a model to read."""
NAMED = re.compile(r"(?<![A-Z0-9_])[A-Z][A-Z0-9_]{1,70}_\d{1,6}(?!\d)", re.IGNORECASE)
PLACEHOLDER = re.compile(r"<[A-Z][A-Z0-9_]{1,50}_\d{1,6}>", re.IGNORECASE)


def secrets_in(text: str, clock: Clock | None = None) -> list[Secret]:
    """Return what must not leave of a text, each value once, the first kind it was found as.

    Raises Unfinished where that takes longer than the clock allows, and WillNotSend for a private key.
    """
    clock = clock or Clock()
    if holds_private_key(text, clock):
        raise WillNotSend("it holds a private key", "move the key out of what the request is about")
    found: dict[str, Secret] = {}
    for detector in (known_forms, by_library, assigned):
        for secret in detector(text, clock):
            inside = any(known in secret.value for known in found)  # the form says better where a value ends
            if not inside and not PLACEHOLDER.search(secret.value):
                found[secret.value] = secret
                if len(found) > MOST:
                    raise too_many()
    return list(found.values())


def too_many() -> WillNotSend:
    return WillNotSend(
        f"it holds more than {MOST} secrets",
        "leave out the file that holds them, or name it in cloud.never_send",
    )


class Vault:
    """The secrets of one conversation and their placeholders, in memory only; it shows nothing of them.

    The same value has the same placeholder in every request of the conversation, so that a provider's prompt
    cache holds. Any thread may use it.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._names: dict[str, str] = {}  # value -> AWS_KEY_1
        self._values: dict[str, str] = {}  # the other way
        self._counts: Counter[str] = Counter()
        self._forms: dict[str, str] = {}  # a value as it may be written -> AWS_KEY_1
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._names)

    def redact(self, texts: Sequence[str]) -> tuple[list[str], dict[str, int]]:
        """Return the texts with placeholders for all secrets, and how many values of each kind they hold.

        A value found in one text is taken out of all. Raises WillNotSend.
        """
        with self._lock:
            original = list(texts)
            for _ in range(ROUNDS):
                redacted = [self._replaced(text) for text in original]
                try:
                    clock = Clock(self._seconds)
                    found = (secret for text in redacted for secret in secrets_in(text, clock))
                    new = {secret.value: secret for secret in found}
                except Unfinished as late:
                    raise WillNotSend(
                        f"the search for secrets ({late.detector}) did not end in time",
                        "leave out the file with the very long line, or name it in cloud.never_send",
                    ) from None
                if not new:
                    return redacted, self._used(redacted)
                if len(new) > MOST:
                    raise too_many()
                self._learn(new.values(), original)
            raise WillNotSend(
                "secrets were still found in it after they had been replaced",
                "leave out the file that holds them, or name it in cloud.never_send",
            )

    def restore(self, text: str) -> str:
        """Put the secrets back into an answer.

        A placeholder counts in any case, with its brackets escaped for JSON or HTML, and without brackets in
        quotes. An answer is the model's: what is restored belongs into an edit the user sees, never into a
        command or an address.
        """
        if not self._values:
            return text
        return ANSWERED.sub(self._restored, text)

    def leaks(self, data: bytes) -> bool:
        """Tell whether bytes on their way out hold a known secret, plain or escaped."""
        text = data.decode("utf-8", "surrogateescape")
        return bool(self._pattern and self._pattern.search(text))

    def _restored(self, found: re.Match[str]) -> str:
        name = (found["name"] or found["quoted"]).upper()
        value = self._values.get(name)
        if value is None:
            return found[0]
        return value if found["name"] else found["quote"] + value + found["quote"]

    def _replaced(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: f"<{self._forms[found[0]]}>", text)

    def _learn(self, secrets: Iterable[Secret], texts: Iterable[str]) -> None:
        """Name secrets, as nothing in the texts is named."""
        taken = {found[0].upper() for text in texts for found in NAMED.finditer(text)}
        for secret in secrets:
            if secret.value in self._names:
                continue
            name = ""
            while not name or name in taken:
                self._counts[secret.kind] += 1
                name = f"{secret.kind[:LONGEST_KIND]}_{self._counts[secret.kind]}"
            self._names[secret.value] = name
            self._values[name] = secret.value
        self._forms = {form: known for value, known in self._names.items() for form in _forms(value)}
        longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(_bounded, longest_first)))

    def _used(self, redacted: Iterable[str]) -> dict[str, int]:
        names = {found[0][1:-1] for text in redacted for found in PLACEHOLDER.finditer(text)}
        kinds = Counter(name.rpartition("_")[0] for name in names if name in self._values)
        return dict(sorted(kinds.items()))


ANSWERED = re.compile(
    r"(?:<|&lt;|\\u003[cC])[ ]?(?P<name>[A-Za-z][A-Za-z0-9_]{1,70}_\d{1,6})[ ]?(?:>|&gt;|\\u003[eE])"
    r"|(?P<quote>[\"'`])(?P<quoted>[A-Za-z][A-Za-z0-9_]{1,70}_\d{1,6})(?P=quote)"
)


class Restorer:
    """Restores a streamed answer: what may be the beginning of a placeholder waits for the next piece."""

    LONGEST = 96

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return what can be shown after one more piece."""
        text = self._held + piece
        cut = len(text)
        if len(self._vault):
            tail = OPEN.search(text, max(0, len(text) - self.LONGEST))
            cut = tail.start() if tail else cut
        self._held = text[cut:]
        return self._vault.restore(text[:cut])

    def finish(self) -> str:
        """Return what was held back."""
        text, self._held = self._held, ""
        return self._vault.restore(text)


OPEN = re.compile(
    r"(?:<|&(?:l(?:t;?)?)?|\\(?:u(?:0(?:0(?:3[cC]?)?)?)?)?|[\"'`])"
    r"[ ]?[A-Za-z0-9_]*[ ]?(?:&(?:gt?)?|\\[u03]{0,4})?\Z"
)


def _forms(value: str) -> set[str]:
    """Return how a value is written in texts, and inside JSON and addresses."""
    escaped = json.dumps(value)[1:-1]
    return {
        value,
        escaped,
        json.dumps(escaped)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value, safe=""),
    }


def _bounded(form: str) -> str:
    escaped = re.escape(form)
    return rf"(?<![A-Za-z0-9_]){escaped}(?![A-Za-z0-9_])" if len(form) < SHORT else escaped
