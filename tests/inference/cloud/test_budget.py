"""Money at a hosted model: never more than there is, also through retries and whoever stands in; the ledger
adds up to the bill; and what is being spent when a process dies is not forgotten.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from inference import ledger_file, spending
from inference.calls import LedgerUnusable
from inference.cloud import ask
from inference.cloud.escalate import Hosted
from inference.cloud.types import CloudError, Overloaded
from inference.cost.prices import UnknownPrice
from inference.outbound.audit import audit_log
from inference.outbound.rules import Rules
from inference.spending import FORGOTTEN, BudgetSpent, Purse
from inference.types import NearsideError
from settings import paths
from settings.schema import Cost, Settings
from tests.fake_cloud import KEY, PRICES, FakeCloud, Fault
from tests.inference.cloud.conftest import answered, budget, ledger, reaching, task

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "FIRST_WAIT", 0.0)


@pytest.fixture
def server() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        yield cloud


async def reserved_for_one(server: FakeCloud, settings: Settings) -> Decimal:
    """Return what is put aside for a task, and forget that it was asked."""
    await answered(Hosted(settings, Rules()))
    [row] = ledger()
    paths.ledger_file().unlink()
    server.received.clear()
    server.bill = Decimal(0)
    return row.reserved


async def twenty(server: FakeCloud, settings: Settings) -> list[BaseException | None]:
    """Have twenty asked at once; nobody is answered before all who may not ask were told so."""
    server.hold = True
    hosted = [Hosted(settings, Rules()) for _ in range(20)]
    tasks = [asyncio.create_task(answered(one)) for one in hosted]
    while sum(one.done() for one in tasks) < 17:
        await asyncio.wait([one for one in tasks if not one.done()], return_when=asyncio.FIRST_COMPLETED)
    server.go_on.set()
    await asyncio.wait(tasks)
    return [one.exception() for one in tasks]


async def test_twenty_at_once_with_money_for_three_are_three_calls(
    server: FakeCloud, settings: Settings
) -> None:
    one = await reserved_for_one(server, settings)
    errors = await twenty(server, budget(settings, one * Decimal("3.9")))
    assert len(server.received) == 3
    assert [type(error) for error in errors if error] == [BudgetSpent] * 17
    assert sum(row.spent for row in ledger()) == server.bill and len(ledger()) == 3


FAULTS = [
    Fault(status=429, headers={"retry-after": "0"}),
    Fault(status=500),
    Fault(status=529),
    Fault(status=504),
    Fault("half"),
    Fault("not json"),
]


@pytest.mark.parametrize(("fault", "fallback"), list(zip(FAULTS, ["", "spare"] * 3, strict=True)))
async def test_retries_and_whoever_stands_in_get_no_more(
    fault: Fault, fallback: str, server: FakeCloud, settings: Settings
) -> None:
    one = await reserved_for_one(server, settings)
    server.always = fault
    changed = replace(settings, cloud=replace(settings.cloud, fallback_model=fallback, retries=10))
    errors = await twenty(server, budget(changed, one * Decimal("3.9")))
    assert 1 <= len(server.received) <= 3
    assert all(isinstance(error, BudgetSpent | CloudError) for error in errors)
    assert sum(row.spent for row in ledger()) <= one * Decimal("3.9")


async def test_whoever_stands_in_is_paid_out_of_the_same_budget(
    server: FakeCloud, settings: Settings
) -> None:
    one = await reserved_for_one(server, settings)
    server.faults.append(Fault(status=404))
    changed = replace(settings, cloud=replace(settings.cloud, fallback_model="spare"))
    deltas = await answered(Hosted(budget(changed, one * 10), Rules()))
    assert deltas[-1].model == "spare" and deltas[-1].cost == server.bill
    paths.ledger_file().unlink()
    server.faults.append(Fault(status=404))
    with pytest.raises(CloudError, match="no model"):
        await answered(Hosted(budget(changed, one), Rules()))
    assert len(server.received) == 3


async def test_money_of_a_refused_attempt_is_there_again_a_little_later(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await reserved_for_one(server, settings)
    hosted = Hosted(budget(settings, one * Decimal("1.5")), Rules())
    server.faults.append(Fault(status=429))
    with pytest.raises(Overloaded):  # and not that the budget is spent: it is not
        await answered(hosted)
    assert [row.state for row in ledger()] == ["released"] and len(server.received) == 1
    with pytest.raises(BudgetSpent, match="stays aside for a minute"):
        await answered(hosted)
    monkeypatch.setattr(spending, "REFUSED_SECONDS", -1.0)
    assert (await answered(hosted))[-1].cost == server.bill


async def test_the_ledger_equals_the_bill_to_the_cent(server: FakeCloud, settings: Settings) -> None:
    hosted = Hosted(settings, Rules())
    for number in range(12):
        if number % 4 == 1:
            server.faults.append(Fault(status=(429, 500, 529)[number // 4], headers={"retry-after": "0"}))
        server.answer = "x" * (10 + number * 7)
        await answered(hosted, task(f"text {number} " * number))
    rows = ledger()
    assert [row.state for row in rows].count("settled") == 12 and len(rows) == len(server.received) == 15
    assert sum(row.spent for row in rows) == server.bill > 0
    assert any(row.tokens.cache_read for row in rows)
    assert all(row.cost is None or row.cost <= row.reserved for row in rows)


@pytest.mark.parametrize("fault", [Fault("half"), Fault("not json"), Fault(status=504)])
async def test_what_nobody_knows_the_price_of_counts_in_full(
    fault: Fault, server: FakeCloud, settings: Settings
) -> None:
    server.faults.append(fault)
    changed = replace(settings, cloud=replace(settings.cloud, retries=0))
    with pytest.raises(CloudError):
        await answered(Hosted(changed, Rules()))
    [row] = ledger()
    assert row.state == "lost" and row.cost is None and row.spent == row.reserved >= server.bill


async def test_an_answer_nobody_waits_for_any_more_counts_as_the_most_it_can_have_cost(
    server: FakeCloud, settings: Settings
) -> None:
    one = await reserved_for_one(server, settings)
    server.faults.append(Fault("pings"))
    answer = Hosted(settings, Rules()).answer(task(), max_tokens=64)
    await anext(answer)
    await answer.aclose()
    assert await asyncio.to_thread(server.hang_up.wait, 1)
    [row] = ledger()
    assert row.state == "lost" and row.cost is None
    if settings.cloud.provider == "anthropic":  # which says what the input came to when it begins
        assert server.bill <= row.spent < one / 2
    else:
        assert server.bill <= row.spent == one


DYING = """
import asyncio, sys
from tests.inference.cloud.conftest import Hosted, Rules, answered, reaching
class Server: url = sys.argv[1]
asyncio.run(answered(Hosted(reaching(Server, sys.argv[2], api_key_env="SOME_KEY"), Rules())))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
async def test_a_process_that_is_killed_in_the_middle_loses_no_record(
    server: FakeCloud, provider: str
) -> None:
    server.always = Fault("stall")
    command = [sys.executable, "-c", DYING, server.url, provider]
    dying = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "SOME_KEY": KEY})
    assert await asyncio.to_thread(server.reached.wait, 60)
    dying.send_signal(signal.SIGKILL)
    assert dying.wait(10) == -signal.SIGKILL
    [row], [received], [entry] = ledger(), server.received, audit_log().read()
    assert row.state == "reserved" and row.spent == row.reserved > 0
    assert entry["decision"] == "sent" and entry["sha256"] == received.sha256
    settings = reaching(server, provider)
    purse = Purse.of(paths.ledger_file(), settings.routing, settings.cost.prices)
    assert purse.left().day == settings.routing.daily_budget - row.reserved
    later = replace(purse, now=lambda: time.time() + FORGOTTEN + 60)
    later.reserve(row.provider, row.model, row.tokens)
    assert [one.state for one in ledger()] == ["lost", "reserved"]


