"""Requests to hosted models in the ledger: durable, exact, and counted once however many processes spend."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from inference import calls, ledger_file
from inference.calls import Call, LedgerUnusable
from inference.cost.prices import Tokens

D = Decimal
ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(home: Path) -> Path:
    return home / "ledger.db"


def call(id: str, reserved: str = "0.01", project: str = "/p", at: float | None = None) -> Call:
    now = time.time() if at is None else at
    return Call(id, now, project, "anthropic", "haiku", D(reserved), "completion", "s-1", price="x")


def test_a_call_is_reserved_then_settled(file: Path) -> None:
    with calls.opened(file) as ledger:
        calls.reserve(ledger, call("a", "0.05"))
        assert calls.spent(ledger, 0) == D("0.05")
        calls.settle(ledger, "a", D("0.00000125"), Tokens(1000, 20, 600, 100))
    with calls.read(file, "Nothing was read") as ledger:
        [found] = calls.since(ledger, 0)
        assert calls.spent(ledger, 0) == D("0.00000125") == found.spent
    assert (found.state, found.reserved, found.tokens) == ("settled", D("0.05"), Tokens(1000, 20, 600, 100))
    assert (found.provider, found.suggestion, found.price) == ("anthropic", "s-1", "x")


def test_what_counts_is_the_reservation_unless_it_was_certainly_not_charged(file: Path) -> None:
    with calls.opened(file) as ledger:
        for id in ("kept", "lost", "released"):
            calls.reserve(ledger, call(id))
        calls.lose(ledger, "lost", D("0.01"))
        calls.release(ledger, "released")
        calls.reserve(ledger, call("other", project="/q"))
        calls.reserve(ledger, call("old", at=5.0))
        assert calls.spent(ledger, 100) == D("0.03")
        assert calls.spent(ledger, 100, "/p") == D("0.02")
        assert sum(one.spent for one in calls.since(ledger, 100)) == D("0.03")
        assert [one.id for one in calls.since(ledger, 0)][0] == "old"


def test_twenty_who_spend_at_once_from_money_for_three_make_three_calls(file: Path) -> None:
    def spend(number: int) -> bool:
        with calls.opened(file) as ledger, calls.transaction(ledger):
            if calls.spent(ledger, 0) + D("0.01") > D("0.03"):
                return False
            calls.reserve(ledger, call(f"c-{number}"))
            return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(spend, range(20))) == 3


def test_a_reservation_survives_the_end_of_its_process(file: Path) -> None:
    code = f"""
import os, time
from decimal import Decimal
from pathlib import Path
from inference import calls
with calls.opened(Path({str(file)!r})) as ledger:
    calls.reserve(ledger, calls.Call("a", time.time(), "/p", "x", "m", Decimal("0.02")))
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode == -9, done.stderr
    with calls.opened(file) as ledger:
        assert calls.spent(ledger, 0) == D("0.02")
        assert ledger.execute("PRAGMA synchronous").fetchone() == (2,)
        assert ledger.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_fails_inside_a_transaction_leaves_nothing(file: Path) -> None:
    with calls.opened(file) as ledger:
        with pytest.raises(ZeroDivisionError), calls.transaction(ledger):
            calls.reserve(ledger, call("a"))
            raise ZeroDivisionError
        assert calls.since(ledger, 0) == []


@pytest.mark.parametrize("amount", ["-0.01", "1e30", "NaN"])
def test_an_impossible_amount_is_not_written(file: Path, amount: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)), calls.opened(file) as ledger:
        calls.reserve(ledger, call("a", amount))


def test_a_fraction_of_the_smallest_unit_counts_as_a_whole_one() -> None:
    assert calls.pico(D("1e-13")) == 1 and calls.pico(D("0.0126")) == 12_600_000_000


def complaint(file: Path) -> str:
    with pytest.raises(LedgerUnusable) as caught, calls.opened(file) as ledger:
        calls.reserve(ledger, call("a"))
    line = str(caught.value)
    assert "\n" not in line and str(file) in line
    assert line.startswith("The hosted model was not asked, because")
    return line


def test_a_ledger_of_a_newer_version_is_refused(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "newer Nearside" in complaint(file)


def test_a_held_ledger_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)
    ledger_file.open_ledger(file).close()
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert "another program holds" in complaint(file)
    holder.close()


def test_a_full_disk_is_one_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ledger = ledger_file.open_ledger

    def full(path: Path) -> sqlite3.Connection:
        connection = open_ledger(path)
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(ledger_file, "open_ledger", full)
    with calls.opened(file) as ledger, pytest.raises(sqlite3.OperationalError, match="full"):
        for number in range(10_000):
            with calls.transaction(ledger):
                calls.reserve(ledger, call(f"c-{number}", project="p" * 500))
    with pytest.raises(LedgerUnusable, match="is full; make room"), calls.opened(file) as ledger:
        for number in range(10_000):
            calls.reserve(ledger, call(f"d-{number}", project="p" * 500))


def test_a_damaged_and_a_missing_ledger_are_refused(file: Path) -> None:
    with pytest.raises(LedgerUnusable, match="cannot be used"), calls.read(file, "Nothing was read"):
        pass
    file.write_bytes(b"not a database at all, but some text " * 50)
    assert "is damaged" in complaint(file)


def test_an_older_ledger_is_brought_up_to_date_for_reading(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        old.setattr(ledger_file, "MIGRATIONS", ledger_file.MIGRATIONS[:1])
        connection = ledger_file.open_ledger(file)
        connection.execute(
            "INSERT INTO suggestions VALUES ('a', 86400.0 * 20000 + 43200, '/p', '', '', 'm', 'engine', 0.5, "
            "3, 1, 1, 200.0, 90, 10, 5, 0, '', NULL, NULL)"
        )
        connection.close()
    with calls.read(file, "Nothing was read") as ledger:
        assert calls.since(ledger, 0) == []
        [row] = ledger.execute("SELECT project, requests, evaluated_tokens, busy_ms, joules FROM work")
    assert row == ("/p", 1, 90, 200.0, 0)
