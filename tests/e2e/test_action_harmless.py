"""Killed at any moment of an action, the server leaves the user's tree as it was, no process, and no copy."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from settings import paths
from tests.e2e.test_index_harmless import git
from tests.lsp_client import LspClient
from tests.lsp_server.acting import Acting, opened, python_project, span
from tests.lsp_server.test_actions import fenced
from tests.lsp_server.test_actions_stopped import until
from tests.scripted_engine import Script
from tools import scratch

SEEDS, KILLS = 4, 5
"""Twenty moments in all."""
LONGEST = 1.5
"""Seconds from the choice of the action to a kill: copying takes tenths of one, the tests minutes."""
SLOW = """\
import multiprocessing, subprocess, sys, time

def child():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
    time.sleep(300)

if __name__ == "__main__":
    open("written_by_tests.txt", "w").write("x")
    multiprocessing.Process(target=child).start()
    time.sleep(300)
"""


@pytest.fixture
def repository(home: Path) -> Path:
    """Return a repository with changes of every kind, whose tests start children and take minutes."""
    root = python_project(home / "repository")
    (root / "slow.py").write_text(SLOW)
    (root / ".gitignore").write_text("ignored/\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-qm", "main")
    (root / "tests/test_sums.py").write_text("# changed\n")
    (root / "untracked.py").write_text("x = 1\n")
    (root / "ignored").mkdir()
    (root / "ignored/a.log").write_text("log\n")
    return root


def state(root: Path) -> tuple[str, str]:
    """Return a hash of everything there is, and what git says."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        digest.update(f"{path.relative_to(root)} {status.st_mode} {status.st_mtime_ns}".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    command = ["git", "--no-optional-locks", "status", "--porcelain", "--ignored"]
    return digest.hexdigest(), subprocess.run(command, cwd=root, capture_output=True, text=True).stdout


def marked(marker: str) -> list[int]:
    """Return the processes that have a variable of this name in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_killed_at_any_moment_it_leaves_nothing(repository: Path, tmp_path: Path, seed: int) -> None:
    before, chance = state(repository), random.Random(seed)
    marker = f"HARMLESS_{uuid.uuid4().hex}"
    right = fenced("def double(a):\n    return a + a")
    command = f"{sys.executable} slow.py"
    after_start = 0
    for number in range(KILLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        script = Script(chats=[right], token_delay=0.002)
        client = await LspClient.start(folder, script, {marker: "1"})
        await client.initialize(opened(repository, checks=("parse", "tests"), actions={"tests": command}))
        acting = Acting(client, repository / "sums.py").open()
        action = await acting.one("Make double faster", span(5))
        server = client.process.pid
        assert server in marked(marker)
        client.ask("codeAction/resolve", action)
        await asyncio.sleep(chance.uniform(0.0, LONGEST))
        if number == KILLS - 1 and not after_start:  # one comes while tests run, however slow the machine is
            await until(lambda: len(marked(marker)) > 1)
        after_start += len(marked(marker)) > 1
        os.kill(server, 9)
        await client.leave()
        await until(lambda: not marked(marker))
        assert state(repository) == before
    assert after_start, "no kill came while tests ran"
    scratch.sweep()
    assert list((paths.cache_dir() / "scratch").iterdir()) == []
    assert state(repository) == before


async def test_the_next_action_removes_the_copies_of_a_killed_server(
    repository: Path, tmp_path: Path
) -> None:
    right = fenced("def double(a):\n    return a + a")
    marker = f"HARMLESS_{uuid.uuid4().hex}"
    places = paths.cache_dir() / "scratch"

    async def begun(name: str, command: str) -> tuple[LspClient, Acting]:
        (tmp_path / name).mkdir()
        client = await LspClient.start(tmp_path / name, Script(chats=[right]), {marker: "1"})
        await client.initialize(opened(repository, checks=("parse", "tests"), actions={"tests": command}))
        return client, Acting(client, repository / "sums.py").open()

    client, acting = await begun("killed", f"{sys.executable} slow.py")
    client.ask("codeAction/resolve", await acting.one("Make double faster", span(5)))
    await until(lambda: len(marked(marker)) > 3)
    client.process.kill()
    await client.leave()
    await until(lambda: not marked(marker))
    left = {place.name for place in places.iterdir()}
    assert left
    client, acting = await begun("next", f"{sys.executable} -c 'pass'")
    await acting.resolved("Make double faster", span(5))
    assert not left & {place.name for place in places.iterdir()}
    assert await client.stop() == 0 and list(places.iterdir()) == []
