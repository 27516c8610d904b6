"""Every action makes the right change after a wrong draft, in one versioned edit that nobody but the client
applies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.actions.test_ladder import state
from tests.fake_cloud import KEY, PRICES, TERRA, FakeCloud
from tests.lsp_server.acting import (
    CAPABILITIES,
    CART,
    CART_TESTS,
    SUMS,
    SUMS_TESTS,
    Acting,
    applied,
    javascript_project,
    opened,
    python_project,
    span,
)
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

Begin = Callable[..., Awaitable[Acting]]
BROKEN = "def add(a, b:\n    return a + b"
WORSE = "def double(a):\n    return 3 * a"


def fenced(code: str, language: str = "python") -> str:
    return f"```{language}\n{code}\n```"


@pytest.fixture
def begin(start: Start, tmp_path: Path) -> Begin:
    """Return a function that opens a file of a project whose engine gives some answers."""

    async def begin(file: str, *chats: str, **more: Any) -> Acting:
        root = tmp_path / "project"
        if not root.exists():
            (javascript_project if file.endswith(".js") else python_project)(root)
        environ = {name: more.pop(name) for name in list(more) if name.isupper()}
        client = await start(Script(chats=list(chats)), opened(root, **more), **environ)
        return Acting(client, root / file).open()

    return begin


PYTHON = [
    # kind, title, line, wrong answer, right answer, what becomes of what
    ("fix-diagnostic", "Fix: bad", 1, BROKEN, "def add(a, b):\n    return a + b", ("a - b", "a + b")),
    ("fix-test", "Fix the code until test_add", 4, "def add(a, b):\n    return a",
     "def add(a, b):\n    return a + b", ("a - b", "a + b")),
    ("implement", "Implement half", 9, "def half(a:\n    return a", "def half(a):\n    return a / 2",
     ("pass", "return a / 2")),
    ("optimise", "Make double faster", 5, WORSE, "def double(a):\n    return a + a", ("2 * a", "a + a")),
    ("security", "Find and fix a security problem in double", 5, WORSE, "def double(a):\n    return a + a",
     ("2 * a", "a + a")),
    ("document", "Document double", 5, WORSE, 'def double(a):\n    """Twice."""\n    return 2 * a',
     ("    return 2 * a", '    """Twice."""\n    return 2 * a')),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "title", "line", "wrong", "right", "change"), PYTHON, ids=lambda one: str(one)[:14]
)
async def test_a_wrong_draft_is_tried_again_in_python(
    begin: Begin, kind: str, title: str, line: int, wrong: str, right: str, change: tuple[str, str]
) -> None:
    file = "tests/test_sums.py" if kind == "fix-test" else "sums.py"
    acting = await begin(file, fenced(wrong), fenced(right))
    if kind == "fix-diagnostic":
        acting.diagnostics = [{"range": span(1), "message": "bad", "source": "other"}]
    if kind == "implement":  # the tests have to pass
        (acting.file.parent / "tests/test_sums.py").write_text(SUMS_TESTS.replace("== 5", "== -1"))
    await holds(acting, title, line, "sums.py", SUMS.replace(*change), chats=2)


@pytest.mark.parametrize(
    ("kind", "title", "line", "wrong"), [one[:4] for one in PYTHON], ids=lambda one: str(one)[:14]
)
async def test_where_every_draft_is_wrong_there_is_no_edit_and_a_reason(
    begin: Begin, tmp_path: Path, kind: str, title: str, line: int, wrong: str
) -> None:
    acting = await begin("tests/test_sums.py" if kind == "fix-test" else "sums.py", fenced(wrong))
    if kind == "fix-diagnostic":
        acting.diagnostics = [{"range": span(1), "message": "bad", "source": "other"}]
    before = state(tmp_path / "project")
    assert await acting.resolved(title, span(line)) is None
    assert "Nothing was changed. scripted tried 2 times" in await acting.warned()
    assert (await acting.client.counters())["chats"] == 2 and state(tmp_path / "project") == before


JAVASCRIPT = [
    ("fix-diagnostic", "Fix: bad", 1, "function total(prices {\n}",
     ("prices.length", "prices.reduce((a, b) => a + b, 0)")),
    ("fix-test", "Fix the code until adds up", 5, "export function total(prices) {\n  return 0;\n}",
     ("prices.length", "prices.reduce((a, b) => a + b, 0)")),
    ("implement", "Implement first", 5, "export function first(prices {}",
     ("  // TODO\n", "  return prices[0];\n")),
    ("optimise", "Make total faster", 1, "export function total(prices) {\n  return;;;(\n}",
     ("prices.length", "[...prices].length")),
    ("security", "Find and fix a security problem in total", 1, "export function total(prices) {",
     ("prices.length", "[...prices].length")),
    ("document", "Document total", 1, "export function total(prices) {\n  return 1;\n}",
     ("export function total", "// How many.\nexport function total")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "title", "line", "wrong", "change"), JAVASCRIPT, ids=lambda one: str(one)[:14]
)
async def test_a_wrong_draft_is_tried_again_in_javascript(
    begin: Begin, kind: str, title: str, line: int, wrong: str, change: tuple[str, str]
) -> None:
    after = CART.replace(*change)
    parts = after.split("\n\n")
    right = parts[1] if kind == "implement" else parts[0]
    acting = await begin("cart.test.js" if kind == "fix-test" else "cart.js", fenced(wrong), fenced(right))
    if kind == "fix-diagnostic":
        acting.diagnostics = [{"range": span(1), "message": "bad", "source": "other"}]
    if kind == "implement":
        (acting.file.parent / "cart.test.js").write_text(CART_TESTS.replace("5)", "2)"))
    await holds(acting, title, line, "cart.js", after, chats=2)


async def holds(acting: Acting, title: str, line: int, path: str, after: str, chats: int) -> None:
    """Choose an action; the edit it comes to makes `after` of a file, which is untouched until then."""
    root = acting.file.parent if acting.file.parent.name == "project" else acting.file.parent.parent
    before = state(root)
    edit = await acting.resolved(title, span(line))
    assert edit, acting.warnings()
    [change] = edit["documentChanges"]
    target = root / path
    assert change["textDocument"] == {
        "uri": target.as_uri(), "version": 1 if target == acting.file else None
    }  # fmt: skip
    assert applied(target.read_text(), change["edits"]) == after
    assert {edit["annotationId"] for edit in change["edits"]} == {"nearside"}
    assert (await acting.client.counters())["chats"] == chats and state(root) == before
    assert acting.warnings() == []


@pytest.mark.parametrize(("kind", "said"), [("refactor", "use a sum"), ("add-feature", "add logging")])
async def test_an_instruction_is_asked_for_by_the_client_and_then_followed(
    begin: Begin, kind: str, said: str
) -> None:
    acting = await begin("sums.py", fenced(BROKEN), fenced("def double(a):\n    return sum((a, a))"))
    title = {"refactor": "Refactor double …", "add-feature": "Add to double …"}[kind]
    action = await acting.one(title, span(5))
    assert action["command"]["command"] == "nearside.instruct" and "edit" not in action
    [argument] = action["command"]["arguments"]
    assert argument["prompt"].endswith("?")

    reply = await acting.client.request(
        "workspace/executeCommand",
        {"command": "nearside.act", "arguments": [{**argument, "instruction": said}]},
    )
    assert reply.result is True
    params = await acting.asked("workspace/applyEdit")
    [change] = params["edit"]["documentChanges"]
    assert applied(SUMS, change["edits"]) == SUMS.replace("2 * a", "sum((a, a))")
    assert params["metadata"] == {"isRefactoring": True} and params["label"] in title
    assert (await acting.client.counters())["chats"] == 2


@pytest.mark.parametrize(
    ("kind", "title"), [("refactor", "Refactor first …"), ("add-feature", "Add to first …")]
)
async def test_an_instruction_is_followed_in_javascript(begin: Begin, kind: str, title: str) -> None:
    after = "export function first(prices) {\n  return prices.at(0);\n}"
    acting = await begin("cart.js", fenced("export function first(prices {"), fenced(after))
    line = CART.splitlines().index("export function first(prices) {")
    action = await acting.one(title, span(line))
    assert action["command"]["arguments"][0]["kind"] == kind
    assert await acting.acts(kind, span(line), instruction="return the first")
    params = await acting.asked("workspace/applyEdit")
    [change] = params["edit"]["documentChanges"]
    assert applied(CART, change["edits"]) == CART.replace("  // TODO", "  return prices.at(0);")
    assert (await acting.client.counters())["chats"] == 2


async def test_tests_are_written_and_code_explained_in_javascript(begin: Begin) -> None:
    good = (
        'import assert from "node:assert";\nimport { test } from "node:test";\n'
        'import { total } from "./cart.js";\n\n'
        'test("adds nothing", () => {\n  assert.equal(total([]), 0);\n});'
    )
    right = CART.replace("prices.length", "prices.reduce((a, b) => a + b, 0)")
    acting = await begin("cart.js", fenced(good.replace(", 0)", ", 1)")), fenced(good), "It **adds**.")
    acting.client.change(2, {"text": right}, uri=acting.uri)
    edit = await acting.resolved("Write tests for total", span(1))
    assert edit, acting.warnings()
    create, change = edit["documentChanges"]
    assert create["uri"].endswith("cart_2.test.js"), "cart.test.js is there already"
    assert applied("", change["edits"]).rstrip() == good
    acting.client.answers["window/showDocument"] = {"success": True}
    assert await acting.acts("explain", span(1))
    shown = await acting.asked("window/showDocument")
    assert "It **adds**." in Path(shown["uri"].removeprefix("file://")).read_text()
    assert (await acting.client.counters())["chats"] == 3


async def test_tests_are_written_into_a_new_file(begin: Begin) -> None:
    good = "from sums import half\n\n\ndef test_half():\n    assert half(2) is None"
    written = SUMS.replace("pass", "return None").replace("a - b", "a + b")
    acting = await begin("sums.py", fenced(good.replace("is None", "== 3")), fenced(good))
    acting.client.change(2, {"text": written}, uri=acting.uri)
    edit = await acting.resolved("Write tests for half", span(9))
    assert edit, acting.warnings()
    create, change = edit["documentChanges"]
    assert create["kind"] == "create" and create["uri"] == change["textDocument"]["uri"]
    assert not create["uri"].endswith("tests/test_sums.py"), "which is there already"
    assert "version" not in change["textDocument"] or change["textDocument"]["version"] is None
    assert applied("", change["edits"]).rstrip() == good


async def test_where_nothing_passes_nothing_is_changed_and_one_line_says_why(
    begin: Begin, tmp_path: Path
) -> None:
    acting = await begin(
        "tests/test_sums.py", fenced(WORSE), "I would add.", fenced("def add(a, b):\n    return 0")
    )
    before = state(tmp_path / "project")
    assert await acting.resolved("Fix the code until test_add", span(4)) is None
    said = await acting.warned()
    assert said.startswith("Nothing was changed. scripted tried 3 times") and "\n" not in said
    assert "test_add" in said and "routing.mode is local-only" in said
    assert (await acting.client.counters())["chats"] == 3 and state(tmp_path / "project") == before
    assert acting.progress()[-1] == {"kind": "end", "message": "Nothing was changed."}


async def test_what_was_checked_decides_whether_the_user_is_asked(begin: Begin) -> None:
    right = fenced("def double(a):\n    return a + a")
    acting = await begin("sums.py", right, checks=("parse",))
    edit = await acting.resolved("Make double faster", span(5))
    assert edit and edit["changeAnnotations"]["nearside"] == {
        "label": "Make double faster",
        "description": "scripted · local · parses, not tested",
        "needsConfirmation": True,
    }


async def test_a_plugin_of_ours_says_itself_what_needs_no_question(begin: Begin) -> None:
    capabilities = {**CAPABILITIES, "experimental": {"nearside": {"showsExplanation": True}}}
    right = fenced("def double(a):\n    return a + a")
    acting = await begin("sums.py", right, capabilities=capabilities)
    edit = await acting.resolved("Make double faster", span(5))
    assert edit and "changeAnnotations" not in edit
    assert acting.progress()[-1]["message"].endswith("tests pass")
    acting = await begin("sums.py", right, capabilities=capabilities, checks=())
    edit = await acting.resolved("Make double faster", span(5))
    assert edit and edit["changeAnnotations"]["nearside"]["needsConfirmation"] is True


async def test_tests_that_pass_need_no_confirmation(begin: Begin) -> None:
    acting = await begin("sums.py", fenced("def double(a):\n    return a + a"))
    edit = await acting.resolved("Make double faster", span(5))
    assert edit and edit["changeAnnotations"]["nearside"]["needsConfirmation"] is False
    assert edit["changeAnnotations"]["nearside"]["description"].endswith("tests pass")
    assert acting.progress()[-1]["message"].startswith("Done: ")


async def test_the_tests_see_what_is_not_saved_yet(begin: Begin) -> None:
    acting = await begin("sums.py", fenced("def double(a):\n    return a + a + 1"))
    tests = Acting(acting.client, acting.file.parent / "tests/test_sums.py")
    tests.open(SUMS_TESTS.replace("== 8", "== 9"))
    edit = await acting.resolved("Make double faster", span(5))
    assert edit and "a + a + 1" in applied(SUMS, edit["documentChanges"][0]["edits"])


async def test_a_hosted_model_is_asked_when_local_tries_fail_and_its_change_is_confirmed(
    begin: Begin, tmp_path: Path
) -> None:
    answer = "sums.py\n<<<<<<< SEARCH\n    return a - b\n=======\n    return a + b\n>>>>>>> REPLACE\n"
    with FakeCloud(answer) as cloud:
        price = PRICES[TERRA]
        acting = await begin(
            "tests/test_sums.py",
            fenced(WORSE),
            routing={"mode": "local-first", "actions": {"checks": ["parse", "tests"]}},
            cloud={"provider": "openai-compatible", "model": TERRA, "base_url": cloud.url + "/v1",
                   "api_key_env": "SOME_KEY"},
            cost={"prices": {TERRA: {"input": float(price.input), "output": float(price.output)}}},
            SOME_KEY=KEY,
        )  # fmt: skip
        edit = await acting.resolved("Fix the code until test_add", span(4))
        assert edit, acting.warnings()
        assert len(cloud.received) == 1
    note = edit["changeAnnotations"]["nearside"]
    assert note["needsConfirmation"] is True and note["description"].startswith(f"{TERRA} · hosted · parses")
    shown = [one.get("message", "") for one in acting.progress()]
    assert shown[-1].startswith("Ready to apply: ") and any(text == f"Asking {TERRA}" for text in shown)


async def test_an_explanation_opens_as_a_document(begin: Begin) -> None:
    acting = await begin("sums.py", "It **adds**.")
    acting.client.answers["window/showDocument"] = {"success": True}
    action = await acting.one("Explain add", span(1))
    reply = await acting.client.request("workspace/executeCommand", action["command"])
    assert reply.result is True
    shown = await acting.asked("window/showDocument")
    page = Path(shown["uri"].removeprefix("file://")).read_text()
    assert page == "# Explain add\n\nIt **adds**.\n" and acting.warnings() == []


async def test_an_explanation_goes_to_the_plugin_or_is_named(begin: Begin) -> None:
    from tests.lsp_server.acting import without

    ours = without("window", "showDocument")
    ours["experimental"]["nearside"]["showsExplanation"] = True
    acting = await begin("sums.py", "It **adds**.", capabilities=ours)
    assert await acting.acts("explain", span(1), name="add")
    told = await acting.client.heard("nearside/explanation")
    assert told == {"title": "Explain add", "text": "It **adds**.\n"}

    plain = await begin("sums.py", "It **adds**.", capabilities=without("window", "showDocument"))
    assert await plain.acts("explain", span(1))
    assert (await plain.warned()).startswith("The explanation is in /")


DOUBLE = fenced("def double(a):\n    return a + a")


async def test_a_project_cannot_have_its_tests_run(begin: Begin, tmp_path: Path) -> None:
    root = python_project(tmp_path / "project")
    (root / ".nearside.toml").write_text('[routing.actions]\nchecks = ["tests"]\ntests = "touch ran"\n')
    acting = await begin("sums.py", DOUBLE, checks=("parse",))
    edit = await acting.resolved("Make double faster", span(5))
    assert edit and edit["changeAnnotations"]["nearside"]["description"].endswith("· parses, not tested")


async def test_a_model_of_its_own_for_actions_is_asked_only_when_one_is_chosen(begin: Begin) -> None:
    acting = await begin("sums.py", DOUBLE, checks=("parse",), model={"chat": "chatty.gguf"})
    await acting.offered(span(5))
    assert (await acting.client.counters())["models"] == ["auto"]
    assert await acting.resolved("Make double faster", span(5))
    assert await acting.resolved("Make double faster", span(5))
    models = (await acting.client.counters())["models"]
    assert models[0] == "auto" and [Path(model).name for model in models[1:]] == ["chatty.gguf"]


@pytest.mark.parametrize("folder", [True, False])
async def test_a_file_outside_of_a_project_is_held_against_its_grammar_alone(
    start: Start, tmp_path: Path, folder: bool
) -> None:
    root = python_project(tmp_path / "project")
    file = (tmp_path if folder else root) / "sums.py"
    (tmp_path / "sums.py").write_text(SUMS)
    client = await start(Script(chats=[DOUBLE]), opened(root if folder else None))
    edit = await Acting(client, file).open().resolved("Make double faster", span(5))
    assert edit and edit["changeAnnotations"]["nearside"]["description"].endswith("· parses, not tested")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_carriage_returns_and_wide_characters_stay(start: Start, tmp_path: Path, encoding: str) -> None:
    root = python_project(tmp_path / "project")
    text = "def sign(a):\r\n    return '😀é' + a, 1\r\n\r\nafter = '😀'\r\n"
    (root / "sums.py").write_bytes(text.encode())
    answer = fenced("def sign(a):\n    return '😀é' + a, 2")
    params = opened(root, checks=("parse",))
    params["capabilities"] = {**params["capabilities"], "general": {"positionEncodings": [encoding]}}
    client = await start(Script(chats=[answer]), params)
    acting = Acting(client, root / "sums.py").open()
    edit = await acting.resolved("Make sign faster", span(1))
    assert edit, acting.warnings()
    [change] = edit["documentChanges"]
    assert applied(text, change["edits"], encoding) == text.replace("1", "2")
    column = {"utf-8": 25, "utf-16": 22, "utf-32": 21}[encoding]
    assert [one["range"]["start"] for one in change["edits"]] == [{"line": 1, "character": column}]
