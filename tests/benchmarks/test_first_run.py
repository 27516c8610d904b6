"""What a new user saw is told once and in order, and the benchmark's user has nothing of the real one's."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest

from benchmarks.first_run import __main__ as command
from benchmarks.first_run.home import PROMPT, REPOSITORY, Home, Shell
from benchmarks.first_run.neovim import PAGE, WRITTEN, snippet
from benchmarks.first_run.timeline import STEP, Timeline, megabytes, packages
from benchmarks.first_run.typing import FILE, KEYS, TYPED
from tests.e2e.fetched import Unavailable
from tests.e2e.other_editors.programs import tmux


@pytest.fixture
def timeline() -> Timeline:
    """A timeline whose clock goes on by a second at each look."""
    ticks = count()
    return Timeline("Editor 1.0", lambda: float(next(ticks)))


def texts(timeline: Timeline) -> list[str]:
    return [one.text for one in timeline.moments]


def test_a_text_is_noted_when_it_first_appears_in_a_place(timeline: Timeline) -> None:
    timeline.saw("messages", ["ready", ""])
    timeline.saw("messages", ["ready", "again"])
    timeline.saw("status line", ["ready"])
    assert [(one.at, one.where, one.text) for one in timeline.moments] == [
        (1, "messages", "ready"),
        (2, "messages", "again"),
        (3, "status line", "ready"),
    ]


def test_a_spinner_and_a_counter_are_one_text(timeline: Timeline) -> None:
    timeline.saw("terminal", ["⠋ reading 1/20", "⠙ reading 2/20", "reading 3.5/20"])
    assert texts(timeline) == ["reading 1/20"]


def test_of_what_pip_says_of_each_package_the_first_is_noted(timeline: Timeline) -> None:
    said = ["Collecting a", "Downloading a-1.whl", "Collecting b", "Downloading b-1.whl", "Installing a, b"]
    timeline.saw("notification", [f"Nearside: installing the server: {one}" for one in said])
    assert [text.rpartition(": ")[2] for text in texts(timeline)] == [
        "Collecting a",
        "Downloading a-1.whl",
        "Installing a, b",
    ]


def test_a_table_has_the_steps_and_what_was_seen_apart(timeline: Timeline) -> None:
    timeline.step("`pip | x`", 1234)
    timeline.saw("messages", ["hello"])
    timeline.step("typed")
    rows = timeline.markdown().splitlines()
    assert rows[0] == "Editor 1.0"
    assert rows[4:] == [
        "| 1.0 | `pip \\| x` |  | 1,234 |",
        "| 2.0 |  | messages: *hello* |  |",
        "| 3.0 | typed |  |  |",
    ]
    assert (timeline.seconds, timeline.megabytes) == (3, 1234)
    assert [one.where for one in timeline.moments] == [STEP, "messages", STEP]


def test_ratios_are_to_the_peer_and_there_are_none_without_it(timeline: Timeline) -> None:
    ours, peer = timeline, Timeline("peer", lambda: 0.0)
    ours.step("done", 300)
    assert command.ratios({"neovim": ours}) == []
    peer.moments.extend(ours.moments)
    ours.step("more", 600)
    assert command.ratios({"neovim": ours, "peer": peer}) == [
        "neovim / llama.vim: 2.0 times the seconds, 2.0 times the MB"
    ]


def test_space_on_disk_counts_a_file_with_two_names_once(tmp_path: Path) -> None:
    small, large = tmp_path / "a/small", tmp_path / "b/large"
    for path, size in ((small, 2_000_000), (large, 5_000_000)):
        path.parent.mkdir()
        path.write_bytes(os.urandom(size))
    (tmp_path / "a/again").hardlink_to(small)
    (tmp_path / "a/away").symlink_to(large)
    assert megabytes(tmp_path / "a") == 2
    assert megabytes(tmp_path) == 7
    assert packages(tmp_path, 1) == [("b", 5)]


def test_the_user_has_nothing_of_the_real_one_but_the_way_to_the_indexes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEARSIDE_MODEL", "x")
    monkeypatch.setenv("PIP_TIMEOUT", "7")
    home = Home(tmp_path / "one", cold=False)
    assert home.environment["HOME"] == str(tmp_path / "one")
    assert home.environment["PIP_TIMEOUT"] == "7"
    assert "NEARSIDE_MODEL" not in home.environment
    assert "PIP_CACHE_DIR" in home.environment


def test_without_a_cache_the_user_has_none_of_the_real_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CACHE_DIR", "/somewhere")
    assert "PIP_CACHE_DIR" not in Home(tmp_path, cold=True).environment


def test_what_the_page_has_a_user_write_is_found_there() -> None:
    page = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    by_hand, status_line = (snippet(page, words) for words in WRITTEN)
    assert 'require("nearside").setup()' in by_hand
    assert "require'nearside'.statusline()" in status_line
    assert (REPOSITORY / FILE).is_file()


def test_every_key_that_is_typed_can_be_pressed() -> None:
    assert all(key.isprintable() or key in KEYS for key in TYPED)


def test_a_shell_tells_what_its_screen_showed_and_comes_back(tmp_path: Path) -> None:
    try:
        tmux()
    except Unavailable as reason:
        pytest.skip(f"no tmux: {reason}")
    home, timeline = Home(tmp_path, cold=False), Timeline("shell")
    shell = Shell(home, timeline)
    try:
        shell.run("echo one; echo $HOME")
        shell.run("echo two")
    finally:
        shell.terminal.close()
    assert texts(timeline) == ["one", str(tmp_path), "two"]
    assert not any(PROMPT in text for text in texts(timeline))
