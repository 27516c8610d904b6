"""`nearside index`: what it makes, says and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nearside import cli, progress
from retrieval import workspace
from retrieval.lock import WriterLock
from retrieval.pace import Progress
from retrieval.workspace import folder_of
from tests.retrieval.hashing import Hashing


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> Hashing:
    embedder = Hashing()
    made = workspace.put_together

    def put_together(root, settings, report=lambda _: None, say=lambda _: None):
        return made(root, settings, report, say, lambda *_, **__: embedder)

    monkeypatch.setattr("nearside.index.put_together", put_together)
    monkeypatch.setattr("nearside.search.put_together", put_together)
    monkeypatch.setattr("retrieval.filling.TINY", 0)  # so is everything in this project
    return embedder


@pytest.fixture
def project(home: Path, embedder: Hashing) -> Path:
    folder = home / "project"
    folder.mkdir()
    (folder / ".nearside.toml").write_text("")
    (folder / "mail.py").write_text("def send_receipt(address):\n    return deliver(address)\n")
    (folder / "money.py").write_text("class Money:\n    cents = 0\n")
    (folder / "picture.png").write_bytes(bytes(range(256)))
    return folder


def index(project: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict:
    assert cli.run(["index", str(project), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_index_is_made_once_and_then_only_looked_at(
    project: Path, embedder: Hashing, capsys: pytest.CaptureFixture[str]
) -> None:
    first = index(project, capsys)
    assert first["chunks"] == first["vectors"] == first["embedded"] == len(embedder.texts) > 0
    assert first["skipped"]["binary"] == 1 and first["bytes"] > 0
    assert Path(first["folder"]).is_dir()
    status = index(project, capsys, "--status")
    assert (status["chunks"], status["vectors"], status["embedded"]) == (first["chunks"], first["vectors"], 0)
    assert index(project, capsys)["embedded"] == 0


def test_the_vectors_survive_a_rebuild(
    project: Path, embedder: Hashing, capsys: pytest.CaptureFixture[str]
) -> None:
    first = index(project, capsys)
    again = index(project, capsys, "--rebuild")
    assert (again["parsed"], again["embedded"]) == (first["parsed"], 0)
    assert (again["chunks"], again["vectors"]) == (first["chunks"], first["vectors"])


def test_people_read_a_line_of_figures(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["index", str(project)]) == 0
    printed = capsys.readouterr()
    assert "files," in printed.out and "chunks," in printed.out and str(folder_of(project)) in printed.out
    assert "Reading: 0 of " in printed.err and "Embedding: " in printed.err


def test_an_index_another_process_keeps_is_left_to_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index(project, capsys)
    other = WriterLock(folder_of(project) / "writer.lock")
    assert other.take()
    assert "Another process" in index(project, capsys)["notes"][0]
    assert cli.run(["index", str(project), "--rebuild"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("The index was not made again, because ") and printed.count("\n") == 1
    other.release()


def test_what_cannot_be_indexed_is_said_in_one_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".nearside.toml").write_text("[retrieval]\nenabled = false\n")
    assert cli.run(["index", str(project)]) == 1
    printed = capsys.readouterr().err
    assert "retrieval.enabled is false" in printed and printed.count("\n") == 1


@pytest.mark.parametrize("arguments", [["index", "--bogus"], ["search"], ["search", "x", "-k", "0"]])
def test_wrong_usage_is_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2


def test_progress_is_a_line_a_stage_and_one_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(float(n) for n in range(1000, 2000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.indexing() as report:
        for done in range(101):
            report(Progress("reading", done, 100, 100.0 - done))
        report(Progress("embedding", 0, 9, 4000.0))
        report(Progress("ready", 100, 100))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Reading: 0 of 100 files, 2 min left" and lines[-2] == "Reading: 100 of 100 files"
    assert lines[-1] == "Embedding: 0 of 9 chunks, 67 min left" and 5 <= len(lines) <= 30
