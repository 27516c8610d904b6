"""Where files live, and that a place that cannot be written moves them instead of stopping anything."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from settings import paths
from settings.schema import Log, Settings


def test_each_place_follows_the_platforms_convention(home: Path) -> None:
    assert paths.config_file() == home / "config/nearside/config.toml"
    assert paths.state_dir() == home / "state/nearside"
    assert paths.cache_dir() == home / "cache/nearside"
    assert paths.runtime_dir() == home / "runtime/nearside"
    assert paths.log_file(Settings()) == home / "state/nearside/nearside.log"
    assert paths.notes() == ()


def test_the_folder_of_sockets_is_private(home: Path) -> None:
    (home / "runtime/nearside").mkdir(mode=0o755)
    assert stat.S_IMODE(paths.runtime_dir().stat().st_mode) == 0o700


@pytest.fixture
def temporary(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = home / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_place_that_cannot_be_made_is_replaced_by_a_private_one_and_said_once(
    home: Path, temporary: Path
) -> None:
    (home / "state").rmdir()
    (home / "state").write_text("a file where a folder should be")
    moved = paths.state_dir()
    assert moved == temporary / f"nearside-{os.getuid()}/state"
    assert stat.S_IMODE(moved.stat().st_mode) == 0o700
    assert paths.state_dir() == moved
    assert paths.log_file(Settings()) == moved / "nearside.log"
    [note] = paths.notes()
    assert str(home / "state/nearside") in note and str(moved) in note


def test_a_read_only_home_is_no_obstacle(
    home: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = os.access
    readonly = home / "state"
    monkeypatch.setattr(
        os, "access", lambda path, mode: not str(path).startswith(str(readonly)) and allowed(path, mode)
    )
    assert paths.state_dir().is_relative_to(temporary)
    assert "it is read-only" in paths.notes()[0]


def test_a_place_that_becomes_writable_is_used_again(home: Path, temporary: Path) -> None:
    (home / "cache").rmdir()
    (home / "cache").write_text("")
    assert paths.cache_dir().is_relative_to(temporary)
    (home / "cache").unlink()
    assert paths.cache_dir() == home / "cache/nearside"


def test_a_path_too_long_for_a_socket_is_replaced(
    home: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = home / ("d" * 90)
    deep.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    moved = paths.runtime_dir()
    assert len(os.fsencode(moved / paths.SOCKET_NAME)) <= paths.SOCKET_PATH_LIMIT
    assert "too long for a socket" in paths.notes()[0]


def test_a_link_planted_in_the_temporary_folder_is_not_followed(home: Path, temporary: Path) -> None:
    (home / "state").rmdir()
    (home / "state").write_text("")
    (home / "theirs").mkdir()
    (temporary / f"nearside-{os.getuid()}").symlink_to(home / "theirs")
    moved = paths.state_dir()
    assert not list((home / "theirs").iterdir())
    assert moved.is_dir() and stat.S_IMODE(moved.stat().st_mode) == 0o700
    assert paths.state_dir() == moved


def test_no_runtime_folder_in_the_environment_is_no_news(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert stat.S_IMODE(paths.runtime_dir().stat().st_mode) == 0o700
    assert not recwarn.list


def test_a_log_file_is_expanded_and_counts_from_the_state_folder(home: Path) -> None:
    assert paths.log_file(Settings(log=Log(file="~/logs/x.log"))) == home / "logs/x.log"
    assert paths.log_file(Settings(log=Log(file="x.log"))) == paths.state_dir() / "x.log"


def test_a_log_file_that_cannot_be_written_goes_elsewhere(home: Path, temporary: Path) -> None:
    (home / "file").write_text("")
    assert paths.log_file(Settings(log=Log(file=str(home / "file/x.log")))).is_relative_to(temporary)
    assert paths.log_file(Settings(log=Log(file=str(home)))) == paths.state_dir() / "nearside.log"
    assert len(paths.notes()) == 2
