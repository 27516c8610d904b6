"""Indexing never touches what is indexed: not through a branch switch, nor however often it is killed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nearside.index import build
from retrieval.client import RetrievalClient, start
from retrieval.store import Store
from retrieval.workspace import folder_of, uri_of
from settings.schema import Retrieval

KILLS = 20
LONGEST = 1.2
"""Seconds until a kill: from the first import to the last commit."""
FILES = 80
WORDS = Retrieval(embedder="none")
PATIENCE = 30.0


def git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", *arguments],
        cwd=root,
        check=True,
        capture_output=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
    )


@pytest.fixture
def repository(home: Path) -> Path:
    """Return a repository with two branches, a stash, and changes of every kind."""
    root = home / "repository"
    (root / "package").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    for number in range(FILES):
        each = "def function_{}_{}(value):\n    return value\n\n\n"
        text = "".join(each.format(number, n) for n in range(20))
        (root / f"package/module_{number}.py").write_text(text)
    (root / ".gitignore").write_text("ignored/\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "main")
    git(root, "checkout", "-qb", "other")
    for number in range(0, FILES, 4):
        (root / f"package/module_{number}.py").write_text(f"def divided_{number}():\n    pass\n")
    (root / "package/module_1.py").unlink()
    git(root, "commit", "-qam", "other")
    git(root, "checkout", "-q", "main")
    (root / "package/module_2.py").write_text("def stashed():\n    pass\n")
    git(root, "stash", "-q")
    (root / "package/module_3.py").write_text("def staged():\n    pass\n")
    git(root, "add", "package/module_3.py")
    (root / "package/module_5.py").write_text("def changed():\n    pass\n")
    (root / "untracked.py").write_text("def untracked():\n    pass\n")
    return root


def state(root: Path) -> str:
    """Hash everything there is: names, modes, times and contents, with .git's index, HEAD and stashes."""
    digest = hashlib.sha256()
    for path in sorted([root, *root.rglob("*")]):
        status = path.lstat()
        digest.update(f"{path.relative_to(root)} {status.st_mode} {status.st_mtime_ns}".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


async def begin(root: Path) -> tuple[RetrievalClient, asyncio.Event]:
    ready = asyncio.Event()

    def told(method: str, params: dict) -> None:
        if method == "ready" and params["stage"] == "ready":
            ready.set()

    return await start(root, WORDS, told), ready


async def comes(question: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not question():
            await asyncio.sleep(0.05)


async def test_nothing_changes_through_index_branch_switch_and_kills(repository: Path) -> None:
    before = state(repository)
    chance = random.Random(20)
    for _ in range(KILLS):
        client, ready = await begin(repository)
        try:
            async with asyncio.timeout(chance.uniform(0.05, LONGEST)):
                await ready.wait()
        except TimeoutError:
            pass
        os.kill(client.pid, 9)
        async with asyncio.timeout(PATIENCE):
            await client.ended.wait()
        await client.close()
        assert state(repository) == before

    client, ready = await begin(repository)
    try:
        async with asyncio.timeout(PATIENCE):
            await ready.wait()
        assert state(repository) == before, "neither does an index that is made to its end"
        git(repository, "stash", "-q", "--include-untracked")
        git(repository, "checkout", "-q", "other")
        switched = state(repository)
        store = Store.open(uri_of(repository, WORDS), "", 0)
        await comes(lambda: "package/module_1.py" not in store.contents())
        await comes(lambda: any(hit.symbol.startswith("divided_") for hit in store.words("divided", 5)))
        assert state(repository) == switched
    finally:
        await client.close()
    git(repository, "checkout", "-q", "main")
    git(repository, "stash", "pop", "-q", "--index")

    # What came of all that is what one undisturbed run makes.
    build(repository, WORDS, lambda _: None)
    after_all = Store.open(uri_of(repository, WORDS), "", 0)
    contents, chunks = after_all.contents(), after_all.counts().chunks
    fresh = build(repository, WORDS, lambda _: None, rebuild=True)
    again = Store.open(uri_of(repository, WORDS), "", 0)
    assert (again.contents(), fresh.chunks) == (contents, chunks)
    assert folder_of(repository).is_relative_to(Path(os.environ["XDG_CACHE_HOME"]))
