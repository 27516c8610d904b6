"""One setting and one value: what a key accepts, and what to say of a value it does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from functools import reduce
from typing import Any
from urllib.parse import urlsplit

from settings.schema import Endpoint, Price, Settings, Untrusted

SWITCHES = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


@dataclass(frozen=True)
class Key:
    """A setting's place, default and bounds, as schema.py declares them."""

    section: str
    """Dotted where it is inside another one."""
    name: str
    default: Any
    about: str
    untrusted: Untrusted
    low: int | Decimal
    high: int | Decimal
    choices: tuple[str, ...]

    @property
    def dotted(self) -> str:
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        return f"NEARSIDE_{self.dotted}".replace(".", "_").upper()


VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)?")
"""Name of an environment variable, or nothing."""
MODELS = ("model.completion", "model.chat", "retrieval.embedder")
"""Settings that name a model: a word, a path, or the table of a server."""

DECIMAL_PLACES = 12
"""Digits after the point of an amount: a price of one token has about eight."""
MOST_PRICES = 1000
HIGHEST_PRICE = 1_000_000
"""US dollars for a million tokens."""


def _sections(kind: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for one in fields(kind):
        if is_dataclass(one.default_factory):
            yield prefix + one.name, one.default_factory
            yield from _sections(one.default_factory, f"{prefix}{one.name}.")


SECTIONS: dict[str, Any] = dict(_sections(Settings))
"""Every table of settings by its dotted name."""
KEYS: dict[str, Key] = {
    key.dotted: key
    for section, kind in SECTIONS.items()
    for field in fields(kind)
    if field.metadata
    for key in [Key(section, field.name, field.default, **field.metadata)]
}


def value_of(settings: Settings, dotted: str) -> Any:
    """Return the value of one setting."""
    return reduce(getattr, dotted.split("."), settings)


def built(values: Mapping[str, Any], kind: Any = Settings, prefix: str = "") -> Any:
    """Return settings that hold these values, by dotted key."""
    return kind(
        **{
            one.name: built(values, one.default_factory, f"{prefix}{one.name}.")
            if is_dataclass(one.default_factory)
            else values[prefix + one.name]
            for one in fields(kind)
        }
    )


def accepted(key: Key, raw: object) -> Any:
    """Return `raw` as a value of `key`, or raise ValueError with what is wrong as 'X is not Y'."""
    if isinstance(key.default, bool):
        if isinstance(raw, bool):
            return raw
        raise ValueError(f"{shown(raw)} is not true or false")
    if isinstance(key.default, int):
        return _number(key, raw)
    if isinstance(key.default, Decimal):
        return amount(raw, key.low, key.high)
    if key.dotted == "cost.watts":
        if isinstance(raw, str) and raw.lower() == key.default:
            return key.default
        try:
            return amount(raw, key.low, key.high)
        except ValueError as error:
            raise ValueError(f'{error}, nor "{key.default}"') from None
    if key.dotted == "cost.prices":
        return _prices(raw)
    if isinstance(key.default, tuple):
        if isinstance(raw, list | tuple) and all(isinstance(item, str) and _plain(item) for item in raw):
            if key.choices and (other := next((item for item in raw if item not in key.choices), None)):
                raise ValueError(f"{shown(other)} is not one of {', '.join(key.choices)}")
            if key.dotted == "web.ports" and not all(map(_is_port, raw)):
                raise ValueError(f'{shown(raw)} is not a list of ports, as ["443"]')
            return tuple(dict.fromkeys(raw))
        raise ValueError(f"{shown(raw)} is not a list of strings")
    if key.dotted in MODELS:
        if isinstance(raw, Mapping):
            return _endpoint(raw)
        if not raw and key.default:
            raise ValueError("an empty string is not a model")
    return _text(key, raw)


def from_text(key: Key, text: str) -> object:
    """Return what an environment variable's text stands for: lists are comma-separated, tables are JSON."""
    if isinstance(key.default, bool):
        return SWITCHES.get(text.strip().lower(), text)
    if isinstance(key.default, int):
        try:
            return int(text)
        except ValueError:
            return text
    if key.dotted == "cost.prices":
        try:
            return json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError):
            return text
    if isinstance(key.default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if key.dotted in MODELS and text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def shown(value: object) -> str:
    """Return a value as it is quoted in a note: one short line, whatever it holds."""
    if isinstance(value, Mapping):
        return "that table"
    if isinstance(value, Endpoint):
        return value.base_url
    if isinstance(value, Decimal):
        return f"{value}"[:60]
    if isinstance(value, tuple) and value and isinstance(value[0], Price):
        return "the table of prices below it"
    try:
        text = (
            json.dumps(value, ensure_ascii=False)
            if isinstance(value, str | bool | list | tuple)
            else repr(value)
        )
    except (ValueError, TypeError, RecursionError):
        text = f"that {type(value).__name__}"
    text = "".join(c if c.isprintable() else "?" for c in text[:61])
    return text if len(text) <= 60 else text[:57] + "..."


def _number(key: Key, raw: object) -> int:
    if isinstance(raw, float) and raw.is_integer():  # JSON from some clients knows no whole numbers
        raw = int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and key.low <= raw <= key.high:
        return raw
    raise ValueError(f"{shown(raw)} is not a whole number from {key.low} to {key.high}")


def amount(raw: object, low: int | Decimal, high: int | Decimal) -> Decimal:
    """Return a number as it is written, or raise ValueError. A float counts as its shortest decimal form."""
    if isinstance(raw, int | float | str | Decimal) and not isinstance(raw, bool):
        try:
            # `str` of a whole number of thousands of digits is refused by Python itself
            number = Decimal(repr(raw) if isinstance(raw, float) else str(raw).strip()[:100])
        except (InvalidOperation, ValueError):
            number = None
        if number is not None and number.is_finite() and low <= number <= high:
            exponent = number.as_tuple().exponent
            if isinstance(exponent, int) and exponent >= -DECIMAL_PLACES:
                return number
    raise ValueError(f"{shown(raw)} is not a number from {low:,} to {high:,}")


def plain(value: object) -> Any:
    """Return a setting's value as JSON knows it."""
    if isinstance(value, Endpoint):
        return asdict(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, tuple) and value and isinstance(value[0], Price):
        return {
            price.model: {
                name: plain(amount)
                for name, amount in asdict(price).items()
                if name != "model" and amount is not None
            }
            for price in value
        }
    return value


def _prices(raw: object) -> tuple[Price, ...]:
    if not isinstance(raw, Mapping):
        raise ValueError(f"{shown(raw)} is not a table of models")
    if len(raw) > MOST_PRICES:
        raise ValueError(f"it names more than {MOST_PRICES:,} models")
    return tuple(_price(str(model), row) for model, row in raw.items())


def _price(model: str, row: object) -> Price:
    names = [field.name for field in fields(Price) if field.name != "model"]
    if not model or len(model) > 200 or not _plain(model):
        raise ValueError(f"{shown(model)} is not the name of a model")
    if not isinstance(row, Mapping) or not {"input", "output"} <= row.keys():
        raise ValueError(f"{shown(model)} has no {{input, output}} in dollars per million tokens")
    for name in row:
        if name not in names:
            raise ValueError(f"{shown(name)} of {shown(model)} is not one of {', '.join(names)}")
    try:
        return Price(model, **{name: amount(value, 0, HIGHEST_PRICE) for name, value in row.items()})
    except ValueError as error:
        raise ValueError(f"a price of {shown(model)} is wrong: {error}") from None


def _text(key: Key, raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"{shown(raw)} is not a string")
    if not _plain(raw):
        raise ValueError(f"{shown(raw)} is not plain text")
    if key.choices and (raw := raw.lower()) not in key.choices:
        raise ValueError(f"{shown(raw)} is not one of {', '.join(key.choices)}")
    if key.dotted in ("cloud.base_url", "web.searxng_url") and raw:
        _check_address(raw, "it")
    if key.dotted == "cloud.api_key_env" and not VARIABLE.fullmatch(raw):
        raise ValueError("it is not the name of an environment variable (nor is it to be the key itself)")
    return raw


def _endpoint(raw: Mapping[Any, Any]) -> Endpoint:
    """Return a server's address. Notes quote no value of this table: somebody may have put a key in it."""
    names = [field.name for field in fields(Endpoint)]
    for name, value in raw.items():
        if name not in names:
            raise ValueError(f"{shown(name)} is not one of {', '.join(names)}")
        if not isinstance(value, str) or not _plain(value):
            raise ValueError(f"its {name} is not a string of plain text")
    _check_address(raw.get("base_url", ""), "its base_url")
    if not VARIABLE.fullmatch(raw.get("api_key_env", "")):
        raise ValueError("its api_key_env is not the name of an environment variable (nor the key itself)")
    return Endpoint(**raw)


def _check_address(text: str, what: str) -> None:
    """Raise ValueError for what is no server's address. The address is not quoted: it may hold a password."""
    try:
        address = urlsplit(text)
        known = address.scheme in ("http", "https") and address.hostname and address.port != 0
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"{what} is not an http:// or https:// address")
    if address.username or address.password:
        raise ValueError(f"{what} is not to hold a password (name its variable in api_key_env)")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text[:9]) < 65_536


def _plain(text: str) -> bool:
    """Say whether text can be a path, a name or a glob: no control characters, no broken Unicode."""
    return text.isprintable()
