"""The ledger: events appear once, several processes write it, and nothing that befalls the file gets out."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference import ledger_file
from inference.ledger import Entry, Ledger
from inference.ledger_rows import LookupEntry
from inference.types import Usage

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(home: Path) -> Path:
    return home / "ledger.db"


@pytest.fixture
def open_ledger(file: Path) -> Iterator[Callable[..., Ledger]]:
    ledgers: list[Ledger] = []

    def opened(**arguments: Any) -> Ledger:
        ledgers.append(Ledger(arguments.pop("path", file), **arguments))
        return ledgers[-1]

    yield opened
    for ledger in ledgers:
        ledger.close()


def entry(id: str, project: str = "/p", **values: Any) -> Entry:
    return Entry(id, **{"time": time.time(), "project": project, **values})


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(file)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def kinds(file: Path, id: str = "a-1") -> list[str]:
    return [
        kind for (kind,) in rows(file, f"SELECT kind FROM events WHERE suggestion = '{id}' ORDER BY kind")
    ]


def note(ledger: Ledger, id: str, *hows: str, project: str = "/p") -> None:
    ledger.suggested(entry(id, project))
    ledger.shown(id)
    for how in hows:
        if how == "partial":
            ledger.partially_accepted(id, 3)
        else:
            ledger.ended(id, how)  # type: ignore[arg-type]


def test_what_happened_is_in_the_file(open_ledger: Callable[..., Ledger], file: Path) -> None:
    ledger = open_ledger()
    ledger.suggested(
        entry(
            "a-1",
            client="Neovim",
            language="python",
            confidence=0.7,
            characters=12,
            lines=1,
            reused_tokens=40,
        )
    )
    ledger.shown("a-1")
    ledger.partially_accepted("a-1", 3)
    ledger.partially_accepted("a-1", 7)
    ledger.ended("a-1", "accepted", 12)
    ledger.labelled("a-1", True)
    ledger.survived("a-1", False)
    assert ledger.flush()
    columns = "project, client, language, confidence, characters, reused_tokens, label, survived"
    assert rows(file, f"SELECT {columns} FROM suggestions") == [("/p", "Neovim", "python", 0.7, 12, 40, 1, 0)]
    assert rows(file, "SELECT kind, characters FROM events ORDER BY kind") == [
        ("accepted", 12),
        ("partial", 7),
        ("shown", 0),
    ]


def test_each_event_appears_once_and_there_is_one_ending(
    open_ledger: Callable[..., Ledger], file: Path
) -> None:
    ledger = open_ledger()
    note(ledger, "a-1", "rejected", "ignored", "rejected", "superseded")
    ledger.shown("a-1", by_client=True)
    assert ledger.flush()
    assert kinds(file) == ["rejected", "shown"]
    assert rows(file, "SELECT by_client FROM events WHERE kind = 'shown'") == [(1,)]


def test_an_acceptance_that_is_told_late_takes_the_place_of_another_ending(
    open_ledger: Callable[..., Ledger], file: Path
) -> None:
    ledger = open_ledger()
    note(ledger, "a-1", "rejected", "accepted", "rejected")
    assert ledger.flush()
    assert kinds(file) == ["accepted", "shown"]


def test_a_suggestion_that_grows_stays_one(open_ledger: Callable[..., Ledger], file: Path) -> None:
    ledger = open_ledger()
    ledger.suggested(entry("a-1", source="engine", characters=4, partial=True))
    ledger.suggested(entry("a-1", source="cache", characters=30, lines=2))
    assert ledger.flush()
    assert rows(file, "SELECT source, characters, lines, partial FROM suggestions") == [("engine", 30, 2, 0)]


def test_recent_outcomes_are_a_projects_newest_takes_and_rejects(open_ledger: Callable[..., Ledger]) -> None:
    ledger = open_ledger()
    note(ledger, "a-1", "rejected")
    note(ledger, "a-2", "accepted")
    note(ledger, "a-3", "ignored")
    note(ledger, "a-4", "partial", "ignored")
    note(ledger, "a-5", "partial", "accepted")
    note(ledger, "b-1", "accepted", project="/other")
    ledger.flush()
    outcomes = ledger.recent_outcomes("/p")
    assert [accepted for _, accepted in outcomes] == [True, True, True, False]
    assert all(0 <= ago < 60 for ago, _ in outcomes)
    assert [accepted for _, accepted in ledger.recent_outcomes("/p", limit=2)] == [True, True]
    assert ledger.recent_outcomes("/none") == []


def test_counts_by_day(open_ledger: Callable[..., Ledger]) -> None:
    ledger = open_ledger()
    note(ledger, "a-1", "rejected")
    note(ledger, "a-2", "accepted")
    note(ledger, "b-1", "accepted", project="/other")
    ledger.flush()
    (counts,) = ledger.counts_by_day().values()
    assert counts == {"shown": 3, "accepted": 2, "rejected": 1}
    (of_project,) = ledger.counts_by_day(project="/p").values()
    assert of_project == {"shown": 2, "accepted": 1, "rejected": 1}


def test_reading_where_there_is_no_ledger_is_nothing(open_ledger: Callable[..., Ledger], file: Path) -> None:
    assert open_ledger().recent_outcomes("/p") == []
    assert open_ledger().counts_by_day() == {}
    assert not file.exists()


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_only_the_user_can_read_it(open_ledger: Callable[..., Ledger], file: Path) -> None:
    ledger = open_ledger()
    note(ledger, "a-1")
    ledger.flush()
    for one in file.parent.glob("ledger.db*"):
        assert stat.S_IMODE(one.stat().st_mode) == 0o600, one


def test_a_file_others_could_read_is_made_private(open_ledger: Callable[..., Ledger], file: Path) -> None:
    file.touch(0o644)
    ledger = open_ledger()
    note(ledger, "a-1")
    ledger.flush()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_damaged_file_is_set_aside_and_the_user_is_told_once(
    open_ledger: Callable[..., Ledger], file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(b"this is no database" * 100)
    notes: list[str] = []
    ledger = open_ledger(on_note=notes.append)
    note(ledger, "a-1", "accepted")
    ledger.flush()
    note(ledger, "a-2", "accepted")
    ledger.flush()
    assert kinds(file) == ["accepted", "shown"]
    assert kinds(file, "a-2") == ["accepted", "shown"]
    (aside,) = file.parent.glob("ledger.db.damaged-*")
    assert aside.read_bytes().startswith(b"this is no database")
    assert len(notes) == 1 and "was damaged" in notes[0]
    assert len(caplog.records) == 1


def test_a_file_damaged_while_it_is_open_is_replaced(open_ledger: Callable[..., Ledger], file: Path) -> None:
    ledger = open_ledger()
    for number in range(300):
        note(ledger, f"a-{number}", "accepted")
    ledger.flush()
    ledger.close()
    with file.open("r+b") as content:
        content.seek(4096)
        content.write(b"\xff" * (file.stat().st_size - 4096))
    ledger = open_ledger()
    for number in range(50):
        note(ledger, f"b-{number}", "accepted")
    ledger.flush()
    assert kinds(file, "b-49") == ["accepted", "shown"]
    assert rows(file, "PRAGMA integrity_check") == [("ok",)]


def test_a_database_of_something_else_is_set_aside(open_ledger: Callable[..., Ledger], file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE suggestions (other TEXT)")
    connection.close()
    ledger = open_ledger()
    note(ledger, "a-1")
    ledger.flush()
    assert kinds(file) == ["shown"]
    assert len(list(file.parent.glob("ledger.db.damaged-*"))) >= 1


def test_where_nothing_can_be_written_one_line_says_so(
    open_ledger: Callable[..., Ledger],
    home: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("inference.ledger.RETRY_SECONDS", -1.0)
    notes: list[str] = []
    ledger = open_ledger(path=home / "missing" / "ledger.db", on_note=notes.append)
    for number in range(3):
        note(ledger, f"a-{number}", "accepted")
        assert ledger.flush()
    assert len(notes) == len(caplog.records) == 1
    assert notes[0].startswith("Nothing is recorded: ")
    assert ledger.recent_outcomes("/p") == []


def test_the_user_may_remove_it_at_any_time(open_ledger: Callable[..., Ledger], file: Path) -> None:
    ledger = open_ledger()
    note(ledger, "a-1")
    ledger.flush()
    for one in list(file.parent.glob("ledger.db*")):
        one.unlink()
    note(ledger, "a-2")
    ledger.flush()
    assert rows(file, "SELECT id FROM suggestions") == [("a-2",)]


def test_an_older_file_is_brought_up_to_date_and_keeps_its_rows(
    open_ledger: Callable[..., Ledger], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger()
    note(ledger, "a-1", "accepted")
    ledger.close()
    added = "CREATE TABLE extra (id TEXT); ALTER TABLE suggestions ADD COLUMN more INTEGER DEFAULT 7;"
    monkeypatch.setattr(ledger_file, "MIGRATIONS", (*ledger_file.MIGRATIONS, added))
    newer = open_ledger()
    note(newer, "a-2")
    newer.flush()
    assert rows(file, "PRAGMA user_version") == [(len(ledger_file.MIGRATIONS),)]
    assert rows(file, "SELECT id, more FROM suggestions ORDER BY id") == [("a-1", 7), ("a-2", 7)]


def test_a_file_of_a_later_version_is_left_as_it_is(open_ledger: Callable[..., Ledger], file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = file.read_bytes()
    notes: list[str] = []
    ledger = open_ledger(on_note=notes.append)
    note(ledger, "a-1")
    ledger.flush()
    ledger.close()
    assert rows(file, "SELECT count(*) FROM sqlite_master") == [(0,)]
    assert len(notes) == 1 and "newer Nearside" in notes[0]
    assert len(before) == file.stat().st_size


def test_what_is_older_than_half_a_year_is_forgotten(open_ledger: Callable[..., Ledger], file: Path) -> None:
    ledger = open_ledger()
    ledger.suggested(entry("a-1", time=time.time() - 200 * 86_400))
    ledger.shown("a-1")
    note(ledger, "a-2")
    ledger.close()
    later = open_ledger()
    note(later, "a-3")
    later.flush()
    assert rows(file, "SELECT id FROM suggestions ORDER BY id") == [("a-2",), ("a-3",)]
    assert rows(file, "SELECT DISTINCT suggestion FROM events ORDER BY 1") == [("a-2",), ("a-3",)]


def test_noting_never_waits_for_the_disk(open_ledger: Callable[..., Ledger], file: Path) -> None:
    ledger = open_ledger()
    note(ledger, "a-0")
    ledger.flush()
    blocker = sqlite3.connect(file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    started = time.perf_counter()
    for number in range(1, 501):
        note(ledger, f"a-{number}", "accepted")
    took = time.perf_counter() - started
    blocker.execute("COMMIT")
    blocker.close()
    ledger.flush()
    assert took < 1.0  # well under the 5 s a blocked write waits
    assert rows(file, "SELECT count(*) FROM suggestions") == [(501,)]


WRITER = """
import sys, time
from dataclasses import replace
from pathlib import Path
from inference.ledger import Entry, Ledger
from inference.ledger_rows import LookupEntry
from inference.types import Usage
ledger, name = Ledger(Path(sys.argv[1])), sys.argv[2]
for number in range(int(sys.argv[3])):
    id = f"{name}-{number}"
    ledger.suggested(Entry(id, time.time(), "/p"))
    ledger.shown(id)
    ledger.ended(id, "rejected")
    ledger.ended(id, "accepted")
    if number % 50 == 0:
        ledger.flush()
        print(number, flush=True)
