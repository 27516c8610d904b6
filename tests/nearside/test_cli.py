"""The command line: what it prints, and its exit status (0 done, 1 it could not be done, 2 wrong usage)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nearside import cli
from settings import paths


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "my project"
    folder.mkdir()
    (folder / ".nearside.toml").write_text("[model]\ngpu_layers = 3\n[completion]\nmax_lines = 2\n")
    return folder


def test_settings_say_each_value_and_where_it_comes_from(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["settings", str(project), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["settings"]["completion.max_lines"]["value"] == 2
    assert printed["settings"]["completion.max_lines"]["origin"] == str(project / ".nearside.toml")
    assert printed["settings"]["completion.max_tokens"]["origin"] == "default"
    assert printed["settings"]["model.gpu_layers"]["value"] == -1
    assert printed["notes"] == [
        f"model.gpu_layers in {project / '.nearside.toml'} is not used, because you have not consented to "
        f"what this project sets; read it, then run: nearside trust '{project}'"
    ]
    assert cli.run(["settings", str(project)]) == 0
    assert f"from {project / '.nearside.toml'}; lines in one suggestion" in capsys.readouterr().out


def test_trust_is_given_shown_and_taken_back(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def layers() -> int:
        cli.run(["settings", str(project), "--json"])
        return json.loads(capsys.readouterr().out)["settings"]["model.gpu_layers"]["value"]

    assert cli.run(["trust", str(project)]) == 0
    assert "  model.gpu_layers = 3\n" in capsys.readouterr().out
    assert layers() == 3
    assert cli.run(["trust", "--revoke", str(project)]) == 0
    assert "No longer trusted" in capsys.readouterr().out
    assert layers() == -1
    assert cli.run(["trust", "--revoke", str(project)]) == 0
    assert "was not trusted" in capsys.readouterr().out


def test_a_folder_inside_a_project_is_the_project(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "src").mkdir()
    assert cli.run(["trust", str(project / "src")]) == 0
    assert str(project / ".nearside.toml") in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, "[model"])
def test_what_cannot_be_trusted_is_said_in_one_line(
    content: str | None, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".nearside.toml").unlink()
    if content:
        (project / ".nearside.toml").write_text(content)
    assert cli.run(["trust", str(project)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_consent_that_cannot_be_kept_is_said_in_one_line(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "state_dir", lambda: project / "gone")
    assert cli.run(["trust", str(project)]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("Nothing changed, because ") and printed.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["settings", "--help"], 0),
        ([], 2),
        (["bogus"], 2),
        (["settings", "--bogus"], 2),
        (["complete"], 2),
        (["complete", "a.py"], 2),
        (["complete", "a.py:0:1"], 2),
        (["complete", "no-such-file.py:1:1"], 1),
    ],
)
def test_the_exit_status_tells_failure_from_wrong_usage(
    arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == status
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(home: Path) -> None:
    shell = f"'{sys.executable}' -P -m nearside settings --json | head -n 1"
    root = str(Path(cli.__file__).parent.parent)
    done = subprocess.run(
        ["sh", "-c", f"PYTHONPATH='{root}' {shell}"], cwd=home, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("{\n", "")
