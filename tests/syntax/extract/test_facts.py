"""What a file defines, imports and holds comes out in every language; `samples/` has a text and its facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from syntax.definitions import LARGEST, STUB_LINES
from syntax.extract import facts
from syntax.extract.walk import MODULES
from syntax.facts import Facts, Symbol

SAMPLES = Path(__file__).parent / "samples"
SEPARATOR = "\n===== facts\n"


def sample(language: str) -> tuple[str, str]:
    text, _, expected = (SAMPLES / f"{language}.txt").read_text("utf-8").partition(SEPARATOR)
    return text + "\n", expected


def shown(found: Facts) -> str:
    """Write facts as the samples have them."""
    lines = [f"package {found.package}"] if found.package else []
    for one in found.symbols:
        bases = f"({', '.join(one.bases)})" if one.bases else ""
        held = f" -> {one.type}" if one.type else ""
        lines.append(f"{one.first}-{one.last} {one.kind} {one.qualified}{bases}{held}")
    for one in found.imports:
        exported = " exported" if one.exported and found.language != "python" else ""
        taken = f"{one.module or '.'} {one.name or '.'} as {one.alias or '.'}"
        lines.append(f"{one.line} import {taken}{exported}")
    return "\n".join(lines) + "\n"


LANGUAGES = sorted(path.stem for path in SAMPLES.glob("*.txt"))


def named(text: str, language: str, name: str) -> Symbol:
    return next(one for one in facts(text, language).symbols if one.qualified == name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_facts_are_the_samples(language: str) -> None:
    text, expected = sample(language)
    assert shown(facts(text, language)) == expected


def test_every_language_has_a_sample_or_shares_one() -> None:
    assert set(MODULES) - set(LANGUAGES) == {"javascriptreact", "typescriptreact"}
    text, _ = sample("typescript")
    assert facts(text, "typescriptreact").symbols == facts(text, "typescript").symbols


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_cut_anywhere_raises_nothing(language: str) -> None:
    text, _ = sample(language)
    for end in range(0, len(text), 11):
        facts(text[:end], language)
        facts(text[end:], language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", "\n", "\ud800x = 1\n", "\0", "é = 1\n", "x = 1\r\ny = 2\r\n", "{" * 99])
def test_odd_texts_raise_nothing(text: str, language: str) -> None:
    facts(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_hold_the_name_and_stubs_are_short(language: str) -> None:
    text, _ = sample(language)
    lines = text.split("\n")
    for one in facts(text, language).symbols:
        assert one.name == "default" or one.name in "\n".join(lines[one.first : one.last + 1])
        assert 1 <= one.stub.count("\n") + 1 <= STUB_LINES


def test_what_is_too_large_or_unknown_has_no_facts() -> None:
    assert facts("x = 1\n" * (LARGEST // 6 + 1), "python") == Facts("python")
    assert facts("define f (x)", "fantasy") == Facts("fantasy")


def test_a_stub_begins_with_short_decorators_and_ends_before_the_body() -> None:
    text = "class A:\n    @property\n    def b(\n        self,\n    ) -> int:\n        # why\n        pass\n"
    assert named(text, "python", "A.b").stub == "    @property\n    def b(\n        self,\n    ) -> int:"
    long = "@Component({\n  a: 1,\n  b: 2,\n  c: 3,\n})\nexport class Tree {\n  root: Node;\n}\n"
    tree = named(long, "typescript", "Tree")
    assert tree.stub == "export class Tree {\n  root: Node;"
    assert (tree.first, tree.last) == (0, 7)


def test_the_stub_of_a_class_holds_the_heads_of_its_members_not_of_theirs() -> None:
    text = "class A(B):\n    x: int\n    def f(self):\n        self.y = 1\n    class C:\n        z: int\n"
    assert named(text, "python", "A").stub.split("\n") == [
        "class A(B):",
        "    x: int",
        "    def f(self):",
        "    class C:",
    ]


def test_a_type_is_shown_whole() -> None:
    text = "type Tree struct {\n\tRoot int\n\tBase\n}\n"
    assert named(text, "go", "Tree").stub == text.rstrip()


def test_one_of_several_on_a_line_shows_only_itself() -> None:
    text = "export enum Size { Small = 1, Large }\n"
    assert named(text, "typescript", "Size.Small").stub == "Small = 1"
    packed = "var a=1;" * 100 + "function f(a,b){return a+b}\n"
    assert named(packed, "javascript", "f").stub == "function f(a,b)"


def test_what_functions_define_inside_is_left_out_but_not_what_they_import() -> None:
    text = "def f():\n    from a import b\n    x = 1\n    def g(): ...\n    class C:\n"
    text += "        def h(self):\n            self.i = 1\n"
    found = facts(text, "python")
    assert [one.qualified for one in found.symbols] == ["f"]
    assert [one.name for one in found.imports] == ["b"]


def test_an_attribute_has_the_type_that_makes_it() -> None:
    text = (
        "class A:\n    def __init__(self, c: Client, d=None):\n        self.c = c\n"
        "        self.d = d or Deque()\n"
        "        self.e = await make.it(1)\n        self.f = [c]\n"
    )
    held = {one.name: one.type for one in facts(text, "python").symbols if one.kind == "attribute"}
    assert held == {"c": "Client", "d": "Deque", "e": "make.it", "f": ""}


def test_a_header_is_read_as_what_its_text_says() -> None:
    text = "namespace wood {\nclass Tree {\n public:\n  int walk();\n};\n}\n"
    assert [one.qualified for one in facts(text, "c").symbols] == ["Tree", "Tree.walk"]
    assert facts(text, "c").language == "c"


def test_an_attribute_set_twice_is_one_and_a_line_is_in_a_stub_once() -> None:
    text = "class A:\n    def f(self):\n        self.x = 1\n        self.x = 2\n"
    assert [one.name for one in facts(text, "python").symbols] == ["A", "f", "x"]
    assert named("class A {\n  int a, b;\n}\n", "java", "A").stub == "class A {\n  int a, b;"
