"""Nothing needs a network: the same answers in a namespace that has not even a loopback interface, and before
anybody opts in no process of ours connects to another machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ISOLATED = ("unshare", "--net", "--map-root-user")
SHOP = '''class Basket:
    def add_parcel(self, parcel):
        """Put one parcel on the scales."""
        self.parcels.append(parcel)

    def total_weight(self):
        return sum(parcel.weight for parcel in self.parcels)
'''
MAIN = """from shop import Basket


def fill(parcels):
    basket = Basket()
    for parcel in parcels:
        basket.
"""
SESSION = """
import asyncio, json, sys
from pathlib import Path
from tests.lsp_client import LspClient

async def session(root):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "nearside", "serve", stdin=-1, stdout=-1, stderr=-3)
    client = LspClient(process)
    await client.request("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": {},
        "initializationOptions": {"completion": {"show_above": 0, "deadline_ms": 20000}}})
    client.notify("initialized", {})
    uri = (root / "main.py").as_uri()
    client.open((root / "main.py").read_text(), uri)
    hits = []
    while not hits:
        command = {"command": "nearside.search", "arguments": ["put one parcel on the scales", 5]}
        hits = (await client.request("workspace/executeCommand", command)).result or []
        await asyncio.sleep(0.1)
    text, version, items = (root / "main.py").read_text(), 1, []
    while not any("add_parcel" in item["insertText"] for item in items):  # once the index has told the names
        version += 1
        client.change(version, {"text": text + "#" * version}, uri=uri)
        items = await client.inline(6, 15, kind=1, uri=uri)
    print(json.dumps({"knows": "add_parcel", "hit": hits[0]["symbol"]}))
    await client.stop()

asyncio.run(session(Path(sys.argv[1])))
"""


@pytest.fixture
def project(home: Path) -> Path:
    root = home / "project"
    (root / ".git").mkdir(parents=True)
    (root / "shop.py").write_text(SHOP)
    (root / "main.py").write_text(MAIN)
    return root


@pytest.fixture
def run(home: Path) -> Iterator[Any]:
    """Run Python with our packages on its path, with the network taken away in one of three ways, or not."""

    def run(*arguments: str, isolated: bool = False, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [*(ISOLATED if isolated else ()), sys.executable, *arguments]
        path = os.pathsep.join(filter(None, [environ.pop("PYTHONPATH", ""), str(ROOT)]))
        environment = {**os.environ, **environ, "PYTHONPATH": path}
        return subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=180, env=environment)

    yield run
    run("-m", "nearside", "engine", "stop")


@pytest.fixture
def namespaces() -> None:
    probe = [*ISOLATED, "true"]
    try:
        done = subprocess.run(probe, capture_output=True, text=True)
    except OSError:
        pytest.skip("unshare is not installed, so there is no way to take the network away")
    if done.returncode:
        pytest.skip(f"this machine makes no network namespaces ({done.stderr.strip()})")


def session(run: Any, project: Path, **how: Any) -> dict[str, Any]:
    """Open the project in a real server with the real engine and index, complete and search."""
    done = run("-c", SESSION, str(project), **how)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def commands(run: Any, project: Path, **how: Any) -> list[Any]:
    """Complete, search and account without an editor."""
    found = []
    for arguments in (
        ("complete", f"{project / 'main.py'}:7:16", "--json"),
        ("search", "put one parcel on the scales", "--path", str(project), "--json"),
        ("cost", "tco", "--example", "--json"),
    ):
        done = run("-P", "-m", "nearside", *arguments, **how)
        assert done.returncode == 0, done.stderr
        found.append(done.stdout if "cost" in arguments else json.loads(done.stdout))
    completion, hits, costs = found
    return [completion["text"], completion["model"], [hit["symbol"] for hit in hits], costs]


def test_everything_is_the_same_without_any_network(run: Any, project: Path, namespaces: None) -> None:
    alone = session(run, project, isolated=True), commands(run, project, isolated=True)
    run("-m", "nearside", "engine", "stop")
    assert alone == (session(run, project), commands(run, project))
    assert alone[0]["hit"] == "Basket.add_parcel"


def test_nothing_but_this_machine_is_reached_before_anybody_opts_in(
    run: Any, project: Path, tmp_path: Path
) -> None:
    log = tmp_path / "connections"
    watched = {"PYTHONPATH": str(ROOT / "tests" / "guard"), "CONNECTIONS": str(log)}
    session(run, project, **watched)
    commands(run, project, **watched)
    connections = log.read_text().splitlines()
    assert any("nearside" in line and ".sock" in line for line in connections), "the engine was reached"
    assert not [line for line in connections if not line.startswith("socket.connect '/")]


def test_offline_as_an_option_is_the_same_too(run: Any, project: Path) -> None:
    assert session(run, project, NEARSIDE_OFFLINE="1")["hit"] == "Basket.add_parcel"
    done = run("-P", "-m", "nearside", "--offline", "models", "pull", "qwen2.5-coder-0.5b")
    assert done.returncode == 1 and "--offline forbids it" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_model_that_would_have_to_be_fetched_is_one_line_that_says_so(run: Any, namespaces: None) -> None:
    done = run("-P", "-m", "nearside", "models", "pull", "qwen2.5-coder-0.5b", isolated=True)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1 and "no connection" in done.stderr
