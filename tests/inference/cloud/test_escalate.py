"""A task through everything: prepared, asked in each wire format, restored, settled, logged."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from inference import calls
from inference.calls import Call
from inference.cloud.escalate import Hosted
from inference.cloud.types import Delta
from inference.outbound.audit import audit_log
from inference.outbound.request import OutboundTask, Part
from inference.outbound.rules import Rules
from settings import paths
from settings.schema import Cost, Settings
from tests.fake_cloud import PRICES, FakeCloud

SECRET = "AKIA" + "J4Q7ZP2MXV8KD5RT"


def task(text: str = "def add(first, second):\n    ", path: str = "shop/sums.py") -> OutboundTask:
    parts = (Part("snippet", "class Sum: ...\n" * 40, "shop/sum.py", stable=True), Part("buffer", text, path))
    return OutboundTask("/p", "completion", "You write code.", parts)


async def answered(hosted: Hosted, asked: OutboundTask | None = None, **how) -> list[Delta]:
    async with contextlib.aclosing(hosted.answer(asked or task(), max_tokens=64, **how)) as deltas:
        return [delta async for delta in deltas]


def ledger() -> list[Call]:
    with calls.read(paths.ledger_file(), "Nothing was read") as opened:
        return calls.since(opened, 0)


@pytest.fixture
def priced(settings: Settings) -> Settings:
    from dataclasses import replace

    return replace(settings, cost=Cost(prices=tuple(PRICES.values())))


async def test_a_task_is_answered_restored_settled_and_logged(
    server: FakeCloud, priced: Settings, home: Path
) -> None:
    server.answer = 'client("<AWS_KEY_1>", region="eu")\n'
    hosted = Hosted(priced, Rules(root=home))
    deltas = await answered(hosted, task(f'KEY = "{SECRET}"\nclient = '), suggestion="s-1")
    assert "".join(delta.text for delta in deltas) == f'client("{SECRET}", region="eu")\n'
    last = deltas[-1]
    assert (last.finish, last.model) == ("stop", priced.cloud.model) and last.tokens
    [received] = server.received
    assert SECRET.encode() not in received.raw and b"<AWS_KEY_1>" in received.raw
    [row] = ledger()
    assert (row.state, row.suggestion, row.project) == ("settled", "s-1", "/p")
    assert row.tokens == last.tokens and row.cost == last.cost == server.bill > 0
    [entry] = audit_log().read()
    assert entry["sha256"] == received.sha256 and entry["size"] == len(received.body)
    assert entry["files"] == ["shop/sum.py", "shop/sums.py"] and entry["redacted"] == {"AWS_KEY": 1}
    await hosted.close()
