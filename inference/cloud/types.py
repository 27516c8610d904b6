"""What comes back from a hosted model, and what may go wrong there.

CloudError                    an EngineError: what did not happen, why, what to do
+-- CloudOff                  the settings allow no hosted model
+-- CloudMissing              the provider's library is not installed
+-- KeyMissing                there is no key, or what is there cannot be one
+-- KeyRefused                the provider does not know the key, or does not let it do this
+-- OverQuota                 the provider's own limit of money or credit is reached
+-- ModelUnknown              the provider has no such model
+-- RequestRefused            the provider will not take this request
+-- Overloaded                too many requests, or trouble on its side; later it may work
+-- Unreachable               no connection, or a time-out
`-- BadAnswer                 not what the provider's format says, or only half of it
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from inference.cost.prices import Tokens
from inference.outbound.request import Outbound
from inference.types import EngineError


class CloudError(EngineError):
    """`charged` is False where the provider certainly asks no money for it, None where nobody knows.

    `again` tells whether the same request may succeed later, and `after` in how many seconds, if it was said.
    """

    def __init__(
        self, text: str, *, charged: bool | None = False, again: bool = False, after: float | None = None
    ) -> None:
        super().__init__(text)
        self.charged = charged
        self.again = again
        self.after = after


class CloudOff(CloudError): ...


class CloudMissing(CloudError): ...


class KeyMissing(CloudError): ...


class KeyRefused(CloudError): ...


class OverQuota(CloudError): ...


class ModelUnknown(CloudError): ...


class RequestRefused(CloudError): ...


class Overloaded(CloudError): ...


class Unreachable(CloudError): ...


class BadAnswer(CloudError): ...


@dataclass(frozen=True, slots=True)
class Delta:
    """A part of an answer as it arrives."""

    text: str = ""
    finish: str | None = None
    """Set on the last one: 'stop', 'length' or 'refused'."""
    tokens: Tokens | None = None
    """What the whole call used; on the last one, where the server says so. On one before, without text,
    what was used when the answer began, all of the input."""
    cost: Decimal | None = None
    """US dollars as they stand in the ledger; on the last one that `ask` gives, where the usage is known."""
    model: str = ""
    """Which one answered; on the last one that `ask` gives."""


Deltas = AsyncGenerator[Delta, None]


class Cloud(Protocol):
    """One hosted model. Every failure is a CloudError. One call is one request: nothing is repeated here."""

    provider: str
    model: str

    async def ready(self, deadline: float) -> None:
        """Have the library and the key loaded; nothing is connected. Raises CloudError."""
        ...

    async def close(self) -> None: ...

    def complete(self, outbound: Outbound, *, max_tokens: int, deadline: float) -> Deltas:
        """Stream the answer; it has to be complete in `deadline` seconds. Closing the iterator closes the
        connection."""
        ...
