"""Invented projects: the same for a seed, parsed without error, and each hole a name its file has once."""

from __future__ import annotations

import ast
import re

import pytest

from benchmarks.context_holes import invented
from benchmarks.context_index import Index, listed, stubbed
from benchmarks.invented import Invented, invent, unmarked
from syntax.definitions import parse
from syntax.extract import facts

LANGUAGES = ("python", "typescript")


@pytest.fixture(params=LANGUAGES)
def project(request: pytest.FixtureRequest) -> Invented:
    return invent(7, request.param)


def test_a_seed_makes_the_same_project_and_another_seed_another(project: Invented) -> None:
    assert invent(7, project.language) == project
    other = invent(8, project.language)
    assert not {use.name for use in other.uses} & {use.name for use in project.uses}


def test_every_file_is_whole(project: Invented) -> None:
    for path, text in project.texts.items():
        assert "\0" not in text
        tree = parse(text.encode(), project.language, len(text))
        assert tree and not tree.root_node.has_error, path
        if project.language == "python":
            ast.parse(text)


def test_a_hole_is_a_name_that_its_file_has_once_and_another_defines(project: Invented) -> None:
    assert len(project.uses) >= 30
    for use in project.uses:
        text = project.texts[use.path]
        assert re.match(rf"{use.name}\b", text[use.start :])
        assert len(re.findall(rf"\b{use.name}\b", text)) == 1
        others = [facts(other, project.language) for path, other in project.texts.items() if path != use.path]
        assert sum(use.name in [symbol.name for symbol in other.symbols] for other in others) == 1


def test_callers_pass_as_many_arguments_as_there_are_parameters() -> None:
    project = invent(7)
    routines = {
        node.name: node.args
        for text in project.texts.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    }
    names = {use.name for use in project.uses}
    seen = 0
    for node in (node for text in project.texts.values() for node in ast.walk(ast.parse(text))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            expected = routines[node.func.attr]
            most = len([one for one in expected.args if one.arg != "self"])
            assert most - len(expected.defaults) <= len(node.args) <= most
            seen += 1
    assert seen >= len(project.uses)


def test_the_hole_takes_the_rest_of_its_line_and_the_index_knows_what_was_there(project: Invented) -> None:
    index, holes = Index(project.texts), invented(project)
    for hole in holes:
        assert hole.expected.startswith(hole.name) and "\n" not in hole.expected
        assert hole.prefix + hole.suffix in hole.text
        assert hole.name not in re.findall(r"\w+", hole.text)
    known = [index.shown(hole, 4000) for hole in holes]
    pairs = list(zip(holes, known, strict=True))
    assert sum(listed(hole, shown) for hole, shown in pairs) >= 0.9 * len(holes)
    assert sum(stubbed(hole, shown) for hole, shown in pairs) >= 0.9 * len(holes)
    assert all(hole.path != snippet.path for hole, shown in pairs for snippet in shown.snippets)


def test_marks_are_taken_out_and_their_places_kept() -> None:
    assert unmarked("a.\0b(\0c)") == ("a.b(c)", [2, 4])
