"""What git tracks is read as git tells it, and a broken index is as none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tools.git_index import tracked


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]
    return subprocess.run([*command, *arguments], cwd=folder, check=True, capture_output=True).stdout.decode(
        errors="surrogateescape"
    )


def listed(folder: Path) -> set[str]:
    return {name for name in git(folder, "ls-files", "-z").split("\0") if name}


@pytest.fixture(params=["2", "4", "3", "sha256"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "sha256":
        git(tmp_path, "init", "-q", "--object-format=sha256")
    else:
        git(tmp_path, "init", "-q")
    names = ["a", "sub/deep/b.py", "sub/deep/bb.py", "ä ö", os.fsdecode(b"odd\xff"), "x" * 200]
    names += [f"many/{number}" * number for number in range(1, 12)]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "link").symlink_to("a")
    git(tmp_path, "add", ".")
    if request.param == "3":
        (tmp_path / "later").write_text("x")
        git(tmp_path, "add", "--intent-to-add", "later")
    elif request.param.isdigit():
        git(tmp_path, "update-index", "--index-version", request.param)
    return tmp_path


def test_it_tells_what_git_tells(repository: Path) -> None:
    assert tracked(repository) == listed(repository) and "link" in tracked(repository)


def test_paths_count_from_the_folder_that_is_asked_about(repository: Path) -> None:
    assert tracked(repository / "sub") == {"deep/b.py", "deep/bb.py"}


def test_a_linked_work_tree_has_an_index_of_its_own(repository: Path, tmp_path_factory) -> None:
    git(repository, "commit", "-qm", "first")
    other = tmp_path_factory.mktemp("linked") / "tree"
    git(repository, "worktree", "add", "-q", str(other))
    git(other, "rm", "-q", "--cached", "a")
    assert tracked(other) == listed(other) and "a" not in tracked(other)


def test_no_repository_tracks_nothing(tmp_path: Path) -> None:
    assert tracked(tmp_path) == frozenset() == tracked(tmp_path / "gone")


def test_a_broken_index_is_as_none(repository: Path) -> None:
    index = repository / ".git" / "index"
    whole = index.read_bytes()
    for length in range(0, len(whole) - 40, 37):
        index.write_bytes(whole[:length])
        assert tracked(repository) <= listed_once(repository)
        index.write_bytes(whole[:length] + b"\xff" * 40 + whole[length + 40 :])
        tracked(repository)  # raises nothing
    index.write_bytes(b"DIRC" + (99).to_bytes(4, "big") + whole[8:])
    assert tracked(repository) == frozenset()


def listed_once(folder: Path) -> set[str]:
    """Return every file there is, which is more than is tracked."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
