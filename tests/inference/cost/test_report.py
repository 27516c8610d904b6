"""The cost report: from what really lies in a ledger to amounts by day and project."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from inference import calls, ledger_file
from inference.calls import Call
from inference.cost import report, rows
from inference.cost.prices import Tokens
from inference.cost.report import UNUSED, Report
from inference.ledger import Entry, Ledger
from inference.types import Usage
from settings.schema import Cost, Price

D = Decimal
TODAY = date.today()
MODEL = Price("big", D(3), D(15), D("0.3"))
COST = Cost(hosted_model="big", prices=(MODEL,), kwh_price=D("0.5"), watts=D(360))


@pytest.fixture
def file(home: Path) -> Path:
    return home / "ledger.db"


@pytest.fixture
def ledger(file: Path) -> Iterator[Ledger]:
    opened = Ledger(file)
    yield opened
    opened.close()


def suggest(ledger: Ledger, id: str, project: str = "/p", days_ago: int = 0, how: str = "accepted") -> None:
    """A suggestion of 1000 prompt tokens, of which 600 were in the KV cache, and 100 generated ones."""
    at = time.time() - days_ago * 86_400
    entry = Entry(id, at, project, source="engine", evaluated_tokens=400, reused_tokens=600)
    ledger.suggested(Entry(**{**vars_of(entry), "generated_tokens": 100}))
    if how != "withheld":
        ledger.shown(id)
        ledger.ended(id, how)  # type: ignore[arg-type]


def vars_of(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in Entry.__dataclass_fields__}


def work(file: Path, day: date, project: str, busy: float, measured: float = 0, joules: float = 0) -> None:
    connection = ledger_file.open_ledger(file)
    values = (day.isoformat(), project, "m", 5, 2000, 3000, 500, busy * 1000, measured * 1000, joules)
    connection.execute("INSERT INTO work VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.close()


def made(file: Path, cost: Cost = COST, days: int = 30, project: str | None = None) -> Report:
    with calls.read(file, "Nothing was read") as connection:
        found = rows.read(connection, TODAY - timedelta(days=days - 1), project)
    return report.make(found, cost, TODAY, days, ["No counter."])


def test_what_was_answered_here_would_have_cost_something_elsewhere(ledger: Ledger, file: Path) -> None:
    suggest(ledger, "a-1")
    suggest(ledger, "a-2", how="rejected")
    suggest(ledger, "a-3", how="withheld")
    ledger.flush()
    found = made(file)
    assert (found.total.requests, found.total.shown, found.total.accepted) == (3, 2, 1)
    assert found.total.avoided == 2 * (400 * D(3) + 600 * D("0.3") + 100 * D(15)) / 1_000_000
    assert found.total.kept_share == 1
    assert "big: $3 in, $15 out" in found.compared and "your settings" in found.compared


def test_hosted_calls_cost_what_the_ledger_says_and_take_their_share(ledger: Ledger, file: Path) -> None:
    for number in range(4):
        suggest(ledger, f"a-{number}")
    ledger.flush()
    with calls.opened(file) as connection:

        def call(id: str, suggestion: str = "", project: str = "/p") -> None:
            calls.reserve(
                connection, Call(id, time.time(), project, "x", "big", D("0.05"), suggestion=suggestion)
            )

        call("c-1", "a-0")
        calls.settle(connection, "c-1", D("0.0126"), Tokens(4000, 40))
        call("c-2", "a-0")  # tried again: another charge, and the same thing asked
        call("c-3")
        call("c-4")
        calls.release(connection, "c-4")
    total = made(file).total
    assert (total.calls, total.hosted_input, total.hosted_output) == (3, 4000, 40)
    assert total.cloud == D("0.1126")
    assert total.kept_share == D(3) / 5
    assert any("2 calls to hosted models count with what was reserved" in note for note in made(file).notes)


def test_energy_is_watts_times_busy_seconds_where_watts_are_set(file: Path) -> None:
    work(file, TODAY, "/p", busy=100, measured=50, joules=1)
    total = made(file).total
    assert (total.kwh, total.energy) == (D("0.01"), D("0.005"))
    assert (total.evaluated, total.generated, total.busy) == (2000, 500, 100)


def test_energy_that_was_measured_is_used_and_what_was_not_is_said(file: Path) -> None:
    work(file, TODAY, "/p", busy=100, measured=75, joules=1_800_000)
    work(file, TODAY - timedelta(days=1), "/p", busy=20)
    found = made(file, Cost(watts="measured", kwh_price=D("0.5")))
    assert found.total.kwh == D("0.5") and found.total.energy == D("0.25")
    assert found.days[0].kwh is None and found.days[0].energy is None
    assert "Energy was not measured for 38 % of the time the engine worked. No counter." in found.notes


def test_amortisation_is_of_every_day_and_goes_where_the_engine_worked(file: Path) -> None:
    work(file, TODAY - timedelta(days=2), "/p", busy=30)
    work(file, TODAY - timedelta(days=2), "/q", busy=10)
    work(file, TODAY, "/q", busy=10)
    cost = Cost(hardware_price=D("3652.5"), years=D(5), people=2)
    found = made(file, cost)
    assert [line.amortisation for line in found.days] == [1, 1, 1]
    shares = {line.label: line.amortisation for line in found.projects}
    assert shares == {"/p": D("0.75"), "/q": D("1.25"), UNUSED: 1}
    assert found.total.amortisation == 3 and found.first == TODAY - timedelta(days=2)
    gaining = made(file, Cost(hardware_price=D(0), residual_value=D("3652.5"), years=D(5)))
    assert gaining.total.amortisation == -6


def test_days_and_projects_add_up_to_the_total(ledger: Ledger, file: Path) -> None:
    for number in range(9):
        project = "/p" if number % 2 else ""
        suggest(ledger, f"a-{number}", project, days_ago=number % 4)
        work(file, TODAY - timedelta(days=number), project, busy=number + 1)
    ledger.flush()
    found = made(file, Cost(hosted_model="big", prices=(MODEL,), watts=D(100), hardware_price=D(1000)))
    names = ("requests", "shown", "evaluated", "busy", "kwh", "energy", "amortisation", "avoided", "cost")
    for name in names:
        for lines in (found.days, found.projects):
            parts = [getattr(line, name) for line in lines]
            assert sum(parts) == pytest.approx(getattr(found.total, name)), name
    assert [line.label for line in found.projects] == [report.NOWHERE, "/p"]


def test_a_project_and_a_number_of_days_can_be_asked_for(ledger: Ledger, file: Path) -> None:
    suggest(ledger, "a-1", "/p")
    suggest(ledger, "a-2", "/q")
    suggest(ledger, "a-3", "/p", days_ago=10)
    ledger.flush()
    assert made(file, project="/p").total.requests == 2
    week = made(file, days=7, project="/p")
    assert week.total.requests == 1 and week.first == TODAY
    assert len(made(file, days=30).days) == 11


def test_amounts_are_in_the_users_currency(ledger: Ledger, file: Path) -> None:
    suggest(ledger, "a-1")
    ledger.flush()
    with calls.opened(file) as connection:
        calls.reserve(connection, Call("c", time.time(), "/p", "x", "big", D(2)))
    rate = {"currency": "EUR", "exchange_rate": D("0.9")}
    plain, euros = made(file), made(file, Cost(**{**cost_values(), **rate}))
    assert plain.total.avoided is not None
    assert (euros.total.cloud, euros.total.avoided) == (D("1.8"), plain.total.avoided * D("0.9"))
    unset = made(file, Cost(**{**cost_values(), "currency": "EUR"}))
    assert any("set cost.exchange_rate" in note for note in unset.notes)


def cost_values() -> dict[str, object]:
    return {name: getattr(COST, name) for name in Cost.__dataclass_fields__}


def test_an_unknown_price_leaves_the_avoided_spend_open_and_says_so(ledger: Ledger, file: Path) -> None:
    suggest(ledger, "a-1")
    ledger.flush()
    found = made(file, Cost(hosted_model="nobody-knows"))
    assert found.total.avoided is None and found.total.shown == 1
    assert found.notes[0].startswith('The avoided spend is not known. The price of "nobody-knows" is unknown')


def test_an_empty_ledger_is_a_report_of_nothing(file: Path) -> None:
    ledger_file.open_ledger(file).close()
    found = made(file)
    assert found.total.requests == 0 and found.total.cost == 0 and found.total.kept_share is None
    assert [line.label for line in found.days] == [TODAY.isoformat()] and found.projects == ()


def test_figures_that_are_none_count_as_nothing(file: Path) -> None:
    connection = ledger_file.open_ledger(file)
    for day in ("<b>", "9999-12-31", TODAY.isoformat()):
        values = (day, b"\xff", "m", 1, "many", 2.5, 1, float("inf"), "x", 1e308)
        connection.execute("INSERT INTO work VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.execute(
        "INSERT INTO suggestions "
        "SELECT 'a', 1e300, '', '', '', '', '', 0, 1, 1, 1, 1, 1, 1, 1, 0, '', 0, 0, ''"
    )
    connection.close()
    found = made(file)
    assert found.total.requests == 0 and found.total.busy == 0
    assert {line.label for line in found.days} == {"<b>", "9999-12-31", TODAY.isoformat()}


def test_a_day_begins_at_midnight_here(ledger: Ledger, file: Path) -> None:
    midnight = datetime.combine(TODAY, datetime.min.time()).timestamp()
    for id, at in (("before", midnight - 1), ("after", midnight)):
        ledger.suggested(Entry(id, at, "/p"))
    ledger.worked("/p", "m", Usage(generated_tokens=3, decode_ms=10))
    ledger.flush()
    found = made(file, days=2)
    assert [(line.label, line.requests) for line in found.days] == [
        ((TODAY - timedelta(days=1)).isoformat(), 1),
        (TODAY.isoformat(), 1),
    ]
    assert made(file, days=1).total.requests == 1
