"""Of all that open files define, what the text around the cursor names comes first."""

from __future__ import annotations

from retrieval.context import Query
from retrieval.definitions import MOST, MOST_PLACES, OpenDefinitions, Outline, find, imports, weights
from syntax.definitions import definitions


def outline(path: str, text: str, language: str = "python") -> Outline:
    return Outline.of(path, language, 0, definitions(text, language))


def query(
    prefix: str,
    suffix: str = "",
    head: str = "",
    language: str = "python",
    troubled: frozenset[str] = frozenset(),
) -> Query:
    return Query("main.py", language, prefix, suffix, head, troubled)


def stubs(outlines: list[Outline], asked: Query) -> list[str]:
    return [candidate.snippet.text for candidate in find(outlines, asked)]


def test_the_nearest_names_come_first() -> None:
    other = outline("b.py", "def near(): ...\ndef far(): ...\ndef never(): ...\n")
    assert stubs([other], query("far(1)\n" + "x = 1\n" * 20 + "near(")) == [
        "def near(): ...",
        "def far(): ...",
    ]


def test_a_name_defined_in_many_places_counts_for_little_and_in_too_many_for_nothing() -> None:
    rare = outline("r.py", "def rare(): ...\n")
    some = [outline(f"{n}.py", f"def common({n}): ...\n") for n in range(MOST_PLACES)]
    asked = query("common(rare(")
    assert stubs([rare, *some], asked)[0] == "def rare(): ..."
    assert len(stubs([rare, *some], asked)) == 1 + MOST_PLACES
    assert stubs([rare, *some, outline("more.py", "def common(): ...\n")], asked) == ["def rare(): ..."]


def test_an_import_says_which_of_several_is_meant() -> None:
    outlines = [outline(f"{n}/{n}.py", f"def load({n}): ...\n") for n in ("one", "two")]
    assert stubs(outlines, query("load(", head="from two.two import load\n")) == ["def load(two): ..."]


def test_what_is_imported_counts_before_it_is_used() -> None:
    other = outline("b.py", "def fetch(url): ...\n")
    assert stubs([other], query("x = ")) == []
    assert stubs([other], query("x = ", head="from b import (\n    fetch,\n)\n")) == ["def fetch(url): ..."]


def test_a_variable_brings_the_class_that_is_spelled_like_it() -> None:
    other = outline("b.py", "class FileReader:\n    def read(self, size): ...\n")
    assert stubs([other], query("file_reader."))[0].startswith("class FileReader:\n    def read")


def test_a_type_comes_with_the_heads_of_its_methods() -> None:
    text = "type Tree struct {\n\tRoot int\n}\n\nfunc (t *Tree) Walk(depth int) error {\n\treturn nil\n}\n"
    found = stubs([outline("b.go", text, "go")], query("var t Tree\nt.", language="go"))
    assert found[0] == "type Tree struct {\n\tRoot int\n}\nfunc (t *Tree) Walk(depth int) error {"


def test_a_name_in_a_diagnostic_counts_most() -> None:
    other = outline("b.py", "def near(): ...\ndef wrong(): ...\n")
    found = stubs([other], query("near(", troubled=frozenset({"wrong"})))
    assert found == ["def wrong(): ...", "def near(): ..."]


def test_other_languages_say_nothing() -> None:
    other = outline("b.js", "function near(a) { }\n", "javascript")
    assert stubs([other], query("near(")) == []
    assert stubs([other], query("near(", language="typescript")) == ["function near(a) { }"]


def test_short_and_special_names_say_nothing() -> None:
    other = outline("b.py", "def ab(): ...\nclass C:\n    def __init__(self): ...\n")
    assert stubs([other], query("ab(__init__(")) == []


def test_there_is_an_end_to_it() -> None:
    names = [f"name{n}" for n in range(3 * MOST)]
    other = outline("b.py", "".join(f"def {name}(): ...\n" for name in names))
    assert len(find([other], query(" ".join(names)))) == MOST


def test_import_lines_of_several_languages_are_read() -> None:
    head = (
        "import os\nfrom a.b import (\n    One,\n    Two,\n)\nx = 1\nconst { three } = require('mod')\n"
        "use std::four;\n#include <five.h>\nexport { six } from './file'\n"
    )
    assert {"os", "One", "Two", "three", "four", "five", "six", "file"} <= imports(head)
    assert "x" not in imports(head)


def test_names_count_less_further_away() -> None:
    near = weights(query("one\n\n\n\n\n\ntwo = ", "\nthree\n"))
    assert near["two"] == 1 > near["three"] > near["one"] > 0


async def test_the_current_file_is_not_looked_into() -> None:
    source = OpenDefinitions()
    source.keep("here", outline("main.py", "def near(): ...\n"))
    assert list(await source.candidates(query("near("))) == []
    source.keep("there", outline("b.py", "def near(): ...\n"))
    assert [c.snippet.path for c in await source.candidates(query("near("))] == ["b.py"]
    source.drop("there")
    assert list(await source.candidates(query("near("))) == []
