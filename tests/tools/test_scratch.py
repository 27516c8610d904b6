"""A copy has what the project's programs need and the unsaved text on top; the tree itself is only read."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from settings import paths
from tests.tools.test_git_index import git
from tools import scratch as module
from tools.runner import run
from tools.scratch import ScratchError, scratch, scratched, sweep


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def write(folder: Path, path: str, text: str = "x") -> Path:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)
    return folder / path


def content(folder: Path) -> dict[str, str]:
    """Return all there is below a folder, links and folders too, by path: what it is and a hash of it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        what = os.readlink(path) if path.is_symlink() else path.read_bytes().hex() if path.is_file() else ""
        line = f"{status.st_mode} {status.st_mtime_ns} {hashlib.sha256(what.encode()).hexdigest()}"
        found[path.relative_to(folder).as_posix()] = line
    return found


def names(folder: Path) -> set[str]:
    found = set()
    for top, folders, files in os.walk(folder):
        inner = [name for name in folders if os.path.islink(os.path.join(top, name))]
        found |= {os.path.relpath(os.path.join(top, name), folder) for name in [*files, *inner]}
    return found


def left() -> list[Path]:
    return list((paths.cache_dir() / "scratch").iterdir())


def test_a_copy_has_the_files_and_the_unsaved_texts(tree: Path) -> None:
    write(tree, "a.py", "old")
    write(tree, "gone.py")
    write(tree, "pkg/b.py", "same")
    before = content(tree)
    changed = {"a.py": "new", "gone.py": None, "fresh/c.py": "made", "never-was.py": None}
    with scratch(tree, changed) as copy:
        assert copy.name == "project"
        assert {name: (copy / name).read_text() for name in names(copy)} == {
            "a.py": "new", "pkg/b.py": "same", "fresh/c.py": "made"
        }  # fmt: skip
        assert content(tree) == before
    assert left() == [] and content(tree) == before


def test_nothing_of_the_repository_changes(tree: Path) -> None:
    git(tree, "init", "-q")
    write(tree, "a.py", "first")
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "first")
    write(tree, "a.py", "stashed")
    git(tree, "stash", "-q")
    write(tree, "a.py", "staged")
    git(tree, "add", ".")
    write(tree, "a.py", "in the tree")
    os.utime(tree / "a.py", (1, 1))  # a git that looked would write this into the index
    before = content(tree)
    with scratch(tree, {"a.py": "unsaved"}) as copy:
        assert not (copy / ".git").exists()
        write(copy, "a.py", "tried")
    assert content(tree) == before


def test_what_is_ignored_is_left_out_unless_it_is_tracked_or_small(tree: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "IGNORED_BYTES", 100)
    git(tree, "init", "-q")
    write(tree, ".gitignore", "out/\n*.log\n_version.py\n.env\nkept.bin\n")
    for path in ("out/made.js", "out/tracked.js", "_version.py", ".env", "new.py", "__pycache__/a.pyc"):
        write(tree, path)
    write(tree, "big.log", "x" * 101)
    write(tree, "kept.bin", "x" * 101)
    git(tree, "add", "-f", "out/tracked.js", "kept.bin", ".gitignore")
    with scratch(tree, {}) as copy:
        assert names(copy) == {".gitignore", "out/tracked.js", "_version.py", "new.py", "kept.bin"}
    with scratch(tree, {}, keep=["out/*.js", "/.env"]) as copy:
        assert names(copy) >= {"out/made.js", ".env"}


def test_files_of_any_kind_are_copied_with_mode_and_time(tree: Path) -> None:
    data = bytes(range(256)) * 9000
    (tree / "data.bin").write_bytes(data)
    (tree / "tool.sh").write_text("x")
    (tree / "tool.sh").chmod(0o555)
    os.utime(tree / "tool.sh", ns=(5_000_000_000, 7_000_000_000))
    os.mkfifo(tree / "pipe")
    (tree / "empty").mkdir()
    with scratch(tree, {}) as copy:
        assert (copy / "data.bin").read_bytes() == data and (copy / "empty").is_dir()
        status = (copy / "tool.sh").stat()
        assert (status.st_mode & 0o777, status.st_mtime_ns) == (0o755, 7_000_000_000)
        assert not (copy / "pipe").exists()


