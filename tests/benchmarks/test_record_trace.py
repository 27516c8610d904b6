"""What commits changed comes back from the trace as it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.edits import Commit, FileEdit, Hunk, load, save
from benchmarks.record_trace import commits, hunks, spread

BEFORE = "import os\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n"
AFTER = '"""One."""\n\nimport os\n\n\ndef one():\n    return 11\n\n\ndef three():\n    return 3\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "change")
    return git(folder, "rev-parse", "HEAD")


def test_a_commit_is_recorded_with_the_text_before_and_leads_to_the_text_after(repository: Path) -> None:
    commit(repository, {"a.py": BEFORE})
    name = commit(repository, {"a.py": AFTER, "b.lua": "local x = 1\nlocal y = 2\n"})
    [found] = commits(repository, "HEAD")
    assert found.id == name
    assert [(file.path, file.language, file.before, file.after) for file in found.files] == [
        ("a.py", "python", BEFORE, AFTER),
        ("b.lua", "lua", "", "local x = 1\nlocal y = 2\n"),
    ]


def test_what_nobody_typed_line_by_line_is_left_out(repository: Path) -> None:
    commit(repository, {"a.py": BEFORE})
    commit(repository, {"a.py": BEFORE + "x = 1\n" * 200})
    commit(repository, {"notes.txt": "one\ntwo\nthree\n"})
    commit(repository, {"b.py": "a\nb\nc\nd"})  # the last line has no end
    commit(repository, {"c.py": "\r\na\r\nb\r\nc\r\n"})
    commit(repository, {"a.py": BEFORE})  # only takes away
    assert list(commits(repository, "HEAD")) == []


def test_a_hunk_without_removed_lines_stands_behind_the_line_git_names() -> None:
    diff = "--- a\n+++ b\n@@ -3,0 +4,2 @@ def f():\n+x\n+\n@@ -7 +9 @@\n-old\n+new\n"
    assert list(hunks(diff)) == [Hunk(3, 0, ("x\n", "\n")), Hunk(6, 1, ("new\n",))]


def test_commits_are_kept_at_even_distances_until_there_are_enough_characters() -> None:
    file = FileEdit("a.py", "python", "", (Hunk(0, 0, ("1234567890",)),))
    all_ = [Commit(str(number), (file,)) for number in range(10)]
    assert spread(all_, 1000) == all_
    kept = [int(commit.id) for commit in spread(all_, 30)]
    assert len(kept) == 3
    assert max(kept) - min(kept) >= 5


def test_a_trace_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = FileEdit("ü.py", "python", "a\n", (Hunk(1, 0, ("é\n",)),))
    save([Commit("1", (file,))], tmp_path / "t.xz")
    assert load(tmp_path / "t.xz") == (Commit("1", (file,)),)


def test_the_recorded_trace_is_small_and_holds_code() -> None:
    from benchmarks.edits import TRACE

    assert TRACE.stat().st_size < 400_000
    assert {file.language for commit in load() for file in commit.files} >= {"python", "lua"}
