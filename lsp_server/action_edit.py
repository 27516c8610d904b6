"""New texts of files as one WorkspaceEdit, in the form the client takes: minimal, versioned, annotated."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from lsprotocol import types as lsp

from actions.minimal import minimal
from inference.lines import split_lines
from inference.types import NearsideError
from lsp_server.positions import Encoding, to_units

ANNOTATION = "nearside"


class CannotEdit(NearsideError):
    """The client cannot make these edits."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file's new text."""

    uri: str
    version: int | None
    """None for a file that is not open."""
    before: str | None
    """None for a new file."""
    after: str


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a client does with the edits of a server."""

    versions: bool
    creates: bool
    annotations: bool

    @classmethod
    def of(cls, capabilities: lsp.ClientCapabilities, *, in_action: bool) -> Abilities:
        """Read what a client announced; `in_action` is for the edit of a code action, else of a request."""
        workspace, document = capabilities.workspace, capabilities.text_document
        edit = workspace.workspace_edit if workspace else None
        if edit is None:
            return cls(False, False, False)
        creates = lsp.ResourceOperationKind.Create in (edit.resource_operations or ())
        annotations = edit.change_annotation_support is not None
        if in_action:
            action = document.code_action if document else None
            annotations = annotations and bool(action and action.honors_change_annotations)
        versions = bool(edit.document_changes)
        return cls(versions, versions and creates, versions and annotations)


def workspace_edit(
    changes: Sequence[FileChange], abilities: Abilities, encoding: Encoding, annotation: lsp.ChangeAnnotation
) -> lsp.WorkspaceEdit:
    """Return the edit that makes `changes`. Raises CannotEdit where the client cannot create a file."""
    made = [change for change in changes if change.before is None]
    if made and not abilities.creates:
        name = made[0].uri.rpartition("/")[2]
        raise CannotEdit(
            f"Nothing was changed, because {name} would be a new file, and this editor lets no server create "
            "one; use `nearside act` in a terminal."
        )
    if not abilities.versions:
        return lsp.WorkspaceEdit(changes={change.uri: _edits(change, encoding) for change in changes})
    steps: list[lsp.CreateFile | lsp.TextDocumentEdit] = []
    for change in changes:
        if change.before is None:
            mark = ANNOTATION if abilities.annotations else None
            steps.append(lsp.CreateFile(uri=change.uri, annotation_id=mark))
        identifier = lsp.OptionalVersionedTextDocumentIdentifier(change.uri, change.version)
        edits: list[lsp.TextEdit | lsp.AnnotatedTextEdit | lsp.SnippetTextEdit] = [*_edits(change, encoding)]
        if abilities.annotations:
            edits = [
                lsp.AnnotatedTextEdit(ANNOTATION, one.range, one.new_text) for one in _edits(change, encoding)
            ]
        steps.append(lsp.TextDocumentEdit(identifier, edits))
    return lsp.WorkspaceEdit(
        document_changes=list(steps),
        change_annotations={ANNOTATION: annotation} if abilities.annotations else None,
    )


def _edits(change: FileChange, encoding: Encoding) -> list[lsp.TextEdit]:
    text = change.before or ""
    lines = split_lines(text)
    starts = [0, *accumulate(map(len, lines))]

    def position(offset: int) -> lsp.Position:
        row = min(bisect_right(starts, offset) - 1, len(lines) - 1)
        return lsp.Position(row, to_units(lines[row], offset - starts[row], encoding))

    return [
        lsp.TextEdit(lsp.Range(position(one.start), position(one.end)), one.text)
        for one in minimal(text, change.after)
    ]