def test_a_copy_of_a_read_only_tree_can_be_written(tree: Path) -> None:
    write(tree, "sub/a.py").chmod(0o400)
    (tree / "sub").chmod(0o500)
    try:
        with scratch(tree, {"sub/a.py": "new", "sub/b.py": "new"}) as copy:
            assert (copy / "sub/a.py").read_text() == (copy / "sub/b.py").read_text() == "new"
            assert os.access(copy / "sub", os.W_OK) and (copy / "sub").stat().st_mode & 0o200
    finally:
        (tree / "sub").chmod(0o700)
    assert left() == []


def test_line_ends_and_marks_stay_as_they_are(tree: Path) -> None:
    (tree / "a.cs").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    (tree / "b.txt").write_bytes(b"caf\xe9\r\n")
    with scratch(tree, {"a.cs": "one\r\nthree\r\n", "c.txt": "a\nb\r\nc\ud800"}) as copy:
        assert (copy / "a.cs").read_bytes() == b"\xef\xbb\xbfone\r\nthree\r\n"
        assert (copy / "b.txt").read_bytes() == b"caf\xe9\r\n"
        assert (copy / "c.txt").read_bytes() == b"a\nb\r\nc?"


def test_names_that_are_no_utf8_are_copied(tree: Path) -> None:
    (tree / os.fsdecode(b"caf\xe9.py")).write_text("old")
    with scratch(tree, {}) as copy:
        assert os.listdir(os.fsencode(copy)) == [b"caf\xe9.py"]
    with scratch(tree, {"caf\uf7e9.py": "new"}) as copy:  # as an index and an editor name it
        assert (copy / os.fsdecode(b"caf\xe9.py")).read_text() == "new"


def test_links_stay_inside(tree: Path, tmp_path: Path) -> None:
    write(tmp_path, "secret", "precious")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "alias").symlink_to("project")
    write(tree, "real/a.py", "old")
    for link, target in {
        "relative": "real/a.py", "folder": "real", "real/up": "../real/a.py",
        "absolute": str(tree / "real/a.py"), "round": "../project/real/a.py",
        "outside": "../secret", "far": str(tmp_path / "elsewhere"),
        "aliased": "../alias/real/a.py", "dangling": "nothing", "loop": "loop", "chain": "outside",
    }.items():  # fmt: skip
        (tree / link).symlink_to(target)
    with scratch(tree, {"absolute": "new"}) as copy:
        inside = ("relative", "aliased", "real/up", "absolute", "round", "folder/a.py")
        assert {(copy / link).read_text() for link in inside} == {"new"}
        assert os.readlink(copy / "absolute") == os.readlink(copy / "aliased") == "real/a.py"
        assert not {"outside", "far", "chain"} & names(copy) and {"dangling", "loop"} <= names(copy)
    assert (tree / "real/a.py").read_text() == "old"
    with scratch(tree, {"outside": "new"}) as copy:
        assert (copy / "outside").read_text() == "new"
    assert (tmp_path / "secret").read_text() == "precious"


@pytest.mark.parametrize(
    "path", ["../x", "/tmp/x", "a/../../x", "", ".git/config", "node_modules/dep/x", ".venv/x"]
)
@pytest.mark.parametrize("text", ["new", None])
def test_a_change_outside_is_refused(path: str, text: str | None, tree: Path) -> None:
    write(tree, "node_modules/dep/x", "kept")
    write(tree, ".venv/pyvenv.cfg")
    write(tree, ".venv/x", "kept")
    with pytest.raises(ScratchError, match="is not a file of the project"), scratch(tree, {path: text}):
        pass
    assert (tree / "node_modules/dep/x").read_text() == (tree / ".venv/x").read_text() == "kept"
    assert left() == []


