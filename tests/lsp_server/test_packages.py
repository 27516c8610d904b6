"""A session and the installed packages of its workspace: prompts, the command nearside.docs, hovers."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_client import LspClient, insertion
from tests.lsp_server.conftest import Start
from tests.lsp_server.test_project import eventually, open_, prompt, shown
from tests.scripted_engine import Script

STORE = '''class ParcelStore:
    """Keeps parcels."""

    def fetch_parcel(self, number: int, *, sealed: bool = False) -> bytes:
        """Read one parcel from the shelf."""
        open("ran", "w")

    def weigh_parcel(self, number: int) -> float: ...
'''
MAIN = """from depot.store import ParcelStore


def total(store: ParcelStore) -> float:
    first = store.
    return first.fetch_parcel(1)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    site = root / ".venv" / "lib" / "python3.11" / "site-packages"
    (site / "depot").mkdir(parents=True)
    (root / ".venv" / "pyvenv.cfg").write_text("home = /nowhere\n")
    (site / "depot" / "__init__.py").write_text("")
    (site / "depot" / "store.py").write_text(STORE)
    (site / "depot-2.1.dist-info").mkdir()
    (root / "main.py").write_text(MAIN)
    return root


async def started(start: Start, workspace: Path, hover: bool = False, **environ: str) -> LspClient:
    document: dict[str, Any] = {"inlineCompletion": {}}
    if hover:
        document["hover"] = {"dynamicRegistration": True}
    params = {
        "processId": None,
        "rootUri": workspace.as_uri(),
        "capabilities": {"textDocument": document, "general": {"positionEncodings": ["utf-16"]}},
    }
    return await start(Script(), params, NEARSIDE_RETRIEVAL_ENABLED="false", **environ)


async def looked_at(client: LspClient, uri: str) -> Any:
    """Return what a prompt holds, once it holds anything of other places."""
    versions = itertools.count(2)

    async def look() -> dict[str, Any] | None:
        version = next(versions)  # another text below: what was answered before is not answered again
        document = {"uri": uri, "version": version}
        changes = [insertion(6, 0, f"# {version}\n")]
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
        given = await prompt(client, uri, 4, 18)
        return given if given.get("members") and given.get("snippets") else None

    return await eventually(look)


async def test_a_prompt_shows_signatures_of_installed_packages_and_their_members(
    start: Start, workspace: Path, home: Path
) -> None:
    client = await started(start, workspace)
    given = await looked_at(client, open_(client, workspace / "main.py", MAIN))
    assert "def fetch_parcel(number: int, *, sealed: bool = False) -> bytes" in shown(given)
    assert [snippet["path"] for snippet in given["snippets"]] == ["depot/store.py"]
    members = dict(given["members"])["store"]
    assert members == ["fetch_parcel(number: int, *, sealed: bool = False) -> bytes",
                       "weigh_parcel(number: int) -> float"]  # fmt: skip
    assert not list(workspace.rglob("ran"))


async def test_packages_stay_out_of_prompts_where_the_settings_say_so(
    start: Start, workspace: Path, home: Path
) -> None:
    client = await started(start, workspace, NEARSIDE_DOCS_COMPLETIONS="false")
    uri = open_(client, workspace / "main.py", MAIN)
    await ask(client, {"name": "depot.store.ParcelStore"})  # it is read all the same
    given = await prompt(client, uri, 4, 18)
    assert not given.get("members") and not given.get("snippets")


async def ask(client: LspClient, *arguments: Any) -> dict[str, Any]:
    params = {"command": "nearside.docs", "arguments": list(arguments)}
    reply = await client.request("workspace/executeCommand", params)
    assert reply.error is None, reply.error
    return reply.result


async def test_the_command_answers_for_a_name_and_for_a_place(
    start: Start, workspace: Path, home: Path
) -> None:
    client = await started(start, workspace)
    uri = open_(client, workspace / "main.py", MAIN)
    by_name = await ask(client, {"name": "depot.store.ParcelStore.fetch_parcel", "language": "python"})
    assert "Read one parcel from the shelf." in by_name["markdown"] and "2.1" in by_name["markdown"]
    assert by_name["where"].endswith("site-packages/depot/store.py:4")
    by_place = await ask(client, {"uri": uri, "position": {"line": 0, "character": 28}})
    assert by_place["title"] == "depot.store.ParcelStore"
    wrong = await ask(client, {"name": "depot.store.ParcelStor"})
    assert "did you mean depot.store.ParcelStore?" in wrong["markdown"] and wrong["where"] == ""
    for nonsense in ((), (None,), (3,), ({},), ({"uri": uri},), ({"uri": "x:", "position": {"line": "a"}},)):
        assert (await ask(client, *nonsense))["where"] == ""


async def test_the_menu_has_the_documentation_of_an_installed_name_and_of_no_other(
    start: Start, workspace: Path, home: Path
) -> None:
    client = await started(start, workspace)
    uri = open_(client, workspace / "main.py", MAIN)

    async def entries(line: int, character: int, **context: Any) -> list[dict[str, Any]]:
        at = {"line": line, "character": character}
        params = {
            "textDocument": {"uri": uri},
            "range": {"start": at, "end": at},
            "context": {"diagnostics": [], **context},
        }
        reply = await client.request("textDocument/codeAction", params)
        return [one for one in reply.result or () if one["title"].startswith("Documentation of ")]

    async def read() -> bool:
        return bool(await entries(0, 28))

    await eventually(read)  # the first look takes longer than a menu waits
    [entry] = await entries(0, 28)
    assert entry["title"] == "Documentation of depot.store.ParcelStore"
    assert await entries(3, 5) == []  # total, of this file
    assert await entries(0, 28, triggerKind=2) == [] and await entries(0, 28, only=["quickfix"]) == []
    await client.request("workspace/executeCommand", {k: entry[k] for k in ("command", "arguments")})
    said = await client.heard("window/showMessage")
    file = Path(said["message"].removeprefix("The explanation is in "))
    assert "Keeps parcels." in file.read_text() and "depot/store.py:1" in file.read_text()


async def test_a_hover_is_offered_only_where_the_settings_ask_for_it(
    start: Start, workspace: Path, home: Path
) -> None:
    client = await started(start, workspace, hover=True)
    await ask(client, {"name": "json.dumps"})
    assert not registered(client)
    asking = await started(start, workspace, hover=True, NEARSIDE_DOCS_HOVER="true")
    uri = open_(asking, workspace / "main.py", MAIN)

    async def offered() -> bool:
        return registered(asking)

    await eventually(offered)
    params = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 28}}
    reply = await asking.request("textDocument/hover", params)
    assert "Keeps parcels." in reply.result["contents"]["value"]
    params["position"] = {"line": 3, "character": 5}
    assert (await asking.request("textDocument/hover", params)).result is None


def registered(client: LspClient) -> bool:
    return any("textDocument/hover" in str(asked) for asked in client.requests)
