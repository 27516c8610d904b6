"""A session and the index of its workspace: what reaches prompts, symbols, search and imports."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_client import LspClient, insertion
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

STORE = '''"""Rows on disk."""


class ParcelStore:
    """Keeps parcels."""

    def fetch_parcel(self, number: int, *, sealed: bool = False) -> bytes:
        """Read one parcel from the shelf."""
        return b""

    def weigh_parcel(self, number: int) -> float:
        return 0.0


def open_parcel_store(path: str) -> ParcelStore:
    return ParcelStore()
'''
MAIN = """from depot.store import ParcelStore


def total(store: ParcelStore) -> float:
    first = store.
    return first
"""
CAPABILITIES = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {"inlineCompletion": {}},
    "general": {"positionEncodings": ["utf-16"]},
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    (root / "depot").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "depot" / "__init__.py").write_text("")
    (root / "depot" / "store.py").write_text(STORE)
    (root / "main.py").write_text(MAIN)
    (root / "other.py").write_text("from depot.store import open_parcel_store\n\nopen_parcel_store('a')\n")
    return root


@pytest.fixture
def indexed(start: Start, workspace: Path) -> Callable[..., Awaitable[LspClient]]:
    """Return a function that starts a server in the workspace and waits until its files are known."""

    async def started(script: Script | None = None, **environ: str) -> LspClient:
        params = {"processId": None, "rootUri": workspace.as_uri(), "capabilities": CAPABILITIES}
        environ = {"NEARSIDE_RETRIEVAL_EMBEDDER": "none", **environ}
        client = await start(script or Script(), params, **environ)
        await eventually(lambda: symbols(client, "ParcelStore"))
        return client

    return started


async def eventually(ask: Callable[[], Awaitable[Any]], seconds: float = 30.0) -> Any:
    """Return the first answer that is not empty."""
    async with asyncio.timeout(seconds):
        while not (answer := await ask()):
            await asyncio.sleep(0.1)
    return answer


async def symbols(client: LspClient, query: str) -> list[str]:
    reply = await client.request("workspace/symbol", {"query": query})
    return [f"{item['location']['uri'].rpartition('/')[2]}:{item['name']}" for item in reply.result or ()]


def open_(client: LspClient, path: Path, text: str) -> str:
    item = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})
    return path.as_uri()


async def prompt(client: LspClient, uri: str, line: int, character: int) -> dict[str, Any]:
    """Ask for a completion by hand and return what the engine was given."""
    params = {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 1},
    }
    await client.request("textDocument/inlineCompletion", params)
    return (await client.request("nearside/testLastPrompt", {})).result


def shown(prompt: dict[str, Any]) -> str:
    return "\n".join(snippet["text"] for snippet in prompt.get("snippets", ()))


async def test_a_prompt_shows_signatures_of_what_the_file_imports_and_the_receivers_members(
    indexed: Callable[..., Awaitable[LspClient]], workspace: Path
) -> None:
    client = await indexed()
    uri = open_(client, workspace / "main.py", MAIN)

    versions = itertools.count(2)

    async def looked_at() -> dict[str, Any] | None:
        version = next(versions)  # another text below: what was answered before is not answered again
        document = {"uri": uri, "version": version}
        changes = [insertion(5, 0, "#\n")]
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
        given = await prompt(client, uri, 4, 18)
        return given if given.get("members") and "fetch_parcel" in shown(given) else None

    given = await eventually(looked_at)
    assert "fetch_parcel(self, number: int" in shown(given)
    members = {member.split("(")[0] for member in dict(given["members"])["store"]}
    assert {"fetch_parcel", "weigh_parcel"} <= members
    assert MAIN.splitlines()[3] not in shown(given), "the file itself is no context of its own"


async def test_an_unsaved_rename_is_known_and_the_old_name_is_gone(
    indexed: Callable[..., Awaitable[LspClient]], workspace: Path
) -> None:
    client = await indexed()
    uri = open_(client, workspace / "depot" / "store.py", STORE)
    line = STORE.splitlines().index("class ParcelStore:")
    change = {
        "range": {"start": {"line": line, "character": 6}, "end": {"line": line, "character": 17}},
        "text": "CrateVault",
    }
    params = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}
    client.notify("textDocument/didChange", params)
    await eventually(lambda: symbols(client, "CrateVault"), seconds=2.0 if "CI" not in os.environ else 10.0)
    assert "store.py:ParcelStore" not in await symbols(client, "ParcelStore")
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    await eventually(lambda: symbols(client, "ParcelStore"))
    assert await symbols(client, "CrateVault") == []


async def test_the_search_command_and_a_question_to_workspace_symbol_find_by_words(
    indexed: Callable[..., Awaitable[LspClient]],
) -> None:
    client = await indexed()
    params = {"command": "nearside.search", "arguments": ["read one parcel from the shelf", 5]}

    async def found() -> list[dict[str, Any]]:
        return (await client.request("workspace/executeCommand", params)).result

    hits = await eventually(found)
    assert hits[0]["uri"].endswith("depot/store.py") and hits[0]["symbol"] == "ParcelStore.fetch_parcel"
    assert STORE.splitlines()[hits[0]["line"] - 1].strip().startswith("def fetch_parcel")
    assert "store.py:ParcelStore.fetch_parcel" in await symbols(client, "read one parcel from the shelf")


async def test_completions_go_on_when_the_process_is_killed_and_it_comes_back(
    indexed: Callable[..., Awaitable[LspClient]], workspace: Path
) -> None:
    client = await indexed()
    uri = open_(client, workspace / "main.py", MAIN)
    children = Path(f"/proc/{client.process.pid}/task/{client.process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    await eventually(lambda: _said(client, "its process ended"))
    assert (await prompt(client, uri, 4, 18))["prefix"]
    assert await symbols(client, "ParcelStore") == []
    await eventually(lambda: symbols(client, "ParcelStore"))


async def _said(client: LspClient, part: str) -> bool:
    return any(part in params.get("message", "") for name, params in client.notifications if "log" in name)


async def test_a_project_that_is_not_indexed_has_no_process(start: Start, workspace: Path) -> None:
    params = {"processId": None, "rootUri": workspace.as_uri(), "capabilities": CAPABILITIES}
    client = await start(Script(), params, NEARSIDE_RETRIEVAL_ENABLED="false")
    assert await symbols(client, "ParcelStore") == []
    children = Path(f"/proc/{client.process.pid}/task/{client.process.pid}/children").read_text()
    assert children == ""


async def test_the_import_a_suggestion_needs_comes_with_its_acceptance(
    indexed: Callable[..., Awaitable[LspClient]], workspace: Path
) -> None:
    text = "import os\n\n\ndef run():\n    store = \n"
    client = await indexed(Script(tokens=["open_parcel_store", "(os.sep)"]))
    client.answers["workspace/applyEdit"] = {"applied": True}
    uri = open_(client, workspace / "new.py", text)
    where = {"textDocument": {"uri": uri}, "position": {"line": 4, "character": 12}}

    async def offered() -> dict[str, Any] | None:
        asked = {**where, "context": {"triggerKind": 1}}
        items = (await client.request("textDocument/inlineCompletion", asked)).result["items"]
        return items[0]["command"] if items and len(items[0]["command"]["arguments"]) > 1 else None

    command = await eventually(offered)
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [
        insertion(4, 12, "open_parcel_store(os.sep)")]}  # fmt: skip
    client.notify("textDocument/didChange", change)
    await client.request(
        "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
    )
    ((_, asked),) = [request for request in client.requests if request[0] == "workspace/applyEdit"]
    (edit,) = asked["edit"]["documentChanges"]
    assert edit["textDocument"] == {"uri": uri, "version": 2}
    (added,) = edit["edits"]
    assert added["newText"] == "from depot.store import open_parcel_store\n"
    assert added["range"]["start"]["line"] in (1, 2)