def test_libraries_are_reached_and_packages_of_the_workspace_are_copies(tree: Path, tmp_path: Path) -> None:
    write(tree, "node_modules/dep/index.js", "dep")
    write(tree, "node_modules/@scope/other/index.js", "other")
    write(tree, "node_modules/.cache/x")
    write(tree, "packages/own/index.js", "old")
    (tree / "node_modules/own").symlink_to("../packages/own")
    (tree / "node_modules/@scope/own").symlink_to("../../packages/own")
    write(tmp_path, "store/pnpm/index.js", "pnpm")
    (tree / "node_modules/pnpm").symlink_to(tmp_path / "store/pnpm")
    write(tree, "packages/own/node_modules/inner/index.js", "inner")
    write(tree, ".venv/lib/a.py", "library")
    write(tree, "custom/pyvenv.cfg", "x")
    (tmp_path / "shared").mkdir()
    (tree / "venv").symlink_to(tmp_path / "shared")
    with scratch(tree, {"packages/own/index.js": "new"}) as copy:
        for path, text in {
            "dep": "dep", "@scope/other": "other", "own": "new", "@scope/own": "new", "pnpm": "pnpm"
        }.items():  # fmt: skip
            assert (copy / "node_modules" / path / "index.js").read_text() == text
        assert (copy / "packages/own/node_modules/inner/index.js").read_text() == "inner"
        assert (copy / ".venv/lib/a.py").read_text() == "library" and (copy / "custom/pyvenv.cfg").exists()
        assert (copy / "venv").resolve() == tmp_path / "shared"
        write(copy, "node_modules/.cache/y")
    assert not (tree / "node_modules/.cache/y").exists() and (tree / "node_modules/dep/index.js").exists()


def test_a_submodule_is_copied_without_its_way_to_the_repository(tree: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "part")
    write(tmp_path, "part/inner.py", "inner")
    git(tmp_path / "part", "add", ".")
    git(tmp_path / "part", "commit", "-qm", "part")
    git(tree, "init", "-q")
    git(tree, "submodule", "--quiet", "add", str(tmp_path / "part"), "sub")
    before = content(tree)
    with scratch(tree, {"sub/inner.py": "new"}) as copy:
        assert (copy / "sub/inner.py").read_text() == "new" and not (copy / "sub/.git").exists()
    assert content(tree) == before


@pytest.mark.parametrize(
    ("limit", "value", "told"), [("MOST_FILES", 2, "2 files"), ("MOST_BYTES", 3, "0 MiB")]
)
def test_a_large_tree_is_refused(tree: Path, monkeypatch, limit: str, value: int, told: str) -> None:
    for name in "abc":
        write(tree, name, "xx")
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(ScratchError, match=f"more than {told}") as raised, scratch(tree, {}):
        pass
    assert "\n" not in str(raised.value) and left() == []


def test_a_full_disk_is_one_line(tree: Path, monkeypatch) -> None:
    write(tree, "a")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_bytes", full)
    monkeypatch.setattr(module, "FICLONE", 0)
    with pytest.raises(ScratchError, match="No space left on device"), scratch(tree, {}):
        pass
    assert left() == []


def test_a_tree_that_is_gone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ScratchError, match="there is no such folder"), scratch(tmp_path / "gone", {}):
        pass


def test_files_that_go_while_they_are_copied_are_left_out(tree: Path, monkeypatch) -> None:
    for name in "abc":
        write(tree, name)
    copied = module._file

    def delete_next(source: Path, target: Path) -> int:
        (tree / "b").unlink(missing_ok=True)
        return copied(source, target)

    monkeypatch.setattr(module, "_file", delete_next)
    with scratch(tree, {}) as copy:
        assert names(copy) == {"a", "c"}


