from __future__ import annotations

import pytest

from retrieval.graph import Cursor, Graph, render
from syntax.extract import facts
from syntax.facts import Facts
from tests.retrieval.graph.workspace import look, names, put, workspace

CLIENT = "class Client:\n    def fetch(self, url: str) -> bytes: ...\n\n    def close(self): ...\n"


def members(found, path: str) -> set[str]:
    return {one.symbol.name for one in found if one.path == path and one.symbol.owner}


def test_a_name_that_is_imported_is_found_where_it_is_defined() -> None:
    graph = workspace({"pkg/__init__.py": "", "pkg/net.py": CLIENT})
    found = look(graph, "pkg/app.py", "from pkg.net import Client\n\nc = █\n")
    assert names(found)[0] == "pkg/net.py:Client"
    assert found[0].why == "imported"
    assert found[0].import_line == ""


@pytest.mark.parametrize(
    ("init", "line", "use"),
    [
        ("from .net import Client\n", "from pkg import Client", "Client"),
        ("from .net import Client as Caller\n", "from pkg import Caller", "Caller"),
        ("from .net import *\n", "from pkg import Client", "Client"),
        ("from . import net\n", "from pkg import net", "net.Client"),
        ("", "import pkg.net", "pkg.net.Client"),
        ("", "import pkg.net as n", "n.Client"),
        ("", "from . import net", "net.Client"),
        ("", "from .net import Client", "Client"),
        ("", "from .net import *", "Client"),
        ("from .more import Client\n", "from pkg import Client", "Client"),
    ],
)
def test_members_are_found_through_every_way_of_importing(init: str, line: str, use: str) -> None:
    graph = workspace(
        {"pkg/__init__.py": init, "pkg/net.py": CLIENT, "pkg/more.py": "from .net import Client\n"}
    )
    found = look(graph, "pkg/app.py", f"{line}\n\ndef main():\n    c = {use}()\n    c.█\n")
    receiver = {one.symbol.qualified for one in found if one.why == "member of the receiver"}
    assert receiver == {"Client.fetch", "Client.close"}


def test_members_that_are_inherited_across_files_are_found_and_hidden_ones_once() -> None:
    graph = workspace(
        {
            "base.py": "class Base:\n    def run(self): ...\n    def stop(self): ...\n",
            "middle.py": "from base import Base\nclass Middle(Base):\n    def run(self): ...\n",
        }
    )
    found = look(
        graph, "app.py", "from middle import Middle\nclass App(Middle):\n    def go(self):\n        self.█\n"
    )
    receiver = [
        name for name, one in zip(names(found), found, strict=True) if one.why == "member of the receiver"
    ]
    assert sorted(receiver) == ["base.py:Base.stop", "middle.py:Middle.run"]
    above = look(
        graph,
        "app.py",
        "from middle import Middle\nclass App(Middle):\n    def go(self):\n        super().█\n",
    )
    assert members(above, "middle.py") == {"run"}


@pytest.mark.parametrize(
    "body",
    [
        "def f(c: Client):\n    c.█",
        "def f(c: 'Client | None'):\n    c.█",
        "def f():\n    c = make()\n    c.█",
        "def f():\n    make().█",
        "def f():\n    with Client() as c:\n        c.█",
        "class A:\n    def __init__(self):\n        self.c = Client()\n    def f(self):\n        self.c.█",
        "class A:\n    c: Client\n    def f(self):\n        self.c.█",
        "def f(h: Holder):\n    h.client.█",
        "def f(h: Holder):\n    h.get().█",
    ],
)
def test_the_type_of_a_receiver_is_followed(body: str) -> None:
    graph = workspace(
        {
            "net.py": CLIENT + "\ndef make() -> Client: ...\n",
            "holder.py": "from net import Client\n"
            "class Holder:\n    client: Client\n    def get(self) -> Client: ...\n",
        }
    )
    found = look(graph, "app.py", f"from net import Client, make\nfrom holder import Holder\n\n{body}\n")
    receiver = {one.symbol.qualified for one in found if one.why == "member of the receiver"}
    assert receiver == {"Client.fetch", "Client.close"}


def test_circles_of_imports_bases_and_types_end() -> None:
    graph = workspace(
        {
            "a.py": "from b import *\nfrom b import X\nclass A(B):\n    def one(self) -> 'B': ...\n",
            "b.py": "from a import *\nfrom a import X\nclass B(A):\n    def two(self) -> 'A': ...\n"
            "v = v\nw = u()\nu = w()\n",
        }
    )
    found = look(graph, "c.py", "from a import A, X, v\nfrom b import w\nx = A().one().two().one().█\n")
    assert {"a.py:A.one", "b.py:B.two"} <= set(names(found))
    assert look(graph, "c.py", "from b import w\nw.█\n") is not None


