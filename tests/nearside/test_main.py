"""A user's project is never imported: not its modules with our packages' names, nor with a library's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.installed import Installed

EVIL = ("settings", "inference", "lsp_server", "tools", "retrieval", "typer", "rich", "platformdirs", "json")


@pytest.fixture
def evil(home: Path) -> Path:
    """Return a folder whose modules leave a mark when they are imported."""
    folder = home / "evil"
    for name in EVIL:
        (folder / name).mkdir(parents=True)
        mark = f"open({str(home / 'imported')!r}, 'a').write({name!r} + ' ')\n"
        (folder / name / "__init__.py").write_text(mark)
    return folder


def starts(installed: Installed) -> dict[str, list[str]]:
    return {
        "console script": [str(installed.script)],
        "python -P -m": [str(installed.python), "-P", "-m", "nearside"],
        "python -m": [str(installed.python), "-m", "nearside"],
    }


@pytest.mark.parametrize("start", ["console script", "python -P -m", "python -m"])
@pytest.mark.parametrize("place", ["PYTHONPATH", "working folder", "both"])
@pytest.mark.parametrize("command", [["settings", "--json"], ["serve", "--help"], ["--version"]])
def test_no_module_of_a_project_is_imported(
    start: str, place: str, command: list[str], installed: Installed, evil: Path, home: Path
) -> None:
    if start == "python -m" and place != "PYTHONPATH":
        # Python itself imports from the working folder before our first line runs; but not our packages.
        for name in ("json", "typer", "rich"):
            (evil / name / "__init__.py").unlink()
            (evil / name).rmdir()
    environment = dict(os.environ)
    if place != "working folder":
        environment["PYTHONPATH"] = os.pathsep.join(["", str(evil), str(home / "missing")])
    done = subprocess.run(
        [*starts(installed)[start], *command],
        cwd=home if place == "PYTHONPATH" else evil,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert not (home / "imported").exists(), (home / "imported").read_text()
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_a_working_folder_that_was_deleted_is_no_obstacle(installed: Installed, home: Path) -> None:
    gone = home / "gone"
    gone.mkdir()
    shell = f"cd {gone} && rmdir {gone} && {installed.script} --version"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "nearside 0.1.0\n"), done.stderr


@pytest.mark.parametrize("command", [["serve", "--nonsense"], ["engine", "run", "--nonsense"]])
def test_what_an_editor_waits_for_does_not_load_the_command_line(
    command: list[str], installed: Installed, home: Path
) -> None:
    start = [installed.python, "-X", "importtime", "-P", "-m", "nearside"]
    done = subprocess.run([*start, *command], cwd=home, capture_output=True, text=True)
    assert done.returncode == 2
    assert "| nearside" in done.stderr
    assert "typer" not in done.stderr and "| rich" not in done.stderr
