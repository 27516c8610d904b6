"""What is shipped works where it is installed, away from the checkout."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.installed import ROOT, Installed, serving


@pytest.fixture(scope="module")
def names(installed: Installed) -> list[str]:
    with zipfile.ZipFile(installed.wheel) as archive:
        return archive.namelist()


def test_the_wheel_holds_our_packages_and_nothing_else(names: list[str]) -> None:
    packages = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    ours = {"settings", "syntax", "inference", "retrieval", "tools", "actions", "lsp_server", "nearside"}
    assert packages == ours


def test_the_wheel_holds_every_module_of_its_packages(names: list[str]) -> None:
    shipped = {name for name in names if name.endswith(".py")}
    packages = {name.split("/")[0] for name in shipped}
    assert shipped == {
        p.relative_to(ROOT).as_posix() for package in packages for p in (ROOT / package).rglob("*.py")
    }


def test_the_wheel_holds_the_bundled_model_and_its_card(names: list[str]) -> None:
    models = ROOT / "inference" / "models"
    bundled = [file for file in models.glob("*") if file.suffix in (".gguf", ".json", ".md")]
    assert [
        f"inference/models/{file.name}" for file in bundled if f"inference/models/{file.name}" not in names
    ] == []


def test_the_wheel_holds_every_file_of_the_tasks_of_the_evaluation(names: list[str]) -> None:
    tasks = ROOT / "nearside" / "evaluation" / "tasks"
    files = {file.relative_to(ROOT).as_posix() for file in tasks.rglob("*") if file.is_file()}
    assert len(files) > 100 and files <= set(names)


def test_the_licence_travels_with_it(names: list[str]) -> None:
    assert any(name.endswith("/LICENSE") for name in names)


def test_it_runs_away_from_the_checkout(installed: Installed, home: Path) -> None:
    done = subprocess.run([installed.script, "--version"], cwd=home, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "nearside 0.1.0\n")
    where = [installed.python, "-c", "import settings, nearside; print(settings.__file__)"]
    done = subprocess.run(where, cwd=home, capture_output=True, text=True)
    assert str(installed.python.parent.parent) in done.stdout


async def test_an_editor_can_start_it_away_from_the_checkout(installed: Installed, home: Path) -> None:
    message = ROOT / "tests" / "data" / "initialize" / "neovim-0.12.4.json"
    async with serving([installed.script, "serve"], home, home / "stderr") as client:
        answer = await client.request("initialize", json.loads(message.read_text()))
        assert await client.stop() == 0
    assert answer.result["serverInfo"] == {"name": "nearside", "version": "0.1.0"}
