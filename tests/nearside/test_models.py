"""`nearside models`: what can be named, what is here, and fetching with progress."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference import fetch
from inference.fetch import Progress
from inference.models import CATALOGUE, on_hub
from nearside import cli


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    assert cli.run(["models", "list", "--json"]) == 0
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)}


def test_the_list_holds_the_catalogue_and_marks_what_is_chosen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEARSIDE_MODEL_COMPLETION", "qwen2.5-coder-1.5b")
    rows = listed(capsys)
    assert rows.keys() >= CATALOGUE.keys()
    assert [name for name, row in rows.items() if row["chosen"]] == ["qwen2.5-coder-1.5b"]
    assert not any(rows[name]["here"] for name in CATALOGUE)
    assert cli.run(["models", "list"]) == 0
    assert "\n* qwen2.5-coder-1.5b " in capsys.readouterr().out


@pytest.mark.parametrize("name", ["hf:owner/repo/a.gguf", "hf:o/r-x/q/b.gguf@v1", "qwen2.5-coder-0.5b"])
def test_what_was_fetched_is_listed_by_the_name_that_fetches_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = on_hub(name)
    assert hub
    hub.path.parent.mkdir(parents=True)
    hub.path.write_bytes(b"GGUF")
    assert [name for name, row in listed(capsys).items() if row["here"] and name != "auto"] == [name]


def test_a_fetched_model_is_one_path_and_its_progress_goes_to_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pull(name: str, progress: Progress) -> Path:
        progress(0, 2_000_000)
        progress(2_000_000, 2_000_000)
        return Path("/cache") / name

    monkeypatch.setattr(fetch, "pull", pull)
    assert cli.run(["models", "pull", "m"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "/cache/m\n"
    assert printed.err == "m: 0 % of 2.0 MB\nm: 100 % of 2.0 MB\n"


def test_a_name_nobody_can_fetch_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["models", "pull", "nonsense"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
