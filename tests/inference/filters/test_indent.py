"""Whatever a model's habits, what is shown is indented as the file is: tabs, two, four or eight spaces."""

from __future__ import annotations

import pytest

from inference.filters import repair
from inference.filters.indent import style
from inference.filters.place import place
from inference.prompts import CursorContext

UNITS = {"tabs": "\t", "two": "  ", "four": " " * 4, "eight": " " * 8}

# Every tab is one step. `|` is a blank line inside the innermost block; a text is what belongs there.
FILES = {
    "python": (
        "class Cart:\n\tdef add(self, item):\n\t\tself.items.append(item)\n\n\tdef total(self, rate):\n"
        "\t\tsum = 0\n\t\tfor item in self.items:",
        "\n\t\treturn sum\n",
        "\t\t\tif item.price:\n\t\t\t\tsum += item.price\n\t\t\tself.seen(item)",
    ),
    "javascript": (
        "class Cart {\n\tadd(item) {\n\t\tthis.items.push(item);\n\t}\n\n\ttotal(rate) {\n\t\tlet sum = 0;\n"
        "\t\tfor (const item of this.items) {",
        "\n\t\t}\n\t\treturn sum;\n\t}\n}\n",
        "\t\t\tif (item.price) {\n\t\t\t\tsum += item.price;\n\t\t\t}\n\t\t\tthis.seen(item);",
    ),
    "typescript": (
        "export class Cart {\n\tadd(item: Item): void {\n\t\tthis.items.push(item);\n\t}\n\n"
        "\ttotal(rate: number): number {\n\t\tlet sum = 0;\n\t\tfor (const item of this.items) {",
        "\n\t\t}\n\t\treturn sum;\n\t}\n}\n",
        "\t\t\tif (item.price) {\n\t\t\t\tsum += item.price;\n\t\t\t}\n\t\t\tthis.seen(item);",
    ),
    "go": (
        "package cart\n\nfunc (c *Cart) Add(i Item) {\n\tc.items = append(c.items, i)\n}\n\n"
        "func (c *Cart) Total() int {\n\tsum := 0\n\tif c.open {\n\t\tfor _, i := range c.items {",
        "\n\t\t}\n\t}\n\treturn sum\n}\n",
        "\t\t\tif i.Price > 0 {\n\t\t\t\tsum += i.Price\n\t\t\t}\n\t\t\tc.seen(i)",
    ),
    "rust": (
        "impl Cart {\n\tfn add(&mut self, item: Item) {\n\t\tself.items.push(item);\n\t}\n\n"
        "\tfn total(&self) -> u64 {\n\t\tlet mut sum = 0;\n\t\tfor item in &self.items {",
        "\n\t\t}\n\t\tsum\n\t}\n}\n",
        "\t\t\tif item.price > 0 {\n\t\t\t\tsum += item.price;\n\t\t\t}\n\t\t\tself.seen(item);",
    ),
    "c": (
        "int add(struct cart *c, int price)\n{\n\tc->sum += price;\n\treturn 0;\n}\n\n"
        "int total(struct cart *c)\n{\n\tint sum = 0;\n\tif (c) {\n\t\twhile (c->next) {",
        "\n\t\t}\n\t}\n\treturn sum;\n}\n",
        "\t\t\tif (c->price > 0) {\n\t\t\t\tsum += c->price;\n\t\t\t}\n\t\t\tc = c->next;",
    ),
    "lua": (
        "function Cart:add(item)\n\ttable.insert(self.items, item)\nend\n\nfunction Cart:total(rate)\n"
        "\tlocal sum = 0\n\tif self.open then\n\t\tfor _, item in ipairs(self.items) do",
        "\n\t\tend\n\tend\n\treturn sum\nend\n",
        "\t\t\tif item.price then\n\t\t\t\tsum = sum + item.price\n\t\t\tend\n\t\t\tself:seen(item)",
    ),
    "java": (
        "class Cart {\n\tvoid add(Item item) {\n\t\titems.add(item);\n\t}\n\n\tint total(int rate) {\n"
        "\t\tint sum = 0;\n\t\tfor (Item item : items) {",
        "\n\t\t}\n\t\treturn sum;\n\t}\n}\n",
        "\t\t\tif (item.price > 0) {\n\t\t\t\tsum += item.price;\n\t\t\t}\n\t\t\tseen(item);",
    ),
}
PLACES = ("after the opener", "on a blank line", "in the middle of the indentation", "at the margin")


def stepped(text: str, unit: str) -> str:
    return text.replace("\t", unit)


