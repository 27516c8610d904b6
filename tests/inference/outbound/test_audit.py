"""What was sent is written down first: in lines that last, for this user alone, whoever else writes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inference.outbound import audit
from inference.outbound.audit import AuditLog, Entry, of_body
from inference.outbound.findings import WillNotSend

ROOT = Path(__file__).parents[3]


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit")


def entry(purpose: str = "completion", **rest) -> Entry:
    return Entry("sent", "/p", purpose, **rest)


def test_a_line_says_what_was_sent_and_no_text(log: AuditLog) -> None:
    digest, size = of_body(b'{"messages": []}')
    log.write(entry(sha256=digest, size=size, files=("a.py",), redacted={"AWS_KEY": 2}), b'{"messages": []}')
    [found] = log.read()
    assert (found["sha256"], found["size"], found["files"]) == (digest, 16, ["a.py"])
    assert found["redacted"] == {"AWS_KEY": 2} and found["time"].endswith("+00:00")
    assert sorted(file.name for file in log.folder.iterdir()) == ["lock", "sent.jsonl"]


def test_it_is_on_the_disk_before_anything_leaves(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        fsync(handle)
        if (log.folder / "sent.jsonl").exists():
            synced.append((log.folder / "sent.jsonl").read_bytes())

    monkeypatch.setattr(os, "fsync", noted)
    log.write(entry("first"))
    log.write(entry("second"))
    assert b"first" in synced[0] and b"second" in synced[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_the_log_is_this_users_alone(log: AuditLog) -> None:
    log.folder.mkdir(mode=0o777)
    log.folder.chmod(0o777)
    log.write(entry())
    assert log.folder.stat().st_mode & 0o777 == 0o700
    assert (log.folder / "sent.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_link_in_its_place_is_not_followed(log: AuditLog, tmp_path: Path) -> None:
    log.folder.mkdir()
    (log.folder / "sent.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WillNotSend):
        log.write(entry())
    assert not (tmp_path / "elsewhere").exists()


def test_many_who_write_at_once_lose_no_line(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while full files are set aside."""
    monkeypatch.setattr(audit, "LARGEST", 1000)
    monkeypatch.setattr(audit, "MOST_FILES", 1000)
    code = (
        "import sys; from pathlib import Path; from inference.outbound import audit\n"
        "from inference.outbound.audit import *; audit.LARGEST, audit.MOST_FILES = 1000, 1000\n"
        "log = AuditLog(Path(sys.argv[1]))\n"
        "for n in range(25): log.write(Entry('sent', '/p', f'{sys.argv[2]}-{n}'))\n"
    )
    command = [sys.executable, "-c", code, str(log.folder)]
    others = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("b", "c")]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: log.write(entry(f"a-{n}")), range(25)))
    assert [other.wait(60) for other in others] == [0, 0]
    assert {one["purpose"] for one in log.read()} == {f"{who}-{n}" for who in "abc" for n in range(25)}


def test_half_a_line_of_one_who_was_killed_costs_no_other(log: AuditLog) -> None:
    log.write(entry("first"))
    with (log.folder / "sent.jsonl").open("ab") as file:
        file.write(b'{"decision": "sent", "purp')
    log.write(entry("second"))
    assert [one["purpose"] for one in log.read()] == ["first", "second"]


def test_a_full_file_is_set_aside_and_still_read(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "LARGEST", 450)
    for number in range(8):
        log.write(entry(str(number)))
    assert len(list(log.folder.glob("sent-*.jsonl"))) >= 3
    assert [one["purpose"] for one in log.read()] == [str(number) for number in range(8)]
    monkeypatch.setattr(audit, "MOST_FILES", 2)
    for number in range(8, 12):
        log.write(entry(str(number)))
    assert len(list(log.folder.glob("sent-*.jsonl"))) <= 3


@pytest.mark.parametrize("trouble", ["full disk", "folder in its place", "file in place of the folder"])
def test_what_cannot_be_written_is_not_sent(
    trouble: str, log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trouble == "full disk":

        def full(handle: int, data: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "write", full)
    elif trouble == "folder in its place":
        (log.folder / "sent.jsonl").mkdir(parents=True)
    else:
        log.folder.write_text("")
    with pytest.raises(WillNotSend, match="could not be written to the log") as caught:
        log.write(entry())
    line = str(caught.value)
    assert "\n" not in line and "make room there" in line


@pytest.mark.skipif(sys.platform == "win32", reason="locks are POSIX")
def test_a_program_that_holds_the_log_for_ever_does_not_hold_us(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr(audit, "LOCK_SECONDS", 0.05)
    log.write(entry())
    with (log.folder / "lock").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(WillNotSend, match="another program holds it"):
            log.write(entry())
    log.write(entry())


def test_a_copy_is_kept_only_if_asked_for(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit", keep_text=True)
    digest, size = of_body(b"{}")
    log.write(entry(sha256=digest, size=size), b"{}")
    assert (log.folder / "texts" / f"{digest}.json").read_bytes() == b"{}"


def test_only_what_is_recent_is_read_and_damage_is_passed_over(log: AuditLog) -> None:
    log.folder.mkdir()
    old = {"time": "2001-01-01T00:00:00.000+00:00", "purpose": "old"}
    (log.folder / "sent.jsonl").write_text(f"{json.dumps(old)}\nnot json\n[1]\n")
    log.write(entry("new"))
    assert [one["purpose"] for one in log.read()] == ["old", "new"]
    assert [one["purpose"] for one in log.read(days=1)] == ["new"]
    assert list(AuditLog(log.folder / "none").read()) == []


def test_a_request_of_many_files_names_the_first_and_counts_the_rest(log: AuditLog) -> None:
    log.write(entry(files=tuple(f"{n}.py" for n in range(250))))
    [found] = log.read()
    assert len(found["files"]) == 200 and found["more_files"] == 50