def test_it_is_removed_after_a_failure_and_whatever_was_done_to_it(tree: Path) -> None:
    write(tree, "sub/a.py")
    with pytest.raises(ValueError, match="mine"), scratch(tree, {}) as copy:
        (copy / "sub").chmod(0)
        raise ValueError("mine")
    assert left() == []


async def test_an_unprivileged_mess_is_removed(tree: Path) -> None:
    with scratch(tree, {}) as copy:
        code = "import os\nfor n in range(50): os.mkdir('d'); os.chdir('d')\nopen('f', 'w'); os.chmod('.', 0)"
        found = await run([sys.executable, "-c", code], copy, seconds=20, output_bytes=1000)
        assert found.status == 0, found.output
        assert (copy.parent / ".home").is_dir()  # its home is beside it, and goes with it
    assert left() == []


async def test_cancelling_while_copying_leaves_nothing(tree: Path, monkeypatch) -> None:
    for number in range(20):
        write(tree, f"f{number:02}")
    begun, go_on = threading.Event(), threading.Event()
    copied: list[Path] = []

    def slow(source: Path, target: Path) -> int:
        copied.append(target)
        begun.set()
        go_on.wait(20)
        return 0

    monkeypatch.setattr(module, "_file", slow)

    async def use() -> None:
        async with scratched(tree, {}):
            raise AssertionError("it was cancelled before")

    task = asyncio.create_task(use())
    await asyncio.to_thread(begun.wait, 20)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(copied) == 1 and left() == []


async def test_cancelling_as_the_copy_is_made_removes_it(tree: Path, monkeypatch) -> None:
    write(tree, "only")
    begun, go_on = threading.Event(), threading.Event()

    def slow(source: Path, target: Path) -> int:
        begun.set()
        go_on.wait(20)
        return 0

    monkeypatch.setattr(module, "_file", slow)
    task = asyncio.ensure_future(scratched(tree, {}).__aenter__())
    await asyncio.to_thread(begun.wait, 20)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left() == []


def test_what_became_no_file_or_grows_is_not_followed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(write(tmp_path, "secret", "0123456789"))
    for name in ("pipe", "link", "gone"):
        assert module._file(tmp_path / name, tmp_path / "target") == 0 and not (tmp_path / "target").exists()
    with open(tmp_path / "secret", "rb") as old, open(tmp_path / "target", "wb") as new:
        module._bytes(old.fileno(), new.fileno(), 4)
    assert (tmp_path / "target").read_text() == "0123"


async def test_folders_nobody_may_enter_are_removed(tmp_path: Path) -> None:
    code = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path(module.__file__).parent.parent)!r})
from tools.scratch import _remove
os.makedirs("a/b/c"); open("a/b/c/f", "w"); open("a/b/f", "w")
for place in ("a/b/c", "a/b", "a"): os.chmod(place, 0)
_remove(Path("a"))
print(os.path.exists("a"))
"""
    found = await run([os.path.realpath(sys.executable), "-c", code], tmp_path, seconds=20, output_bytes=1000,
                      environment={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))})  # fmt: skip
    assert found.output == "False\n"


async def test_cancelling_what_uses_a_copy_removes_it(tree: Path) -> None:
    inside = asyncio.Event()

    async def use() -> None:
        async with scratched(tree, {"a": "x"}) as copy:
            assert (copy / "a").exists()
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(use())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left() == []


def test_copies_of_the_dead_are_swept_and_of_the_living_are_not(tree: Path) -> None:
    write(tree, "a")
    code = """
import os, sys
from pathlib import Path
from tools.scratch import scratch
with scratch(Path(sys.argv[1]), {}) as copy:
    (copy / "a").chmod(0)
    os.kill(os.getpid(), 9)
"""
    root = Path(module.__file__).parent.parent
    subprocess.run([sys.executable, "-c", code, str(tree)], cwd=root, check=False)
    assert len(left()) == 2  # a folder and its lock
    with scratch(tree, {}) as copy:
        assert len(left()) == 2 and sweep() == 0 and (copy / "a").exists()
    assert left() == []
