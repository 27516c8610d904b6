from __future__ import annotations

import pytest

from retrieval.graph.render import characters
from tests.retrieval.graph.workspace import names, put, workspace

FILES = {
    "net/client.py": "class HttpClient:\n    def get_user_name(self): ...\n    def get(self): ...\n"
    "def getter(): ...\n",
    "net/server.py": "from net.client import HttpClient\nclass HttpServer: ...\ndef serve(): ...\n",
    "app.py": "from net.client import HttpClient\nfrom net.server import serve\n"
    "HttpClient().get_user_name()\n",
    "alone.py": "def lonely(): ...\n",
}


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("HttpClient", "net/client.py:HttpClient"),
        ("httpclient", "net/client.py:HttpClient"),
        ("HttpS", "net/server.py:HttpServer"),
        ("HC", "net/client.py:HttpClient"),
        ("gun", "net/client.py:HttpClient.get_user_name"),
        ("user_name", "net/client.py:HttpClient.get_user_name"),
        ("HttpClient.get", "net/client.py:HttpClient.get"),
        ("server.serve", "net/server.py:serve"),
        ("lnly", "alone.py:lonely"),
        ("get", "net/client.py:HttpClient.get"),
    ],
)
def test_a_symbol_is_found_by_what_is_like_its_name(query: str, first: str) -> None:
    assert names(workspace(FILES).named(query, 10))[0] == first


@pytest.mark.parametrize("query", ["", " ", ".", "zzz", "HttpServer.get_user_name", "(", "[a-", "a" * 1000])
def test_what_is_like_nothing_finds_nothing(query: str) -> None:
    assert workspace(FILES).named(query, 10) == []


def test_no_more_is_found_than_asked_for() -> None:
    assert len(workspace(FILES).named("e", 3)) == 3
    assert workspace(FILES).named("e", 0) == []


def test_definitions_and_references_of_a_name() -> None:
    graph = workspace(FILES)
    assert names(graph.definitions_of("get_user_name")) == ["net/client.py:HttpClient.get_user_name"]
    assert graph.definitions_of("nothing") == []
    assert graph.references("HttpClient") == ["app.py", "net/client.py", "net/server.py"]
    put(graph, "app.py", "pass\n")
    assert graph.references("HttpClient") == ["net/client.py", "net/server.py"]
    assert graph.references("nothing") == []


def test_the_map_shows_what_is_imported_most_within_its_budget() -> None:
    graph = workspace(FILES)
    for budget in (0, 30, 60, 100, 300):
        assert characters(graph.repository_map(budget)) <= budget
    shown = graph.repository_map(60)
    assert shown[0][0] == "net/client.py"
    assert "class HttpClient" in shown[0][1]


def test_the_map_follows_the_focus_and_leaves_its_files_out() -> None:
    files = FILES | {"near.py": "from alone import lonely\n"}
    graph = workspace(files)
    assert graph.repository_map(40, ["near.py"])[0][0] == "alone.py"
    assert all(path != "net/client.py" for path, _ in graph.repository_map(1000, ["net/client.py"]))
