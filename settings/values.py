"""One setting and one value: what a key accepts, and what to say of a value it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from decimal import Decimal
from functools import reduce
from typing import Any

from settings.schema import Endpoint, McpServer, Price, Settings, Untrusted
from settings.tables import VARIABLE, amount, check_address, endpoint, is_plain, mcp_servers, prices, shown

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


MODELS = ("model.completion", "model.chat", "retrieval.embedder")
"""Settings that name a model: a word, a path, or the table of a server."""


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
        return prices(raw)
    if key.dotted == "mcp.servers":
        return mcp_servers(raw)
    if isinstance(key.default, tuple):
        if isinstance(raw, list | tuple) and all(isinstance(item, str) and is_plain(item) for item in raw):
            if key.choices and (other := next((item for item in raw if item not in key.choices), None)):
                raise ValueError(f"{shown(other)} is not one of {', '.join(key.choices)}")
            if key.dotted == "web.ports" and not all(map(_is_port, raw)):
                raise ValueError(f'{shown(raw)} is not a list of ports, as ["443"]')
            return tuple(dict.fromkeys(raw))
        raise ValueError(f"{shown(raw)} is not a list of strings")
    if key.dotted in MODELS:
        if isinstance(raw, Mapping):
            return endpoint(raw)
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
    if key.dotted in ("cost.prices", "mcp.servers"):
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


def _number(key: Key, raw: object) -> int:
    if isinstance(raw, float) and raw.is_integer():  # JSON from some clients knows no whole numbers
        raw = int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and key.low <= raw <= key.high:
        return raw
    raise ValueError(f"{shown(raw)} is not a whole number from {key.low} to {key.high}")


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
    if isinstance(value, tuple) and value and isinstance(value[0], McpServer):
        return {
            server.name: {
                name: list(given) if isinstance(given, tuple) else given
                for name, given in asdict(server).items()
                if name != "name" and given
            }
            for server in value
        }
    return value


def _text(key: Key, raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"{shown(raw)} is not a string")
    if not is_plain(raw):
        raise ValueError(f"{shown(raw)} is not plain text")
    if key.choices and (raw := raw.lower()) not in key.choices:
        raise ValueError(f"{shown(raw)} is not one of {', '.join(key.choices)}")
    if key.dotted in ("cloud.base_url", "web.searxng_url") and raw:
        check_address(raw, "it")
    if key.dotted == "cloud.api_key_env" and not VARIABLE.fullmatch(raw):
        raise ValueError("it is not the name of an environment variable (nor is it to be the key itself)")
    return raw


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text[:9]) < 65_536
