"""Settings that are tables: a server's address, prices, MCP servers; and how a value is quoted in a note."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from settings.schema import Endpoint, McpServer, Price

VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)?")
"""Name of an environment variable, or nothing."""
DECIMAL_PLACES = 12
"""Digits after the point of an amount: a price of one token has about eight."""
MOST_PRICES = 1000
HIGHEST_PRICE = 1_000_000
"""US dollars for a million tokens."""
MOST_SERVERS = 20
SERVER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


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
    if isinstance(value, tuple) and value and isinstance(value[0], McpServer):
        return "the table of servers below it"
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


def endpoint(raw: Mapping[Any, Any]) -> Endpoint:
    """Return a server's address. Notes quote no value of this table: somebody may have put a key in it."""
    names = [field.name for field in fields(Endpoint)]
    for name, value in raw.items():
        if name not in names:
            raise ValueError(f"{shown(name)} is not one of {', '.join(names)}")
        if not isinstance(value, str) or not is_plain(value):
            raise ValueError(f"its {name} is not a string of plain text")
    check_address(raw.get("base_url", ""), "its base_url")
    if not VARIABLE.fullmatch(raw.get("api_key_env", "")):
        raise ValueError("its api_key_env is not the name of an environment variable (nor the key itself)")
    return Endpoint(**raw)


def check_address(text: str, what: str) -> None:
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


def prices(raw: object) -> tuple[Price, ...]:
    """Return a table of models as prices, or raise ValueError."""
    if not isinstance(raw, Mapping):
        raise ValueError(f"{shown(raw)} is not a table of models")
    if len(raw) > MOST_PRICES:
        raise ValueError(f"it names more than {MOST_PRICES:,} models")
    return tuple(_price(str(model), row) for model, row in raw.items())


def _price(model: str, row: object) -> Price:
    names = [field.name for field in fields(Price) if field.name != "model"]
    if not model or len(model) > 200 or not is_plain(model):
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


def mcp_servers(raw: object) -> tuple[McpServer, ...]:
    """Return a table of servers, or raise ValueError. No argument is quoted: somebody may put a key there."""
    if not isinstance(raw, Mapping):
        raise ValueError(f"{shown(raw)} is not a table of servers")
    if len(raw) > MOST_SERVERS:
        raise ValueError(f"it names more than {MOST_SERVERS} servers")
    return tuple(_mcp_server(str(name), row) for name, row in raw.items())


def _mcp_server(name: str, row: object) -> McpServer:
    names = [field.name for field in fields(McpServer) if field.name != "name"]
    if not SERVER_NAME.fullmatch(name):
        raise ValueError(f"{shown(name)} is not a name of up to 32 letters, digits, - and _")
    if not isinstance(row, Mapping) or bool(row.get("command")) == bool(row.get("url")):
        raise ValueError(f"{shown(name)} has not either a command or a url")
    values: dict[str, Any] = {}
    for key, value in row.items():
        if key not in names:
            raise ValueError(f"{shown(key)} of {shown(name)} is not one of {', '.join(names)}")
        if key in ("command", "url"):
            if not isinstance(value, str) or not is_plain(value):
                raise ValueError(f"the {key} of {shown(name)} is not a string of plain text")
        elif not isinstance(value, list | tuple) or not all(
            isinstance(one, str) and is_plain(one) for one in value
        ):
            raise ValueError(f"{key} of {shown(name)} is not a list of strings")
        else:
            value = tuple(value)
        values[key] = value
    if not all(one and VARIABLE.fullmatch(one) for one in values.get("env", ())):
        raise ValueError(f"env of {shown(name)} holds something else than names of environment variables")
    if values.get("url"):
        check_address(values["url"], f"the url of {shown(name)}")
    return McpServer(name, **values)


def is_plain(text: str) -> bool:
    """Say whether text can be a path, a name or a glob: no control characters, no broken Unicode."""
    return text.isprintable()
