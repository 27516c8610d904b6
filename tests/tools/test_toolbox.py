"""A tool is a function: what is derived from it, and which of a model's calls are calls of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pytest

from inference.gbnf import gbnf
from tools.toolbox import Argument, Found, described, read, schema, tool


async def search(
    query: Annotated[str, Argument("words", "where is tax", 20)],
    kind: Annotated[Literal["code", "docs"], Argument("what to search", "docs")] = "code",
) -> Sequence[Found]:
    """Find places by
    what they are about.

    More that no model needs.
    """
    return [Found(kind, query)]


async def open_file(
    path: Annotated[str, Argument("of a file", "a.py")],
    line: Annotated[int, Argument("from 1", 7)],
    whole: Annotated[bool, Argument("all of it", True)] = False,
) -> Sequence[Found]:
    """Read a file."""
    return []


TOOLS = [tool(search), tool(open_file)]


def test_a_schema_is_derived_that_an_engine_can_hold_a_model_to() -> None:
    derived = schema(TOOLS)
    assert gbnf(derived)
    assert derived["oneOf"][0]["properties"] == {
        "tool": {"const": "search"},
        "query": {"type": "string", "maxLength": 20},
        "kind": {"enum": ["code", "docs"]},
    }
    assert [one["required"] for one in derived["oneOf"]] == [
        ["tool", "query"], ["tool", "path", "line"], ["tool"],
    ]  # fmt: skip
    assert derived["oneOf"][1]["properties"]["line"] == {"type": "integer"}
    assert derived["oneOf"][-1]["properties"] == {"tool": {"const": "answer"}}


def test_a_description_is_derived_with_one_call_of_each() -> None:
    assert described(TOOLS) == (
        "search: Find places by what they are about.\n"
        "  query: words\n  kind (may be left out): what to search\n"
        '  {"tool": "search", "query": "where is tax"}\n'
        "open_file: Read a file.\n"
        "  path: of a file\n  line: from 1\n  whole (may be left out): all of it\n"
        '  {"tool": "open_file", "path": "a.py", "line": 7}'
    )
    for one in TOOLS:
        assert read(one.example(), TOOLS)[0]


async def test_a_call_is_run_with_its_arguments() -> None:
    call, reason = read('{"tool": "search", "query": "tax", "kind": "docs"}', TOOLS)
    assert call and call.tool and not reason
    assert await call.tool.run(**call.arguments) == [Found("docs", "tax")]
    assert str(call) == "search tax docs" and json.loads(call.written())["kind"] == "docs"


@pytest.mark.parametrize(
    "text",
    [
        '{"tool": "search", "query": "tax"}',
        'I will look:\n```json\n{"tool": "search",\n "query": "tax"}\n```\nThen I answer {"tool": "answer"}.',
        'def f(): return {1: {}}  # {"tool": "rm"}\n{"tool": "search", "query": "tax"}',
        '{"a": {"tool": "answer"}} {"tool": "search", "query": "tax"}',
    ],
)
def test_the_first_valid_call_counts_whatever_stands_round_it(text: str) -> None:
    call, _ = read(text, TOOLS)
    assert call and call.tool == TOOLS[0] and call.arguments == {"query": "tax"}


def test_the_wish_to_answer_is_a_call() -> None:
    call, _ = read('Enough. {"tool": "answer", "note": "x"}', TOOLS)
    assert call and call.tool is None and str(call) == "answer"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON object"),
        ("I would search for tax.", "no JSON object"),
        ('{"tool": "search", "query": "tax"', "no JSON object"),
        ("[" * 50_000 + "{" * 50_000, "no JSON object"),
        ('["search", "tax"]', "no JSON object"),
        ("{}", "there is no tool null; there are search, open_file, answer"),
        ('{"tool": "delete_everything"}', 'no tool "delete_everything"'),
        ('{"tool": ["search"], "query": "x"}', "no tool"),
        ('{"tool": "search"}', "search needs query, words"),
        ('{"tool": "search", "query": 7}', "query must be a text"),
        ('{"tool": "search", "query": "\\ud800"}', "query must be a text"),
        ('{"tool": "search", "query": "x", "kind": "web"}', "kind must be one of code, docs"),
        ('{"tool": "search", "query": "xxxxxxxxxxxxxxxxxxxxx"}', "more than 20 characters"),
        ('{"tool": "search", "query": "x", "shell": "rm"}', 'takes no "shell"'),
        ('{"tool": "search", "query": "x", "a\\n\\ud800": 1}', "takes no"),
        ('{"tool": "\\ud800"}', "no tool"),
        ('{"tool": "open_file", "path": "a", "line": ' + "9" * 5000 + "}", "no JSON object"),
        ('{"tool": "open_file", "path": "a", "line": "7"}', "line must be a whole number"),
        ('{"tool": "open_file", "path": "a", "line": true}', "line must be a whole number"),
        ('{"tool": "open_file", "path": "a", "line": -1}', "line must be a whole number"),
        ('{"tool": "open_file", "path": "a", "line": 1e3}', "line must be a whole number"),
        ('{"tool": "open_file", "path": "a", "line": 1, "whole": 1}', "whole must be true or false"),
    ],
)
def test_what_is_no_call_is_refused_with_a_reason(text: str, says: str) -> None:
    call, reason = read(text, TOOLS)
    assert call is None and says in reason and "\n" not in reason and reason.encode()


async def nameless(query: Annotated[str, Argument("x", "x")]) -> Sequence[Found]:
    return []


async def bare(query: str) -> Sequence[Found]:
    """Do."""
    return []


async def odd(query: Annotated[list, Argument("x", 1)]) -> Sequence[Found]:
    """Do."""
    return []


@pytest.mark.parametrize("function", [nameless, bare, odd])
def test_a_function_that_does_not_say_what_a_model_must_know_is_no_tool(function: Any) -> None:
    with pytest.raises(TypeError):
        tool(function)
