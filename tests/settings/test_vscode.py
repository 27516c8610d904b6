"""The settings editor of VS Code shows every setting as it is declared, and where a project may write it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from settings.values import KEYS, plain

REPOSITORY = Path(__file__).parents[2]
EXTENSION = REPOSITORY / "editors" / "vscode"
PACKAGE = json.loads((EXTENSION / "package.json").read_text("utf-8"))
OF_THE_EXTENSION = "nearside.server."


def contributed() -> dict[str, dict[str, object]]:
    """Its settings that are the server's, by dotted key."""
    found: dict[str, dict[str, object]] = {}
    for group in PACKAGE["contributes"]["configuration"]:
        found.update(group["properties"])
    return {
        name.removeprefix("nearside."): what
        for name, what in found.items()
        if not name.startswith(OF_THE_EXTENSION)
    }


def test_package_json_is_what_the_script_makes_of_the_schema() -> None:
    script = EXTENSION / "scripts" / "contribute.py"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, script, "--check"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_every_setting_has_its_default_and_its_description() -> None:
    shown = contributed()
    assert list(shown) == list(KEYS)
    for dotted, key in KEYS.items():
        assert shown[dotted]["description"] == key.about
        default = shown[dotted]["default"]
        assert default == json.loads(json.dumps(plain(key.default))) or (default == {} and key.default == ())


def test_a_bounded_number_has_its_range() -> None:
    deadline = contributed()["completion.deadline_ms"]
    assert (deadline["type"], deadline["minimum"], deadline["maximum"]) == ("integer", 20, 60_000)


def test_what_an_untrusted_project_may_not_touch_is_no_setting_of_a_workspace() -> None:
    restricted = PACKAGE["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    for dotted, what in contributed().items():
        machine = what["scope"] == "machine"
        assert machine == (KEYS[dotted].untrusted == "refuse")
        assert machine or f"nearside.{dotted}" in restricted


def test_how_the_server_is_started_is_no_setting_of_a_workspace() -> None:
    [own] = [group for group in PACKAGE["contributes"]["configuration"] if group["title"] == "Server"]
    assert {what["scope"] for what in own["properties"].values()} == {"machine"}
