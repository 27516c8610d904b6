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


ANSWERS = {
    "paths.py": "def resolve_link(path): ...\ndef resolve(path): ...\nLINK = 1\n",
    "urls.py": "class LinkResolver:\n    def parse_urls(self): ...\n",
    "many.py": "".join(f"def path_{number}(): ...\n" for number in range(9)),
}


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("how are links resolved", "paths.py:resolve_link"),
        ("Parsing of the URL", "urls.py:LinkResolver.parse_urls"),
        ("resolving a path", "paths.py:resolve"),
    ],
)
def test_a_question_finds_names_that_say_it(question: str, first: str) -> None:
    assert names(workspace(ANSWERS).told(question, 5))[0] == first


def test_rare_words_tell_more_and_terse_names_too() -> None:
    graph = workspace(ANSWERS)
    assert names(graph.told("resolve the path", 3))[0] == "paths.py:resolve"
    assert names(graph.told("link resolver", 2)) == ["urls.py:LinkResolver", "paths.py:resolve_link"]


@pytest.mark.parametrize("question", ["", "the of a", "?!", "zzz qqq", "x" * 10_000])
def test_a_question_that_no_name_says_finds_nothing(question: str) -> None:
    assert workspace(ANSWERS).told(question, 5) == []


def test_what_is_dropped_is_told_no_more_and_constants_never() -> None:
    graph = workspace(ANSWERS)
    assert "paths.py:LINK" not in names(graph.told("link", 9))
    graph.drop("paths.py")
    assert not [name for name in names(graph.told("resolve links", 9)) if name.startswith("paths.py")]
    assert len(graph.told("path", 4)) == 4


def test_one_common_word_of_many_is_no_answer() -> None:
    assert graph_told("the path of a wombat or a quokka") == []
    assert graph_told("a path")


def graph_told(question: str) -> list[str]:
    return names(workspace(ANSWERS).told(question, 5))
