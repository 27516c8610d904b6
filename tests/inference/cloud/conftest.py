"""A fake cloud, and what asks it, in both wire formats."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from inference import calls
from inference.calls import Call
from inference.cloud.escalate import Hosted
from inference.cloud.opening import clouds_of
from inference.cloud.types import Cloud as AnyCloud
from inference.cloud.types import Delta
from inference.outbound.audit import audit_log
from inference.outbound.redact import Vault
from inference.outbound.request import Outbound, OutboundTask, Part, prepare
from inference.outbound.rules import Rules
from settings import paths
from settings.schema import Cloud, Cost, Routing, Settings
from tests.fake_cloud import HAIKU, KEY, PRICES, TERRA, FakeCloud

FORMATS = ("anthropic", "openai", "openai-compatible")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "SOME_KEY"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def server() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        yield cloud


@pytest.fixture(params=FORMATS)
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


def reaching(server: FakeCloud, provider: str, **changed: object) -> Settings:
    """Settings of somebody who opted in."""
    claude = provider == "anthropic"
    cloud = Cloud(
        provider=provider,
        model=HAIKU if claude else TERRA,
        base_url=server.url + ("" if claude else "/v1"),
        api_key_env="SOME_KEY" if provider == "openai-compatible" else "",
        read_timeout=5,
    )
    return Settings(
        routing=Routing(mode="local-first"),
        cloud=replace(cloud, **changed),  # type: ignore[arg-type]
        cost=Cost(prices=tuple(PRICES.values())),
    )


@pytest.fixture
def settings(server: FakeCloud, provider: str) -> Settings:
    return reaching(server, provider)


def outbound(*parts: str, system: str = "You write code.", stable: int | None = None) -> Outbound:
    parts = parts or ("files " * 200, "def add(first, second):\n")
    stable = len(parts) - 1 if stable is None else stable
    pieces = tuple(Part("buffer", text, stable=number < stable) for number, text in enumerate(parts))
    return prepare(OutboundTask("/p", "completion", system, pieces), Rules(), Vault(), audit_log())


SECRET = "AKIA" + "J4Q7ZP2MXV8KD5RT"


def task(text: str = "def add(first, second):\n    ", path: str = "shop/sums.py") -> OutboundTask:
    parts = (Part("snippet", "class Sum: ...\n" * 40, "shop/sum.py", stable=True), Part("buffer", text, path))
    return OutboundTask("/p", "completion", "You write code.", parts)


async def answered(hosted: Hosted, asked: OutboundTask | None = None, **how: Any) -> list[Delta]:
    """Return the whole answer to one task."""
    async with contextlib.aclosing(hosted.answer(asked or task(), **{"max_tokens": 64, **how})) as deltas:
        return [delta async for delta in deltas]


def ledger() -> list[Call]:
    """Return what the user's ledger holds of hosted models."""
    if not paths.ledger_file().exists():
        return []
    with calls.read(paths.ledger_file(), "Nothing was read") as opened:
        return calls.since(opened, 0)


def budget(settings: Settings, dollars: Decimal) -> Settings:
    return replace(settings, routing=replace(settings.routing, daily_budget=dollars))


def only(settings: Settings) -> AnyCloud:
    [cloud] = clouds_of(settings)
    return cloud