def shown(language: str, unit: str, where: str, text: str) -> str:
    """Return the block as it stands in the file once `text`, written for its first line, is accepted."""
    before, after, _ = FILES[language]
    before, after = stepped(before, unit), stepped(after, unit)
    typed = {"after the opener": "", "on a blank line": unit * 3, "at the margin": ""}.get(where, unit * 2)
    if where != "after the opener":
        typed = "\n" + typed
        text = text.removeprefix("\n")
        lead = len(text) - len(text.lstrip())
        text = text[min(lead, len(typed) - 1) :] if where != "at the margin" else text
    context = CursorContext("file:///a", before + typed, after, language=language)
    return (typed + repair(text, context).text).removeprefix("\n")


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
@pytest.mark.parametrize("language", FILES)
def test_a_block_is_left_as_it_is_where_it_is_right(language: str, unit: str, where: str) -> None:
    block = stepped(FILES[language][2], unit)
    assert shown(language, unit, where, "\n" + block) == block


@pytest.mark.parametrize("habit", UNITS.values(), ids=UNITS.keys())
@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
@pytest.mark.parametrize("language", FILES)
def test_a_block_in_another_style_comes_in_the_file_s(language: str, unit: str, habit: str) -> None:
    block = FILES[language][2]
    for written in (block, block.replace("\n\t\t", "\n")[2:]):  # with all of the indentation, or only its own
        foreign = "\n" + stepped(written, habit)
        assert shown(language, unit, "after the opener", foreign) == stepped(block, unit)


@pytest.mark.parametrize("habit", UNITS.values(), ids=UNITS.keys())
@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
@pytest.mark.parametrize("language", FILES)
def test_on_a_blank_line_too_the_lines_below_the_first_come_in_the_file_s(
    language: str, unit: str, habit: str
) -> None:
    """The first line is where the cursor is; what it opens is one of the file's steps deeper."""
    block = "\n".join(FILES[language][2].split("\n")[:2])
    first, second = block.strip("\t").split("\n")
    before, after = stepped(FILES[language][0], unit) + "\n" + unit * 3, stepped(FILES[language][1], unit)
    written = f"{first}\n{stepped(second, habit)}"
    text = repair(written, CursorContext("file:///a", before, after, language=language)).text
    assert text.split("\n")[:2] == [first, stepped(second, unit)]


@pytest.mark.parametrize("where", PLACES[1:])
@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
@pytest.mark.parametrize("language", FILES)
def test_indentation_that_is_there_already_is_not_written_again(language: str, unit: str, where: str) -> None:
    """Models often begin with the whole indentation of a line, whatever of it the user has."""
    before, after, block = FILES[language]
    line = block.split("\n")[-1]
    have = {"on a blank line": 3, "in the middle of the indentation": 2}.get(where, 0)
    context = CursorContext(
        "file:///a", stepped(before, unit) + "\n" + unit * have, stepped(after, unit), language=language
    )
    for given in (0, 1, 2, 3, 4):
        text = repair(unit * given + line.strip(), context).text
        assert unit * have + text == stepped(line, unit), f"written after {given} steps"


@pytest.mark.parametrize(("unit", "name"), [(unit, name) for name, unit in UNITS.items()])
@pytest.mark.parametrize("language", FILES)
def test_the_style_is_read_from_the_lines_around(language: str, unit: str, name: str) -> None:
    before, after, _ = (stepped(part, unit) for part in FILES[language])
    found = style(place(CursorContext("file:///a", before, after, language=language)))
    assert found is not None and found.unit == unit, name


def test_a_file_without_indentation_says_nothing_of_its_style() -> None:
    context = CursorContext("file:///a", "x = 1\nif x:", "\n", language="python")
    assert style(place(context)) is None
    assert repair("\n   y = 2", context).text == "\n   y = 2"


def test_lines_that_are_aligned_stay_aligned() -> None:
    before = "def f(alpha,\n      beta):\n    return alpha\n\n\ndef g(gamma):\n    "
    text = "return f(gamma,\n             beta=gamma)"
    assert repair(text, CursorContext("file:///a", before, "\n", language="python")).text == text


def test_the_body_of_a_signature_over_several_lines_belongs_below_its_first() -> None:
    before = "def f(a):\n    return a\n\n\ndef g(\n        alpha,\n        beta):"
    context = CursorContext("file:///a", before, "\n", language="python")
    assert repair("\n    return alpha", context).text == "\n    return alpha"
    assert repair("\n  return alpha", context).text == "\n    return alpha"


def test_a_docstring_is_indented_as_it_likes() -> None:
    before = 'def f():\n    """Do it.\n\n    Arguments:\n'
    context = CursorContext("file:///a", before, '\n    """\n', language="python")
    assert repair("      value: what is done", context).text == "      value: what is done"
