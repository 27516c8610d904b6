"""What a call to a hosted model costs: the user's own prices, else the table of genai-prices.

The table is the one inside the installed package; nothing is fetched, now or in the background. A model
without a price is an error and never free of charge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from inference.types import NearsideError
from settings.schema import Price

MILLION = Decimal(1_000_000)


class UnknownPrice(NearsideError):
    """Nobody knows what this model costs, so nothing may be spent on it."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one call used."""

    input: int = 0
    """The whole prompt, with what was read from or written to the provider's cache."""
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __post_init__(self) -> None:
        counts = (self.input, self.output, self.cache_read, self.cache_write)
        if any(not isinstance(count, int) or count < 0 for count in counts):
            raise ValueError(f"tokens are whole numbers from 0, not {counts}")
        if self.cache_read + self.cache_write > self.input:
            raise ValueError("more tokens were read from and written to the cache than there were")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a price comes from, for the user to check it."""

    model: str
    """As the source names it."""
    provider: str
    name: str
    """'your settings', or the table and its version."""
    url: str = ""
    since: str = ""
    """ISO date from which the price holds, where the source names one."""
    prices: str = ""
    """The prices in words."""

    def __str__(self) -> str:
        since = f", since {self.since}" if self.since else ""
        url = f", {self.url}" if self.url else ""
        provider = f"{self.provider}/" if self.provider else ""
        return f"{provider}{self.model}: {self.prices} ({self.name}{since}{url})"


def price(
    model: str, provider: str, usage: Tokens, own: Sequence[Price] = (), at: datetime | None = None
) -> Decimal:
    """Return what `usage` costs in US dollars at the time `at` (now).

    An empty provider is found by the model's name. Raises UnknownPrice.
    """
    if mine := _own(model, provider, own):
        plain = usage.input - usage.cache_read - usage.cache_write
        read = mine.input if mine.cache_read is None else mine.cache_read
        write = mine.input if mine.cache_write is None else mine.cache_write
        total = plain * mine.input + usage.cache_read * read + usage.cache_write * write
        return (total + usage.output * mine.output) / MILLION
    from genai_prices import Usage

    _, found, rates = _entry(model, provider, at)
    try:
        return rates.calc_price(
            Usage(
                input_tokens=usage.input,
                output_tokens=usage.output,
                cache_read_tokens=usage.cache_read,
                cache_write_tokens=usage.cache_write,
            )
        )["total_price"]
    except (ValueError, LookupError, ArithmeticError) as error:
        why = f"the price of {found.id} cannot be applied: {' '.join(str(error).split())[:160]}"
        raise _unknown(model, provider, why) from error


def source(model: str, provider: str, own: Sequence[Price] = (), at: datetime | None = None) -> Source:
    """Return where the price of a model comes from. Raises UnknownPrice."""
    if mine := _own(model, provider, own):
        words = f"${mine.input} in, ${mine.output} out for a million tokens"
        return Source(model, provider, "your settings", prices=words)
    from genai_prices import __version__

    house, found, rates = _entry(model, provider, at)
    since = ""
    for conditional in reversed(found.prices if isinstance(found.prices, list) else ()):
        if conditional.prices is rates:
            since = str(getattr(conditional.constraint, "start_date", "") or "")
            break
    url = house.pricing_urls[0] if house.pricing_urls else ""
    return Source(found.id, house.id, f"genai-prices {__version__}", url, since, str(rates))


def _own(model: str, provider: str, own: Sequence[Price]) -> Price | None:
    """Return the user's price; one for provider/model goes before one for the model alone."""
    wanted = [f"{provider}/{model}".lower(), model.lower()] if provider else [model.lower()]
    named = {one.model.lower(): one for one in own}
    return next((named[name] for name in wanted if name in named), None)


def _entry(model: str, provider: str, at: datetime | None) -> tuple[Any, Any, Any]:
    """Return provider, model and prices out of the table.

    A price of 0 there means that it is unknown, or paid for in another way; both must not pass for free.
    """
    if not model.strip():
        raise _unknown(model, provider, "no model is named")
    from genai_prices.data_snapshot import get_snapshot

    if not provider and "/" in model:
        provider, _, model = model.partition("/")
    try:
        house, found = get_snapshot().find_provider_model(model, None, provider or None, None)
        rates = found.get_prices(at or datetime.now(UTC))
    except (LookupError, ValueError) as error:
        raise _unknown(model, provider, "the table of genai-prices does not hold it") from error
    for name in ("input_mtok", "output_mtok"):
        if not _positive(getattr(rates, name, None)):
            raise _unknown(model, provider, "the table of genai-prices has no price per token for it")
    return house, found, rates


def _positive(rate: Any) -> bool:
    base = getattr(rate, "base", rate)
    return isinstance(base, Decimal) and base > 0


def _unknown(model: str, provider: str, why: str) -> UnknownPrice:
    full = f"{provider}/{model}" if provider else model
    name = "".join(c if c.isprintable() else "?" for c in full[:120])
    return UnknownPrice(
        f'The price of "{name}" is unknown, because {why}; give it as '
        f'[cost.prices] "{name}" = {{input = ..., output = ...}} in dollars per million tokens.'
    )
