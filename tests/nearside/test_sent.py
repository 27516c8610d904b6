"""`nearside sent`: what went to hosted models is shown from the log, whatever stands in it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from inference.outbound.audit import Entry, audit_log
from nearside import cli

DIGEST = "ab" * 32


@pytest.fixture
def log(home: Path):
    log = audit_log()
    log.write(
        Entry(
            "sent",
            "/p",
            "completion",
            "anthropic",
            "claude-haiku-5-5",
            DIGEST,
            12_345,
            ("a.py", "b.py", "c.py", "d.py", "e.py"),
            {".env": "is a private file"},
            {"AWS_KEY": 2},
        )
    )
    log.write(Entry("blocked", "/p", "action", reason="it holds a private key"))
    return log


def test_each_request_says_what_was_in_it(log, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sent"]) == 0
    printed = capsys.readouterr()
    first, second = printed.out.split("kept here")
    assert "sent  completion: 12,345 bytes to anthropic claude-haiku-5-5" in first
    assert "text of a.py, b.py, c.py, d.py and 1 more" in first
    assert "secrets replaced: 2 AWS_KEY" in first and f"sha256 {DIGEST}" in first
    assert "left out: .env (is a private file)" in first
    assert second == "  action: it holds a private key\n"
    assert printed.err == f"1 sent and 1 kept here in the last 7 days; the log is in {log.folder}\n"


def test_the_same_as_json(log, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sent", "--json", "--days", "0"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["log"] == str(log.folder)
    assert [one["decision"] for one in printed["requests"]] == ["sent", "blocked"]
    assert printed["requests"][0]["files"] == ["a.py", "b.py", "c.py", "d.py", "e.py"]


def test_where_nothing_was_sent_that_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sent", "--days", "0"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("0 sent and 0 kept here in all;")


def test_what_is_older_is_not_shown_and_damage_is_passed_over(
    log, capsys: pytest.CaptureFixture[str]
) -> None:
    with (log.folder / "sent.jsonl").open("a") as file:
        file.write('not json\n{"time": "2001-01-01", "purpose": "long ago"}\n[]\n')
        file.write('{"time": 5, "decision": "sent", "size": "x", "files": 3, "redacted": []}\n')
    assert cli.run(["sent"]) == 0
    printed = capsys.readouterr().out
    assert "long ago" not in printed and "at an unknown time" in printed and printed.count("sha256") == 1


def test_a_name_steers_no_terminal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit_log().write(Entry("sent", "/p", "x\x1b[31m\n", "p", "m", DIGEST, 1, ("a\x1b]0;\x07.py",)))
    assert cli.run(["sent"]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_a_log_that_cannot_be_read_is_one_line(log, capsys: pytest.CaptureFixture[str]) -> None:
    (log.folder / "sent.jsonl").chmod(0)
    assert cli.run(["sent"]) == 1
    assert capsys.readouterr().err.startswith("What was sent is not shown, because")


def test_a_folder_in_its_place_is_one_line(log, capsys: pytest.CaptureFixture[str]) -> None:
    (log.folder / "sent.jsonl").unlink()
    (log.folder / "sent.jsonl").mkdir()
    assert cli.run(["sent"]) == 1
    line = capsys.readouterr().err
    assert line.startswith("What was sent is not shown, because") and line.count("\n") == 1
