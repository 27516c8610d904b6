"""One definition a chunk, every line in one, the same text the same hash."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.chunks import Chunk, chunks
from retrieval.cuts import LONGEST_LINE, MOST, OVERLAP, WINDOW
from syntax.facts import Facts, Symbol

CODE = """\
import os

LIMIT = 3


# Opens the door.
# Twice.
@decorated
def opened(door):
    return door


class Room:
    \"\"\"A place.\"\"\"

    size = 1

    # How large it is.
    def area(self):
        return self.size

    def name(self): return "x"

    colour = "red"


if __name__ == "__main__":
    opened(1)
"""
SYMBOLS = (
    Symbol("LIMIT", "constant", 2, 2, "LIMIT = 3"),
    Symbol("opened", "function", 7, 9, "def opened(door):"),
    Symbol("Room", "class", 12, 23, "class Room:"),
    Symbol("size", "attribute", 15, 15, "size = 1", "Room"),
    Symbol("area", "method", 18, 19, "def area(self):", "Room"),
    Symbol("name", "method", 21, 21, "def name(self):", "Room"),
)


def cut(text: str, symbols: tuple[Symbol, ...] = (), path: str = "a/b/c/house.py", language: str = "python"):
    return chunks(path, text, language, Facts(language, symbols=symbols) if symbols else None)


def by_symbol(found: list[Chunk]) -> dict[str, Chunk]:
    return {one.symbol: one for one in found}


def covered(text: str, found: list[Chunk]) -> None:
    """Fail unless each line with text is, as it is, in a chunk whose range it lies in."""
    held = [(one.first, one.last, set(one.text.split("\n"))) for one in found]
    for number, line in enumerate(text.split("\n")):
        line = line.rstrip()[:LONGEST_LINE]
        if line.strip():
            assert any(first <= number <= last and line in lines for first, last, lines in held), (
                number,
                line,
            )


def test_a_definition_is_a_chunk_with_the_comments_above_it() -> None:
    found = by_symbol(cut(CODE, SYMBOLS))["opened"]
    assert found.text.startswith("# Opens the door.\n# Twice.\n@decorated\ndef opened")
    assert (found.first, found.last) == (5, 9)
    assert found.header == "b/c/house.py | opened"


def test_what_is_left_of_a_class_is_a_chunk_without_its_methods() -> None:
    found = by_symbol(cut(CODE, SYMBOLS))["Room"]
    assert "A place" in found.text and "size = 1" in found.text and 'colour = "red"' in found.text
    assert "def area" not in found.text and "How large" not in found.text
    assert (found.first, found.last) == (12, 23)


def test_a_method_is_a_chunk_that_names_its_class_and_one_of_one_line_stays_there() -> None:
    found = by_symbol(cut(CODE, SYMBOLS))
    assert found["Room.area"].header == "b/c/house.py | Room > area"
    assert found["Room.area"].text.strip().startswith("# How large")
    assert "Room.name" not in found and "def name" in found["Room"].text


def test_other_code_is_one_chunk_where_it_is_little() -> None:
    rest = [one for one in cut(CODE, SYMBOLS) if not one.symbol]
    assert len(rest) == 1
    assert "import os" in rest[0].text and "LIMIT" in rest[0].text and "__main__" in rest[0].text
    assert rest[0].header == "b/c/house.py"


def test_other_code_far_apart_is_not_joined() -> None:
    body = "\n".join(f"    x{n} = {n}" for n in range(40))
    text = f"import os\n\ndef f():\n{body}\n\nprint(f())\n"
    rest = [one for one in cut(text, (Symbol("f", "function", 2, 42, "def f():"),)) if not one.symbol]
    assert [(one.first, one.last) for one in rest] == [(0, 0), (44, 44)]


def test_chunks_come_in_the_order_of_the_file() -> None:
    found = cut(CODE, SYMBOLS)
    assert [one.first for one in found] == sorted(one.first for one in found)


def test_a_function_inside_a_function_stays_in_it() -> None:
    text = "def f():\n    def g():\n        return 1\n    return g\n"
    symbols = (Symbol("f", "function", 0, 3, "def f():"), Symbol("g", "function", 1, 2, "def g():", "f"))
    assert [one.text for one in cut(text, symbols)] == [text.rstrip()]


def test_a_long_function_is_cut_between_blocks_and_its_signature_repeated() -> None:
    block = "    if ready:\n        one = two + three\n        four(one)\n\n"
    text = "def long(a, b):\n" + block * 80
    last = text.count("\n") - 2
    found = cut(text, (Symbol("long", "function", 0, last, "def long(a, b):"),))
    assert len(found) > 2
    assert all(len(one.text) <= MOST for one in found)
    assert all(one.text.startswith("    if ready:") for one in found[1:])
    assert found[0].header == "b/c/house.py | long"
    assert found[1].header == "b/c/house.py | long | def long(a, b):"
    assert {one.symbol for one in found} == {"long"}
    covered(text, found)


def test_what_opens_and_closes_a_block_goes_with_the_definitions_in_it() -> None:
    text = "fn a() {\n}\n\nimpl Show for Room {\n    fn show(&self) {\n    }\n}\n"
    symbols = (Symbol("a", "function", 0, 1, "fn a()"), Symbol("show", "method", 4, 5, "fn show", "Room"))
    found = cut(text, symbols, "src/room.rs", "rust")
    assert [one.symbol for one in found] == ["a", "Room.show"]
    assert found[1].text == "impl Show for Room {\n    fn show(&self) {\n    }\n}"


def test_a_large_constant_is_a_chunk_of_its_own() -> None:
    text = "import x\n\nTABLE = {\n" + "".join(f"    'k{n}': {n},\n" for n in range(9)) + "}\n"
    found = cut(text, (Symbol("TABLE", "constant", 2, 12, "TABLE = {"),))
    assert [one.symbol for one in found] == ["", "TABLE"]


def test_the_hash_is_of_what_is_embedded_and_not_of_the_place() -> None:
    before, after = by_symbol(cut(CODE, SYMBOLS)), cut(
        "\n\n" + CODE,
        tuple(Symbol(s.name, s.kind, s.first + 2, s.last + 2, s.stub, s.owner) for s in SYMBOLS),
    )  # fmt: skip
    assert {one.hash for one in after} == {one.hash for one in before.values()}
    higher = cut(CODE, SYMBOLS, "elsewhere/b/c/house.py")
    assert {one.hash for one in higher} == {one.hash for one in before.values()}
    other = cut(CODE, SYMBOLS, "a/b/c/barn.py")
    assert not {one.hash for one in other} & {one.hash for one in before.values()}
    assert len({one.hash for one in before.values()}) == len(before)


def test_a_text_of_which_nothing_is_known_is_cut_into_windows() -> None:
    text = "\n".join(f"line {n}" for n in range(100))
    found = cut(text, path="notes", language="")
    assert [(one.first, one.last) for one in found] == [(0, 39), (32, 71), (64, 99)]
    assert found[1].first == WINDOW - OVERLAP


def test_a_huge_line_is_cut() -> None:
    found = cut("x = '" + "a" * 1_000_000 + "'\ny = 1\n", path="data.txt", language="")
    assert sum(len(one.text) for one in found) < 2 * LONGEST_LINE


def test_markdown_is_cut_at_headings_and_called_by_all_of_them() -> None:
    text = (
        "Before.\n\n# Top\n\n## Install\n\nRun it.\nThen wait.\n\n```sh\n# no heading\n```\n\n## Use\n\nDo.\n\nMore.\n\n"  # noqa: E501
        "Low\n===\n\nEnd\nof it.\n"
    )
    found = cut(text, path="README.md", language="markdown")
    assert [one.header for one in found] == [
        "README.md", "README.md | Top > Install", "README.md | Top > Use", "README.md | Low",
    ]  # fmt: skip
    assert found[1].symbol == "Install" and "# no heading" in found[1].text
    covered(text, found)


def test_restructured_text_is_cut_at_titles() -> None:
    text = "Top\n===\n\nHello.\nYou.\n\nPart\n----\n\nBody\nhere.\n"
    assert [one.header for one in cut(text, path="x.rst", language="restructuredtext")] == [
        "x.rst | Top", "x.rst | Top > Part",
    ]  # fmt: skip


def test_toml_is_cut_at_tables_and_small_ones_stay_together() -> None:
    big = "".join(f"key{n} = 'some value of it'\n" for n in range(40))
    text = f"a = 1\n\n[tool.one]\n{big}\n[tool.two]\nx = 1\n\n[[tool.three]]\ny = 2\n"
    found = cut(text, path="pyproject.toml", language="toml")
    assert [one.symbol for one in found] == ["", "tool.one", "tool.two, tool.three"]
    covered(text, found)


@pytest.mark.parametrize(("language", "path"), [("yaml", "x.yml"), ("json", "x.json")])
def test_keys_of_the_outermost_level_cut_yaml_and_json(language: str, path: str) -> None:
    data = {name: [f"{name} {n}" for n in range(80)] for name in ("alpha", "beta")}
    if language == "json":
        text = json.dumps(data, indent=2)
    else:
        text = "".join(f"{name}:\n" + "".join(f"  - {v}\n" for v in values) for name, values in data.items())
    found = cut(text, path=path, language=language)
    assert {one.symbol for one in found} >= {"alpha", "beta"}
    assert all("beta 1" not in one.text for one in found if one.symbol == "alpha")
    covered(text, found)


@pytest.mark.parametrize(
    ("language", "part"),
    [("css", ".a {\n  color: red;\n  margin: 0;\n}\n"), ("sql", "SELECT a,\n  b\nFROM c;\n"),
     ("shellscript", "go() {\n  echo hello there\n}\n"), ("html", "<p>\n  words of it\n</p>\n")],
)  # fmt: skip
def test_rules_statements_and_functions_are_not_torn_apart(language: str, part: str) -> None:
    found = cut(part * 100, path="x", language=language)
    assert len(found) > 2
    assert all(
        one.text.startswith(part.split("\n")[0]) and one.text.endswith(part[-5:].strip()) for one in found
    )


def test_nothing_comes_of_nothing() -> None:
    assert cut("") == [] and cut("\n \n\t\n") == []


LINES = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(
            [
                "",
                "# A",
                "## B",
                "===",
                "---",
                "[t]",
                "k: v",
                '"k": 1,',
                "}",
                "{",
                "```",
                "def f():",
                "    x = 1",
            ]
        ),
        st.builds(lambda n: "x" * n, st.integers(900, 2500)),
    ),
    max_size=60,
)
PLACES = st.lists(
    st.builds(
        Symbol,
        st.sampled_from("abc"),
        st.sampled_from(["function", "method", "class", "type", "constant", "attribute", "module"]),
        st.integers(-1, 70),
        st.integers(-1, 70),
        st.text(max_size=30),
        st.sampled_from(["", "A", "A.B"]),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(
    LINES, PLACES, st.sampled_from("python markdown restructuredtext toml yaml json css sql html x".split())  # noqa: SIM905
)  # noqa: SIM905
def test_any_text_is_covered_by_chunks_of_bounded_size(
    lines: list[str], places: list[Symbol], language: str
) -> None:
    text = "\n".join(lines)
    found = cut(text, tuple(places), "p/q", language)
    covered(text, found)
    for one in found:
        assert len(one.text) <= MOST + 1 and one.text.strip()
        assert 0 <= one.first <= one.last < len(text.split("\n"))
        assert "\n" not in one.header
    assert [(one.first, one.last) for one in found] == sorted((one.first, one.last) for one in found)