def test_a_module_of_the_standard_library_is_not_a_file_of_that_name_in_a_package() -> None:
    graph = workspace({"pkg/__init__.py": "", "pkg/logging.py": "def info(): ...\n"})
    found = look(graph, "pkg/app.py", "import logging\n\nlogging.█\n")
    assert all(one.why != "member of the module" for one in found)


def test_an_unsaved_text_counts_as_it_is_now() -> None:
    graph = workspace({"net.py": CLIENT, "app.py": ""})
    text = "from net import Client\nc = Client()\nc.█\n"
    assert "net.py:Client.fetch" in names(look(graph, "app.py", text))
    put(graph, "net.py", CLIENT.replace("fetch", "download"))
    found = names(look(graph, "app.py", text))
    assert "net.py:Client.download" in found
    assert "net.py:Client.fetch" not in found
    assert graph.definitions_of("fetch") == []
    assert graph.named("fetch", 5) == []


def test_what_was_dropped_is_never_found_again() -> None:
    graph = workspace({"net.py": CLIENT, "other.py": "from net import Client\nClient().fetch('')\n"})
    assert graph.references("fetch") == ["net.py", "other.py"]
    graph.drop("net.py")
    found = look(graph, "app.py", "from net import Client\nc = Client()\nc.fe█\n")
    assert all(one.path != "net.py" for one in found)
    assert graph.definitions_of("Client") == []
    assert graph.named("Client", 5) == []
    assert graph.references("fetch") == ["app.py", "other.py"] or graph.references("fetch") == ["other.py"]
    assert graph.repository_map(1000) == [] or "net.py" not in dict(graph.repository_map(1000))
    graph.drop("net.py")  # again: nothing happens


def test_a_file_that_comes_later_is_seen() -> None:
    graph = workspace({"app.py": ""})
    text = "from late import Later\nx = █\n"
    assert names(look(graph, "app.py", text)) == []
    put(graph, "late.py", "class Later: ...\n")
    assert names(look(graph, "app.py", text))[0] == "late.py:Later"


def test_the_file_itself_is_never_offered() -> None:
    graph = workspace({"net.py": CLIENT})
    found = look(graph, "net.py", CLIENT + "\nc = Client()\nc.█\n")
    assert found == []


def test_a_name_that_is_typed_partly_comes_first() -> None:
    graph = workspace({"net.py": "class Alpha: ...\nclass Beta: ...\nclass Gamma: ...\n"})
    for typed, name in (("Al", "Alpha"), ("Be", "Beta"), ("Ga", "Gamma")):
        found = look(graph, "app.py", f"from net import Alpha, Beta, Gamma\nx = {typed}█\n")
        assert found[0].symbol.name == name


def test_answers_do_not_depend_on_the_order_files_came_in() -> None:
    files = {f"m{n}.py": f"class C{n}:\n    def run(self): ...\n" for n in range(6)}
    text = "from m1 import C1\nfrom m4 import C4\nx.█\n"
    one = look(workspace(files), "app.py", text)
    other = look(workspace(dict(reversed(files.items()))), "app.py", text)
    assert one == other


def test_an_empty_graph_and_an_unknown_language_answer_with_nothing() -> None:
    graph = Graph()
    assert graph.look(Cursor("x.py", "python", "import a\na.", "\n")) == []
    graph.put("x.zig", Facts("zig"))
    assert graph.look(Cursor("x.zig", "zig", "const a = ", ";")) == []
    assert graph.repository_map(1000, ["x.zig"]) == []
    assert graph.named("", 5) == graph.named("a", 5) == []


def test_the_members_of_a_class_stand_under_one_heading_and_the_budget_is_kept() -> None:
    owner = "class Crate:\n" + "".join(f"    def lift_{n}(self, weight): ...\n" for n in range(20))
    graph = Graph()
    graph.put("crates.py", facts(owner, "python"))
    found = [found for n in (7, 3, 11) for found in graph.definitions_of(f"lift_{n}")]
    ((path, text),) = render(found, 400)
    assert text.split("\n") == [
        "Crate:",
        "    def lift_3(self, weight): ...",
        "    def lift_7(self, weight): ...",
        "    def lift_11(self, weight): ...",
    ]
    assert len(render(found, len(path) + len(text) + 8)[0][1]) <= len(text)
    assert render(found, 30) == []


def test_what_is_typed_finds_names_anywhere_that_begin_so_however_late_they_came() -> None:
    graph = workspace({"far/away.py": "def open_store(): ...\nclass Opener:\n    def open_it(self): ...\n"})
    assert names(look(graph, "app.py", "x = open_█\n")) == ["far/away.py:open_store"]
    for number in range(300):
        put(graph, f"more/m{number}.py", f"def open_{number}(): ...\ndef other_{number}(): ...\n")
        assert f"more/m{number}.py:open_{number}" in names(look(graph, "app.py", f"x = open_{number}█\n"))
    graph.drop("far/away.py")
    assert all(one.path != "far/away.py" for one in look(graph, "app.py", "x = open_s█\n"))
