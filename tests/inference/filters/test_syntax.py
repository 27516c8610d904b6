"""What is shown leaves no more syntax errors than it found: 200 holes in eight languages."""

from __future__ import annotations

import gzip
import json

import pytest

from inference.filters import repair
from inference.filters.midline import allows
from inference.multiline import max_lines_at
from inference.prompts import CursorContext
from syntax.languages import parse
from syntax.tree import around, count_errors, error_delta
from tests.inference.filters.holes import LANGUAGES, Hole, punched
from tests.inference.filters.model import BundledModel
from tests.inference.filters.record import HOLES, OUTPUTS, write


def errors(text: str, language: str) -> int:
    tree = parse(text, language)
    assert tree is not None
    return count_errors(tree)


def breaks(hole: Hole, shown: str) -> bool:
    """Tell, by parsing the whole file, whether it has more errors with what is shown than without."""
    before = errors(hole.prefix + hole.suffix, hole.language)
    return errors(hole.prefix + shown + hole.suffix, hole.language) > before


def test_nothing_shown_adds_a_syntax_error() -> None:
    with gzip.open(OUTPUTS, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    holes = [hole for language in LANGUAGES for hole in punched(language, HOLES)]
    assert [len(hole.prefix) for hole in holes] == [row["start"] for row in rows], "record the outputs again"
    shown = [(hole, repair(row["output"], hole.context).text) for hole, row in zip(holes, rows, strict=True)]
    shown = [(hole, text) for hole, text in shown if text]
    broken = [(hole.language, text) for hole, text in shown if breaks(hole, text)]
    raw = sum(breaks(hole, row["output"]) for hole, row in zip(holes, rows, strict=True))
    assert len(holes) == 200 and len(shown) >= 80
    assert raw >= 60, "the model writes nothing wrong, so this shows nothing"
    assert len(broken) <= 0.02 * len(shown), broken


def test_the_bundled_model_itself_adds_hardly_any_either() -> None:
    model = BundledModel()
    holes = [hole for language in LANGUAGES for hole in punched(language, 3, seed=11)]
    shown = [(hole, repair(write(model, hole), hole.context).text) for hole in holes]
    assert any(text for _, text in shown)
    broken = [(hole.language, text) for hole, text in shown if text and breaks(hole, text)]
    assert broken == []


@pytest.mark.parametrize("language", ["zig", "", "no such language", "../python", "PYTHON"])
def test_a_language_without_a_grammar_still_completes(language: str) -> None:
    context = CursorContext("file:///a", "fn f() void {\n    ", "\n}\n", language=language)
    assert around(context.prefix, context.suffix, language) is None
    assert repair("const a = 1;\n}", context).text == "const a = 1;"
    assert max_lines_at(context, 8) == 8
    assert allows(context)


def test_errors_are_counted_against_what_was_there() -> None:
    place = around("def f(a):\n    return (", "\n\nx = 1\n", "python")
    assert place is not None
    assert error_delta(place, "a)") < 0 <= error_delta(place, "a))")


@pytest.mark.parametrize(
    ("prefix", "suffix", "language", "fit"),
    [
        ("print(", ")\n", "python", True),
        ("x = ", "  # count\n", "python", True),
        ("x = ", "", "python", True),
        ("f(a", "):\n    pass", "python", True),
        ("f('", "');\n", "javascript", True),
        ("const x = ", " // note\n", "typescript", True),
        ("x = ", " -- note\n", "lua", True),
        ("int x = ", " /* note */\n", "c", True),
        ("foo(() => ", ");\n", "javascript", True),
        ("re", "turn x\n", "python", False),
        ("f(", ", b)\n", "python", False),
        ("x = ", "y + 1\n", "go", False),
        ("let ", "a = 1;\n", "rust", False),
        ("a", " = b\n", "java", False),
    ],
)
def test_inside_a_line_only_closing_marks_or_a_comment_may_follow(
    prefix: str, suffix: str, language: str, fit: bool
) -> None:
    assert allows(CursorContext("file:///a", prefix, suffix, language=language)) is fit