async def test_an_unknown_price_is_refused_and_not_nothing(server: FakeCloud, provider: str) -> None:
    settings = replace(reaching(server, provider, model="a-model-nobody-knows"), cost=Cost())
    with pytest.raises(UnknownPrice, match="a-model-nobody-knows") as caught:
        await answered(Hosted(settings, Rules()))
    assert "\n" not in str(caught.value) and server.received == [] and ledger() == []
    known = reaching(server, provider, fallback_model="a-model-nobody-knows")
    server.faults.append(Fault(status=404))
    with pytest.raises(UnknownPrice):
        await answered(Hosted(replace(known, cost=Cost(prices=tuple(PRICES.values()))), Rules()))
    assert len(server.received) == 1 and sum(row.spent for row in ledger()) == 0


def newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def damaged(path: Path) -> None:
    path.write_bytes(b"no database, but some text " * 100)


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("harm", [newer, damaged, a_folder])
async def test_nothing_leaves_past_a_ledger_that_cannot_be_written(
    harm, server: FakeCloud, settings: Settings
) -> None:
    harm(paths.ledger_file())
    with pytest.raises(LedgerUnusable) as caught:
        await answered(Hosted(settings, Rules()))
    line = str(caught.value)
    assert line.startswith("The hosted model was not asked, because") and "\n" not in line and ";" in line
    assert server.received == []


async def test_nothing_leaves_on_a_full_disk(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ledger = ledger_file.open_ledger

    def full(path: Path) -> sqlite3.Connection:
        connection = open_ledger(path)
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(ledger_file, "open_ledger", full)
    hosted = Hosted(budget(settings, Decimal(5)), Rules())
    large = replace(task(), project="/p" * 20_000)  # one row that needs new pages
    with pytest.raises(LedgerUnusable, match="full; make room"):
        await answered(hosted, large)
    assert server.received == [] and ledger() == []


async def test_a_held_ledger_is_waited_for_a_little_and_then_nothing_leaves(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger_file.open_ledger(paths.ledger_file()).close()
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(paths.ledger_file(), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerUnusable, match="another program holds"):
        await answered(Hosted(settings, Rules()))
    holder.close()
    assert server.received == []


async def test_a_ledger_that_fills_up_during_the_call_keeps_what_was_reserved(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("inference.calls.settle", full)
    deltas = await answered(Hosted(settings, Rules()))
    assert "".join(delta.text for delta in deltas) == server.answer
    [row] = ledger()
    assert row.state == "reserved" and row.spent == row.reserved >= server.bill


async def test_every_error_of_money_is_one_of_ours(server: FakeCloud, settings: Settings) -> None:
    with pytest.raises(BudgetSpent) as caught:
        await answered(Hosted(budget(settings, Decimal(0)), Rules()))
    assert isinstance(caught.value, NearsideError) and "routing.daily_budget" in str(caught.value)
    assert server.received == []
