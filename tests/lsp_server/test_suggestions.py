"""Which documents nothing is suggested in, and what the engine reads ahead."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lsp_server.suggestions import matches, relative_path
from tests.lsp_server.conftest import Start

WORKSPACE = Path("/home/me/shop")


@pytest.mark.parametrize(
    ("glob", "file", "named"),
    [
        ("*.env", "prod.env", True),
        ("*.env", "deploy/prod.env", True),
        ("*.env", "env.py", False),
        ("secrets", "deploy/secrets/key.py", True),
        ("deploy/*", "deploy/secrets/key.py", True),
        ("**/key.py", "key.py", True),
        ("**/key.py", "deploy/secrets/key.py", True),
        ("/deploy/*", "deploy/a.py", True),
        ("/home/me/shop/deploy/**", "deploy/a.py", True),
        ("/home/you/**", "deploy/a.py", False),
        ("home", "deploy/a.py", False),
    ],
)
def test_a_glob_names_files_by_name_by_folder_or_by_path(glob: str, file: str, named: bool) -> None:
    assert matches((WORKSPACE / file).as_uri(), WORKSPACE, glob) == named


def test_a_glob_may_start_at_the_users_home(home: Path) -> None:
    assert matches((home / "private" / "a.py").as_uri(), None, "~/private/*")


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/shop/src/a%20b.py", "src/a b.py"),
        ("file:///elsewhere/a.py", "/elsewhere/a.py"),
        ("untitled:Untitled-1", "Untitled-1"),
    ],
)
def test_a_path_is_written_as_the_project_does(uri: str, path: str) -> None:
    assert relative_path(uri, WORKSPACE) == path


def test_a_path_outside_of_the_project_says_where_it_is(home: Path) -> None:
    uri = (home / "notes" / "a.py").as_uri()
    assert relative_path(uri, WORKSPACE) == "~/notes/a.py"
    assert relative_path(uri, None) == "a.py"


async def test_a_document_that_is_opened_is_read_ahead_once_nothing_else_is(start: Start) -> None:
    client = await start()
    for name in "abc":
        client.open("x = 1\n", uri=f"file:///{name}.py")
    while not (counters := await client.counters())["warmups"]:
        await asyncio.sleep(0.05)
    assert (counters["warmups"], counters["calls"]) == (1, 0)


async def test_nothing_is_read_ahead_of_a_user_who_types_already(start: Start) -> None:
    client = await start()
    client.open("x = 1\n")
    await client.inline(1, 0)
    await asyncio.sleep(0.7)
    assert (await client.counters())["warmups"] == 0