ledger.close(30)
"""


def test_several_processes_write_one_file_and_killing_one_harms_nothing(file: Path) -> None:
    def start(name: str, count: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WRITER, str(file), name, str(count)]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    writers = [start(name, 400) for name in ("a", "b")]
    victim = start("victim", 100_000)
    assert victim.stdout
    written = [int(victim.stdout.readline()) for _ in range(3)][-1]
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert rows(file, "PRAGMA integrity_check") == [("ok",)]
    assert list(file.parent.glob("*.damaged-*")) == []
    for name in "ab":
        found = f"SELECT kind, count(*) FROM events WHERE suggestion LIKE '{name}-%' GROUP BY kind"
        assert rows(file, found) == [("accepted", 400), ("shown", 400)]
    assert rows(file, "SELECT count(*) FROM suggestions WHERE id LIKE 'victim-%'")[0][0] > written


def test_processes_that_find_it_damaged_together_begin_one_new_file(file: Path) -> None:
    file.write_bytes(b"\0garbage" * 1000)
    command = [sys.executable, "-c", WRITER, str(file)]
    writers = [
        subprocess.Popen([*command, name, "60"], cwd=ROOT, stdout=subprocess.DEVNULL) for name in "abc"
    ]
    for writer in writers:
        assert writer.wait(60) == 0
    assert (
        len([one for one in file.parent.glob("*.damaged-*") if one.suffix[-4:] not in ("-wal", "-shm")]) == 1
    )
    assert rows(file, "SELECT count(*) FROM suggestions") == [(180,)]


def test_what_engines_did_adds_up_by_day_project_and_model(
    open_ledger: Callable[..., Ledger], file: Path
) -> None:
    ledger = open_ledger()
    usage = Usage(evaluated_tokens=30, reused_tokens=7, generated_tokens=5, prefill_ms=20, decode_ms=80)
    ledger.worked("/p", "m", usage)
    ledger.worked("/p", "m", replace(usage, joules=4.5))
    ledger.worked("/q", "m", usage)
    ledger.flush()
    today = time.strftime("%Y-%m-%d")
    assert rows(file, "SELECT * FROM work ORDER BY project") == [
        (today, "/p", "m", 2, 60, 14, 10, 200.0, 100.0, 4.5),
        (today, "/q", "m", 1, 30, 7, 5, 100.0, 0.0, 0.0),
    ]


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1.0, 1e300, 10**40])
def test_what_a_server_says_wrongly_of_itself_stops_nothing(
    open_ledger: Callable[..., Ledger], file: Path, wrong: float
) -> None:
    ledger = open_ledger()
    ledger.worked("/p", "m", Usage(int(wrong) if wrong == 10**40 else 3, prefill_ms=wrong, joules=wrong))
    note(ledger, "a-1")
    ledger.flush()
    assert rows(file, "SELECT busy_ms, joules FROM work") == [(0.0, 0.0)]
    assert rows(file, "SELECT id FROM suggestions") == [("a-1",)]


def test_look_ups_are_kept_in_figures_and_forgotten_in_time(
    open_ledger: Callable[..., Ledger], file: Path
) -> None:
    ledger, now = open_ledger(), time.time()
    ledger.looked_up(LookupEntry(now - 200 * 86_400, "/p", "web_search", "searxng", 0.5, 400, True))
    ledger.looked_up(LookupEntry(now, "/p", "fetch_page", "", 1.5, 0, False))
    ledger.close()
    assert rows(file, "SELECT count(*) FROM lookups") == [(2,)]
    later = open_ledger()
    later.looked_up(LookupEntry(now, "/p", "fetch_page", "web", 1.0, 9, True))
    later.flush()
    assert rows(file, "SELECT tool, engine, seconds, characters, ok FROM lookups ORDER BY ok") == [
        ("fetch_page", "", 1.5, 0, 0),
        ("fetch_page", "web", 1.0, 9, 1),
    ]
