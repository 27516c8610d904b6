"""What a search engine is asked, what it answers, and how it fails; and the one way to its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from settings.keys import find, is_key
from settings.schema import Web
from tools.web.guard import WebError, Wire
from tools.web.http import AGENT, Unusable, received
from tools.web.waits import seconds_of

MOST_BYTES = 2_097_152
"""Of an answer; twenty results take some twenty thousand."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query, cleaned of secrets."""

    query: str = field(repr=False)
    limit: int
    web: Web
    wire: Wire
    """How engines on the internet are reached."""


@dataclass(frozen=True, slots=True)
class Result:
    """One page that an engine found."""

    title: str
    url: str
    snippet: str = ""
    engine: str = ""
    date: str = ""
    """Of the page, as YYYY-MM-DD; empty where the engine knows none."""


class EngineFailed(WebError):
    """An engine has no answer; the text follows 'because'. `wait` is how many seconds it wants to be left
    alone, 0 where it says nothing of that."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


def key_for(variable: str, account: str) -> str:
    """Return an engine's key. May wait for the keyring: call it in a thread. Raises EngineFailed."""
    key, place = find(variable, account)
    if not key:
        raise EngineFailed(f"it has no key; set {variable}, or run: keyring set nearside {account}")
    if not is_key(key):
        raise EngineFailed(f"what {place} holds is no key; put the key alone there")
    return key


async def answer(transport: httpx2.AsyncBaseTransport, request: httpx2.Request) -> Mapping[str, Any]:
    """Return the JSON object an engine answers with. No redirect is followed: a key goes to one address.

    Closes the transport. Raises EngineFailed.
    """
    request.headers["user-agent"] = AGENT
    request.headers["accept"] = "application/json"
    request.headers["accept-encoding"] = "gzip"
    async with transport:
        try:
            got = await received(transport, request, MOST_BYTES)
        except Unusable as error:
            raise EngineFailed(str(error)) from None
    if got.status in (429, 503):
        wait = seconds_of(got.headers.get("retry-after", ""))
        raise EngineFailed(f"it answered {got.status} and wants to be left alone for {wait:.0f} s", wait)
    if got.status in (401, 403):
        raise EngineFailed(f"it answered {got.status}: its key is wrong, or it allows no such request")
    if got.status != 200:
        raise EngineFailed(f"it answered {got.status}")
    try:
        value = json.loads(got.body)
    except (ValueError, RecursionError):
        raise EngineFailed("what it answered is no JSON") from None
    if not isinstance(value, dict):
        raise EngineFailed("what it answered is not what it should be")
    return value


def rows(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list, whatever it is."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of these fields that is a text."""
    return next((row[name] for name in names if isinstance(row.get(name), str)), "")
