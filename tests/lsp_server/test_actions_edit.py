"""New texts as edits: exact in every encoding and with every line end, in the form that a client takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import converters
from lsprotocol import types as lsp

from lsp_server.action_edit import Abilities, CannotEdit, FileChange, workspace_edit
from lsp_server.action_progress import Shown
from lsp_server.positions import ENCODINGS, Encoding
from tests.lsp_server.acting import CAPABILITIES, applied, without

TEXTS = st.lists(
    st.sampled_from(["a = 1\n", "é😀 = '😀'\r\n", "    c()\n", "\n", "\r\n", "d", "\r", "\f\u2028x\n", "x😀"])
).map("".join)
NOTE = lsp.ChangeAnnotation("Fix", description="model · local · parses", needs_confirmation=True)
ALL = Abilities(versions=True, creates=True, annotations=True)
URI = "file:///project/a.py"


def plain(edit: lsp.WorkspaceEdit) -> Any:
    return converters.get_converter().unstructure(edit, lsp.WorkspaceEdit)


def edits(before: str, after: str, encoding: Encoding = "utf-16", abilities: Abilities = ALL) -> Any:
    return plain(workspace_edit([FileChange(URI, 7, before, after)], abilities, encoding, NOTE))


@given(TEXTS, TEXTS, st.sampled_from(ENCODINGS))
def test_a_client_that_applies_them_has_the_new_text(before: str, after: str, encoding: Encoding) -> None:
    [change] = edits(before, after, encoding)["documentChanges"]
    assert applied(before, change["edits"], encoding) == after


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 10), ("utf-16", 8), ("utf-32", 7)])
def test_columns_are_counted_as_the_client_counts(encoding: Encoding, column: int) -> None:
    [change] = edits("x = '😀' - b\n", "x = '😀' + b\n", encoding)["documentChanges"]
    [edit] = change["edits"]
    assert edit["range"]["start"] == {"line": 0, "character": column + 1} and edit["newText"] == "+"


def test_carriage_returns_stay_and_only_what_differs_is_touched() -> None:
    before = "def f():\r\n    return 1\r\n\r\nx = 2\r\n"
    [change] = edits(before, before.replace("1", "10\r\n    # done"))["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 7}
    assert [edit["newText"] for edit in change["edits"]] == ["0\r\n    # done"]


def test_a_client_without_annotations_gets_plain_edits() -> None:
    made = edits("a", "b", abilities=Abilities(versions=True, creates=True, annotations=False))
    assert "changeAnnotations" not in made and "annotationId" not in made["documentChanges"][0]["edits"][0]


def test_a_client_without_versions_gets_changes() -> None:
    made = edits("a", "b", abilities=Abilities(versions=False, creates=False, annotations=False))
    assert list(made) == ["changes"] and made["changes"][URI][0]["newText"] == "b"


def test_a_new_file_is_created_and_then_filled() -> None:
    new = FileChange("file:///project/test_a.py", None, None, "x = 1\n")
    create, fill = plain(workspace_edit([new], ALL, "utf-16", NOTE))["documentChanges"]
    assert (create["kind"], create["uri"], create["annotationId"]) == ("create", new.uri, "nearside")
    assert applied("", fill["edits"]) == "x = 1\n"


@pytest.mark.parametrize("versions", [True, False])
def test_a_new_file_is_refused_where_a_client_creates_none(versions: bool) -> None:
    new = FileChange("file:///project/test_a.py", None, None, "x = 1\n")
    with pytest.raises(CannotEdit, match=r"because test_a\.py would be a new file"):
        workspace_edit([new], Abilities(versions, creates=False, annotations=False), "utf-16", NOTE)


@pytest.mark.parametrize(
    ("missing", "in_action", "able"),
    [
        ((), True, (True, True, True)),
        (("workspace",), True, (False, False, False)),
        (("workspace", "workspaceEdit"), False, (False, False, False)),
        (("workspace", "workspaceEdit", "documentChanges"), False, (False, False, False)),
        (("workspace", "workspaceEdit", "resourceOperations"), True, (True, False, True)),
        (("workspace", "workspaceEdit", "changeAnnotationSupport"), False, (True, True, False)),
        (("textDocument", "codeAction", "honorsChangeAnnotations"), True, (True, True, False)),
        (("textDocument", "codeAction", "honorsChangeAnnotations"), False, (True, True, True)),
    ],
)
def test_abilities_are_what_the_client_announced(
    missing: tuple[str, ...], in_action: bool, able: tuple[bool, ...]
) -> None:
    given_ = without(*missing) if missing else CAPABILITIES
    capabilities = converters.get_converter().structure(given_, lsp.ClientCapabilities)
    found = Abilities.of(capabilities, in_action=in_action)
    assert (found.versions, found.creates, found.annotations) == able


class Reports:
    """Stands for a server; keeps what was reported."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.work_done_progress = self
        self.tokens: dict[str, Any] = {}

    def report(self, token: str, value: lsp.WorkDoneProgressReport) -> None:
        self.said.append(value.message or "")

    def end(self, token: str, value: lsp.WorkDoneProgressEnd) -> None:
        self.said.append(f"end: {value.message}")


async def test_of_many_reports_at_once_the_last_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = Reports()
    show = Shown(reports, "token")  # type: ignore[arg-type]
    for number in range(100):
        show(f"Running {number} of 100 tests")
    await asyncio.sleep(0.01)
    assert reports.said == ["Running 99 of 100 tests"]
    show("Drafting")
    await asyncio.sleep(0.01)
    assert len(reports.said) == 1, "the next one waits"
    show.end()
    assert reports.said[-1] == "end: Stopped."
