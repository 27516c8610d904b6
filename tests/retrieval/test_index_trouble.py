"""What is wrong round an index, its disk, its folder, its version, its neighbours, costs no answer."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import lancedb.table
import pytest

import retrieval
from retrieval import answers, store_tables
from retrieval.client import RetrievalClient
from retrieval.workspace import folder_of, uri_of
from settings.schema import Retrieval
from tests.retrieval.conftest import FILES, Project
from tests.retrieval.test_service import SOON, WORDS, comes, names, nothing_changes, service


async def words(client: RetrievalClient, query: str) -> list[str]:
    """Return what the search by words finds; names do not count."""
    hits = (await client.request("search", {"query": query}, SOON))["hits"]
    return [hit["path"] for hit in hits if "words" in hit["why"]]


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
    return found.hexdigest()


def test_an_index_of_a_later_version_is_left_alone_and_another_is_made_beside_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(store_tables, "SCHEMA", 99)
        with project.index():
            pass
    store = Path(uri_of(project.root, Retrieval()))
    before, embedded = digest(store), len(project.embedder.texts)
    for _ in range(2):
        with project.index() as workspace:
            found = workspace.search.search("send a receipt to an address", 3)
            assert found[0].path == "shop/mail.py" and "words" in found[0].why
    assert digest(store) == before
    assert len(project.embedder.texts) == embedded, "vectors are those of the cache"


async def test_of_two_servers_one_writes_and_both_find_what_it_wrote(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "changes", nothing_changes)
    monkeypatch.setattr("retrieval.background.RETRY_SECONDS", 0.05)
    async with service(project) as (first, one), service(project) as (second, other):
        await one.ready()
        await other.ready()
        status = [await client.request("status", {}, SOON) for client in (first, second)]
        assert sorted(each["writer"] for each in status) == [False, True]
        project.write("shop/refund.py", "def refund(order):\n    return give_money_back(order)\n")
        for client in (first, second):
            client.notify("saved", {"path": "shop/refund.py"})
        for client in (first, second):
            await comes(lambda client=client: names(client, "refund"), ["shop/refund.py:1"])
            await comes(lambda client=client: words(client, "give back"), ["shop/refund.py"])


async def test_a_disk_that_is_full_is_said_and_used_again_when_there_is_room(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, add = [True], lancedb.table.LanceTable.add

    def adding(table: Any, *given: Any, **named: Any) -> Any:
        if full:
            raise OSError(28, "No space left on device")
        return add(table, *given, **named)

    monkeypatch.setattr(lancedb.table.LanceTable, "add", adding)
    monkeypatch.setattr("retrieval.background.RETRY_STORE_SECONDS", 0.1)
    monkeypatch.setattr("retrieval.background.RETRY_SECONDS", 0.05)
    async with service(project) as (client, told):
        await told.until(lambda method, params: method == "note" and "disk is full" in params["message"])
        assert await names(client, "Money") == ["shop/money.py:1"]
        assert await words(client, "send receipt") == []
        full.clear()
        await comes(lambda: words(client, "receipt address"), ["shop/mail.py"])


async def test_a_symbol_that_is_deleted_is_in_no_answer(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "changes", nothing_changes)
    cursor = {"path": "shop/page.py", "language": "python", "suffix": ""}
    cursor["prefix"] = "from shop.mail import send_receipt\n\nsend_receipt("
    questions = {
        "symbol": {"name": "send_receipt"},
        "symbols": {"query": "send_receipt"},
        "search": {"query": "send receipt"},
        "map": {"budget": 4_000},
        "context": {**cursor, "budget": 4_000},
    }

    async def says(client: RetrievalClient) -> list[str]:
        given = {method: await client.request(method, asked, SOON) for method, asked in questions.items()}
        return [method for method, answer in given.items() if "send_receipt" in str(answer)]

    async with service(project) as (client, told):
        await told.ready()
        assert await says(client) == list(questions)
        text = FILES["shop/mail.py"].replace("send_receipt", "post_bill")
        client.notify("edited", {"path": "shop/mail.py", "text": text, "language": "python"})
        async with asyncio.timeout(2.0):
            await comes(lambda: names(client, "post_bill"), ["shop/mail.py:1"])
        assert await says(client) == [], "while the file on disk still has it"
        project.write("shop/mail.py", text)
        client.notify("saved", {"path": "shop/mail.py"})
        await comes(lambda: words(client, "post bill"), ["shop/mail.py"])
        assert await says(client) == []


@pytest.mark.skipif(not hasattr(os, "setuid") or os.geteuid() != 0, reason="needs to become somebody else")
def test_an_index_in_a_folder_that_cannot_be_written_is_read(project: Project, home: Path) -> None:
    with project.index(WORDS):
        pass
    for name in ("", "config", "state", "cache", "cache/nearside", "data", "runtime"):
        (home / name).chmod(0o777)
    for path in [folder_of(project.root).parent, *folder_of(project.root).parent.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    before = digest(folder_of(project.root))
    script = (
        "import os, sys, encodings.utf_8_sig, lancedb, lancedb.query, lancedb.index, pyarrow\n"
        "from pathlib import Path\n"
        "from retrieval.workspace import put_together\n"
        "from settings.schema import Retrieval\n"
        "from syntax.extract import facts\n"
        "facts('x = 1', 'python')\n"
        "os.setuid(65534)\n"
        "workspace = put_together(Path(sys.argv[1]), Retrieval(embedder='none'), say=print)\n"
        "assert not workspace.lock.take()\n"
        "workspace.indexer.preload()\n"
        "workspace.indexer.shelf.open(write=False)\n"
        "workspace.indexer.scan()\n"
        "workspace.indexer.update(['shop/mail.py'])\n"
        "print([hit.why for hit in workspace.search.search('receipt address', 1)])\n"
        "print([hit.why for hit in workspace.search.search('Money', 1)])\n"
    )
    home_of_code = str(Path(retrieval.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script, str(project.root)],
        capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": home_of_code},
    )  # fmt: skip
    assert done.stdout == "['words 1, name']\n['name']\n", done.stderr
    assert digest(folder_of(project.root)) == before
