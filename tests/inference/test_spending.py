"""Budgets where money is spent: by the user's days and months, whatever the clock does."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from inference import calls
from inference.calls import LedgerUnusable
from inference.cost.prices import Tokens, UnknownPrice
from inference.spending import FORGOTTEN, BudgetSpent, Left, Purse, starts
from settings.schema import Price, Routing

D = Decimal
ROOT = Path(__file__).parents[2]
PRICE = Price("m", D(1), D(10), D("0.1"), D("1.25"))
MOST = Tokens(8_000, 1_000)
"""Two cents at most: 8,000 written to the cache at 1.25, and 1,000 out at 10 dollars a million."""
NOON = datetime(2026, 3, 10, 12).timestamp()
DAY = 86_400.0


class Clock:
    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def purse(home: Path, clock: Clock) -> Purse:
    return Purse(home / "ledger.db", D("0.10"), D("0.30"), (PRICE,), clock)


def test_the_most_a_call_can_cost_is_put_aside_and_what_it_cost_takes_its_place(purse: Purse) -> None:
    call = purse.reserve("anthropic", "m", MOST)
    assert call.reserved == D("0.02") and purse.left() == Left(D("0.08"), D("0.28"))
    assert purse.settle(call, Tokens(4_000, 100, 1_000, 1_000)) == D("0.00435")
    assert purse.left() == Left(D("0.09565"), D("0.29565"))


def test_what_was_not_charged_comes_back_and_what_nobody_knows_does_not(purse: Purse) -> None:
    purse.release(purse.reserve("anthropic", "m", MOST))
    assert purse.left().day == D("0.10")
    purse.lose(purse.reserve("anthropic", "m", MOST))
    assert purse.left().day == D("0.08")
    purse.lose(purse.reserve("anthropic", "m", MOST), Tokens(2_000, 1_000))
    assert purse.left().day == D("0.068")
    purse.lose(purse.reserve("anthropic", "m", MOST), Tokens(900_000, 1_000))
    assert purse.left().day == D("0.048"), "never more than was reserved"


def test_money_for_five_is_five(purse: Purse) -> None:
    for _ in range(5):
        purse.reserve("anthropic", "m", MOST)
    with pytest.raises(BudgetSpent) as caught:
        purse.reserve("anthropic", "m", MOST)
    line = str(caught.value)
    assert "may cost $0.0200 and $0.00 is left of routing.daily_budget" in line and "\n" not in line
    assert purse.left().day == 0


def test_to_the_last_cent_is_allowed_and_one_pico_more_is_not(purse: Purse) -> None:
    replace(purse, daily=D("0.02")).reserve("anthropic", "m", MOST)
    with pytest.raises(BudgetSpent):
        replace(purse, daily=D("0.02") * 2 - D("0.000000000001")).reserve("anthropic", "m", MOST)


def test_a_new_day_has_a_budget_of_its_own_and_the_month_goes_on(purse: Purse, clock: Clock) -> None:
    for _ in range(3):
        for _ in range(5):
            purse.reserve("anthropic", "m", MOST)
        clock.at += DAY
    with pytest.raises(BudgetSpent, match="routing.monthly_budget"):
        purse.reserve("anthropic", "m", MOST)
    clock.at = datetime(2026, 4, 1, 0, 0, 1).timestamp()
    purse.reserve("anthropic", "m", MOST)


def test_days_and_months_begin_where_the_user_is() -> None:
    day, month = starts(datetime(2026, 3, 10, 12, 30).timestamp())
    assert datetime.fromtimestamp(day) == datetime(2026, 3, 10)
    assert datetime.fromtimestamp(month) == datetime(2026, 3, 1)


def test_a_clock_that_is_set_back_gives_no_money_back(purse: Purse, clock: Clock) -> None:
    for _ in range(5):
        purse.reserve("anthropic", "m", MOST)
    clock.at -= DAY
    with pytest.raises(BudgetSpent):
        purse.reserve("anthropic", "m", MOST)
    assert purse.left().day == 0


def test_what_is_spent_while_the_clock_is_behind_counts_on_the_day_it_comes_to(
    purse: Purse, clock: Clock
) -> None:
    purse.reserve("anthropic", "m", MOST)
    clock.at -= DAY
    for _ in range(4):
        purse.reserve("anthropic", "m", MOST)
    clock.at += DAY
    with pytest.raises(BudgetSpent):
        purse.reserve("anthropic", "m", MOST)


def test_a_call_of_a_clock_years_ahead_takes_a_place_but_no_calls_with_it(purse: Purse, clock: Clock) -> None:
    clock.at += 900 * DAY
    purse.reserve("anthropic", "m", MOST)
    clock.at -= 900 * DAY
    call = purse.reserve("anthropic", "m", MOST)
    assert call.time == NOON and purse.left().day == D("0.06")


def test_a_call_whose_process_died_is_lost_in_the_end_and_still_counts(purse: Purse, clock: Clock) -> None:
    purse.reserve("anthropic", "m", MOST)
    clock.at += FORGOTTEN + 1
    purse.reserve("anthropic", "m", MOST)
    with calls.read(purse.file, "Nothing was read") as ledger:
        assert [call.state for call in calls.since(ledger, 0)] == ["lost", "reserved"]
    assert purse.left().day == D("0.06")


def test_a_late_settlement_still_counts(purse: Purse, clock: Clock) -> None:
    call = purse.reserve("anthropic", "m", MOST)
    clock.at += FORGOTTEN + 1
    purse.reserve("anthropic", "m", MOST)
    purse.settle(call, Tokens(1_000, 0))
    with calls.read(purse.file, "Nothing was read") as ledger:
        assert [call.state for call in calls.since(ledger, 0)] == ["settled", "reserved"]


def test_a_call_without_a_price_is_refused_before_and_kept_after(purse: Purse) -> None:
    with pytest.raises(UnknownPrice):
        purse.reserve("anthropic", "nobody-knows-it", MOST)
    assert not purse.file.exists()
    call = purse.reserve("anthropic", "m", MOST)
    assert replace(purse, prices=()).settle(call, Tokens(10, 10)) is None
    assert purse.left().day == D("0.08")


def test_a_budget_of_nothing_spends_nothing(purse: Purse) -> None:
    with pytest.raises(BudgetSpent):
        replace(purse, daily=D(0)).reserve("anthropic", "m", MOST)
    with pytest.raises(BudgetSpent):
        replace(purse, monthly=D(0)).reserve("anthropic", "m", MOST)


def test_money_of_a_refused_call_stays_aside_for_a_minute(home: Path) -> None:
    purse = Purse(home / "ledger.db", D("0.03"), D(1), (PRICE,))
    purse.release(purse.reserve("anthropic", "m", MOST))
    assert purse.left().day == D("0.03")
    with pytest.raises(BudgetSpent, match="stays aside for a minute"):
        purse.reserve("anthropic", "m", MOST)
    replace(purse, now=lambda: time.time() + 61).reserve("anthropic", "m", MOST)


SPENDING = """
import sys
from decimal import Decimal
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from inference.spending import BudgetSpent, Purse
from tests.inference.test_spending import MOST, PRICE

