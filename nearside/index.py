"""`nearside index`: the index of a project, made in the foreground, or looked at."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from inference.types import NearsideError
from retrieval.pace import OnProgress
from retrieval.store import Store, StoreError
from retrieval.workspace import Workspace, folder_of, put_together, uri_of
from settings.paths import is_no_project
from settings.schema import Retrieval


class NotIndexed(NearsideError):
    """The project was not indexed."""


@dataclass
class Report:
    """What an index holds, and what this run did."""

    root: str
    folder: str
    files: int = 0
    chunks: int = 0
    vectors: int = 0
    bytes: int = 0
    parsed: int = 0
    embedded: int = 0
    dropped: int = 0
    seconds: float = 0.0
    skipped: dict[str, int] = field(default_factory=dict)
    """Files left out, by reason."""
    notes: list[str] = field(default_factory=list)


def build(root: Path, settings: Retrieval, report: OnProgress, *, rebuild: bool = False) -> Report:
    """Bring the index of a project up to date, vectors too. Raises NotIndexed."""
    check(root, settings)
    started = time.monotonic()
    notes: list[str] = []
    workspace = put_together(root, settings, report, notes.append)
    try:
        if not workspace.lock.take() and folder_of(root).is_dir():
            if rebuild:
                raise NotIndexed(
                    "The index was not made again, because another process keeps it; close the editors that "
                    f"have {root} open and try again."
                )
            notes.append("Another process, probably an editor, keeps this index up to date.")
            workspace.indexer.shelf.open(write=False)
            return described(workspace, notes, started)
        if rebuild:
            workspace.indexer.catalogue.clear()
            remove(root, settings)
        bring_up_to_date(workspace)
        while workspace.indexer.embed():
            pass
        workspace.indexer.shelf.tidy(least=2)
        return described(workspace, notes, started)
    finally:
        workspace.indexer.stopping.set()
        workspace.indexer.catalogue.close()
        workspace.lock.release()


def bring_up_to_date(workspace: Workspace) -> None:
    """Read what is new, and make it searchable by names and words."""
    workspace.indexer.shelf.open(write=True)
    workspace.indexer.scan()
    workspace.indexer.shelf.tidy(least=2)


def look(root: Path, settings: Retrieval) -> Report:
    """Return what the index of a project holds now; nothing is changed."""
    check(root, settings)
    workspace = put_together(root, settings)
    try:
        workspace.indexer.shelf.open(write=False)
        return described(workspace, [], time.monotonic())
    finally:
        workspace.indexer.catalogue.close()


def remove(root: Path, settings: Retrieval) -> None:
    """Remove the store; vectors stay in their cache, so that making it again is quick."""
    try:
        Store.destroy(uri_of(root, settings))
    except StoreError as error:
        raise NotIndexed(str(error)) from None
    shutil.rmtree(folder_of(root) / "store", ignore_errors=True)


def check(root: Path, settings: Retrieval) -> None:
    """Raise NotIndexed with the reason why a project cannot be indexed."""
    if not root.is_dir():
        raise NotIndexed(f"Nothing was indexed, because {root} is not a folder; name a project.")
    if is_no_project(root):
        raise NotIndexed(
            f"Nothing was indexed, because {root} is a whole disk or home folder; name a project."
        )
    if not settings.enabled:
        raise NotIndexed(
            "Nothing was indexed, because retrieval.enabled is false here; `nearside settings` says where."
        )


def described(workspace: Workspace, notes: list[str], started: float) -> Report:
    indexer = workspace.indexer
    store = indexer.shelf.store
    counts = store.counts() if store else None
    return Report(
        root=str(workspace.root),
        folder=str(folder_of(workspace.root)),
        files=sum(1 for known in indexer.catalogue.files.values() if known.hash),
        chunks=counts.chunks if counts else 0,
        vectors=counts.vectors if counts else 0,
        bytes=store.size() if store else 0,
        parsed=indexer.counts.parsed,
        embedded=indexer.shelf.embedded,
        dropped=indexer.counts.dropped,
        seconds=round(time.monotonic() - started, 2),
        skipped=dict(indexer.counts.skipped.most_common()),
        notes=notes,
    )


def printed(report: Report, as_json: bool) -> str:
    """Return a report for the user."""
    if as_json:
        return json.dumps(asdict(report), indent=1, ensure_ascii=False)
    lines = [
        f"{report.files} files, {report.chunks} chunks, {report.vectors} vectors, "
        f"{report.bytes / 1e6:.1f} MB in {report.folder}"
    ]
    if report.parsed or report.embedded or report.dropped:
        lines.append(
            f"read {report.parsed} files, embedded {report.embedded} texts, dropped {report.dropped} files "
            f"in {report.seconds:.1f} s"
        )
    if report.skipped:
        reasons = ", ".join(f"{count} {reason}" for reason, count in report.skipped.items())
        lines.append(f"left out: {reasons}")
    return "\n".join([*lines, *report.notes])
