"""Reads what `nearside cost tco` is to compare: a TOML text of machines and hosted models."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from inference.cost.tco import Hosted, Machine
from inference.types import NearsideError
from settings.tables import HIGHEST_PRICE, amount, shown

MOST = 200
"""Entries of a file."""
HIGHEST = 1_000_000_000_000
LIMITS: dict[str, tuple[int | Decimal, int]] = {
    "hardware": (0, HIGHEST),
    "residual": (0, HIGHEST),
    "years": (Decimal("0.1"), 100),
    "setup_hours": (0, 100_000),
    "hourly_rate": (0, 1_000_000_000),
    "maintenance_hours": (0, 8784),
    "watts": (0, 100_000),
    "hours_per_day": (0, 24),
    "days_per_month": (0, 31),
    "kwh_price": (0, 1_000_000),
    "electricity": (0, HIGHEST),
    "people": (1, 1_000_000),
    "hosted": (0, HIGHEST),
    "input": (0, HIGHEST_PRICE),
    "output": (0, HIGHEST_PRICE),
    "tokens_in": (0, 10**12),
    "tokens_out": (0, 10**12),
    "sessions": (0, 10**9),
}
"""Least and greatest of every number, in a file and as an option."""
WHOLE = ("people", "tokens_in", "tokens_out")
OF_MACHINES = tuple(field for field in Machine.__dataclass_fields__ if field != "name")
OF_HOSTED = ("input", "output", "tokens_in", "tokens_out", "sessions")

PriceOf = Callable[[str], tuple[Decimal, Decimal]]
"""Gives the prices of a million tokens in and out, in the comparison's currency; raises UnknownPrice."""


class ComparisonError(NearsideError):
    """An input nothing can be reckoned from."""


@dataclass(frozen=True, slots=True)
class Comparison:
    currency: str
    machines: tuple[Machine, ...]
    hosted: tuple[Hosted, ...]


def checked(name: str, raw: object) -> Any:
    """Return the value of one number. Raises ValueError with what is wrong with it."""
    low, high = LIMITS[name]
    value = amount(raw, low, high)
    if name not in WHOLE:
        return value
    if value != value.to_integral_value():
        raise ValueError(f"{shown(raw)} is not a whole number")
    return int(value)


def read(text: str, source: str, currency: str, defaults: Mapping[str, Any], price_of: PriceOf) -> Comparison:
    """Return what is to be compared. `defaults` hold where the text says nothing. Raises ComparisonError."""
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise _wrong(source, f"it is not valid TOML: {' '.join(str(error).split())[:160]}") from None
    try:
        own = table.pop("currency", currency)
        if not isinstance(own, str) or not own.isprintable() or not 1 <= len(own) <= 12:
            raise ValueError("its currency is not a name like USD")
        if own != currency:
            price_of = _foreign(currency)
        machines, hosted = _entries(table, "machine"), _entries(table, "hosted")
        shared = {**defaults, **_numbers(table, (*OF_MACHINES, *OF_HOSTED), "its")}
        return Comparison(
            own,
            tuple(_machine(entry, shared) for entry in machines),
            tuple(_hosted(entry, shared, price_of) for entry in hosted),
        )
    except ValueError as error:
        raise _wrong(source, str(error)) from None


def _foreign(currency: str) -> PriceOf:
    def refuse(model: str) -> tuple[Decimal, Decimal]:
        raise ValueError(f"prices of models are known in {currency} only (cost.currency, cost.exchange_rate)")

    return refuse


def _entries(table: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    entries = table.pop(kind, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"each {kind} is to begin with [[{kind}]]")
    if len(entries) > MOST:
        raise ValueError(f"it holds more than {MOST} entries [[{kind}]]")
    return [dict(entry) for entry in entries]


def _machine(entry: dict[str, Any], shared: Mapping[str, Any]) -> Machine:
    name = _name(entry)
    own = _numbers(entry, OF_MACHINES, f"{shown(name)}:")
    values = {key: value for key, value in shared.items() if key in OF_MACHINES}
    if "watts" in own:
        values.pop("electricity", None)
    return Machine(name, **{**values, **own})


def _hosted(entry: dict[str, Any], shared: Mapping[str, Any], price_of: PriceOf) -> Hosted:
    model = entry.pop("model", None)
    if model is not None and not isinstance(model, str):
        raise ValueError(f"{shown(model)} is not the name of a model")
    name = _name(entry, model)
    values = {key: value for key, value in shared.items() if key in OF_HOSTED}
    values |= _numbers(entry, OF_HOSTED, f"{shown(name)}:")
    if model and not {"input", "output"} & values.keys():
        values["input"], values["output"] = price_of(model)
    if not {"input", "output"} <= values.keys():
        raise ValueError(f"{shown(name)} has no model, nor input and output prices of a million tokens")
    return Hosted(name, **values)


def _name(entry: dict[str, Any], otherwise: str | None = None) -> str:
    name = entry.pop("name", otherwise)
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 100:
        raise ValueError("an entry has no name of plain text")
    return name


def _numbers(table: Mapping[str, Any], allowed: tuple[str, ...], whose: str) -> dict[str, Any]:
    found = {}
    for key, raw in table.items():
        if key not in allowed:
            raise ValueError(f"{whose} {shown(key)} is not one of {', '.join(sorted(allowed))}")
        try:
            found[key] = checked(key, raw)
        except ValueError as error:
            raise ValueError(f"{whose} {key} is wrong: {error}") from None
    return found


def _wrong(source: str, why: str) -> ComparisonError:
    return ComparisonError(
        f"Nothing was compared, because {source} cannot be used: {why}. "
        "`nearside cost tco --example` prints one to start from."
    )