purse = Purse(Path(sys.argv[1]), Decimal("0.06"), Decimal(1), (PRICE,))

def spend(number):
    try:
        return bool(purse.reserve("anthropic", "m", MOST))
    except BudgetSpent:
        return False

with ThreadPoolExecutor(10) as pool:
    print(sum(pool.map(spend, range(10))))
"""


def test_two_servers_that_spend_at_once_spend_no_more_than_there_is(home: Path) -> None:
    command = [sys.executable, "-c", SPENDING, str(home / "ledger.db")]
    servers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    made = [int(server.communicate(timeout=60)[0]) for server in servers]
    assert sum(made) == 3


def test_settling_where_the_ledger_cannot_be_written_raises_nothing(
    purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = purse.reserve("anthropic", "m", MOST)
    away = purse.file.rename(purse.file.with_name("away"))
    purse.file.mkdir()
    for note in (lambda: purse.settle(call, Tokens(10, 10)), lambda: purse.release(call)):
        note()
    purse.file.rmdir()
    away.rename(purse.file)
    assert purse.left().day == D("0.08")


def test_what_is_left_is_unknown_where_the_ledger_cannot_be_read(purse: Purse) -> None:
    purse.file.write_text("no database " * 200)
    with pytest.raises(LedgerUnusable, match="What is left of the budget is unknown, because"):
        purse.left()


def test_the_settings_make_a_purse(home: Path) -> None:
    routing = Routing(daily_budget=D(2), monthly_budget=D(20))
    assert Purse.of(home / "x", routing).left() == Left(D(2), D(20))


def test_threads_share_a_purse(purse: Purse) -> None:
    def spend(number: int) -> bool:
        try:
            return bool(purse.reserve("anthropic", "m", MOST))
        except BudgetSpent:
            return False

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(spend, range(20))) == 5
