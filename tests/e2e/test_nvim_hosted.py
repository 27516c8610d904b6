"""A hosted model's text takes the local draft's place on screen, in real Neovims; :Nearside why says why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.e2e.editor import REPOSITORY, Editor
from tests.fake_cloud import KEY, PRICES, TERRA, FakeCloud, Fault
from tests.scripted_engine import Script

HOSTED = "return first + second"


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud(HOSTED) as server:
        yield server


@pytest.fixture
def editor(nvim: Path, tmp_path: Path, cloud: FakeCloud) -> Iterator[Editor]:
    script = tmp_path / "engine.json"
    script.write_text(json.dumps(asdict(Script(tokens=["pass"], logprobs=[-2.5]))))
    environment = {"PYTHONPATH": str(REPOSITORY), "SCRIPTED_ENGINE": str(script), "SOME_KEY": KEY}
    price = PRICES[TERRA]
    settings = {
        "completion": {"show_above": 0},
        "retrieval": {"enabled": False},
        "routing": {"mode": "local-first", "keep_local": 0.0},
        "cloud": {
            "provider": "openai-compatible",
            "model": TERRA,
            "base_url": cloud.url + "/v1",
            "api_key_env": "SOME_KEY",
        },
        "cost": {"prices": {TERRA: {"input": float(price.input), "output": float(price.output)}}},
    }
    options = {"cmd": [sys.executable, "-P", "-m", "tests.serve_scripted"], "settings": settings}
    editor = Editor(nvim, tmp_path, options=options, environment=environment)
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    (project / "add.py").write_text("def add(first, second):\n    \n")
    editor.open(project / "add.py")
    status = "return require('nearside').statusline()"
    editor.until("the model is ready", lambda: "scripted" in editor.lua(status))
    yield editor
    editor.close()


def test_the_draft_is_there_first_and_then_the_better_text(editor: Editor, cloud: FakeCloud) -> None:
    cloud.faults.append(Fault("stall"))
    editor.keys("2GA")
    editor.shows("pass")
    editor.until("the hosted model is asked", cloud.reached.is_set)
    editor.shows("pass")
    cloud.go_on.set()
    editor.shows(HOSTED)
    editor.nvim.command("Nearside why")
    editor.until("why", lambda: "Sent, because the draft scored" in editor.messages())
    assert f"from a hosted model ({TERRA})" in editor.messages()
    editor.keys("<Tab>")
    editor.reads("def add(first, second):", "    " + HOSTED)


def test_typing_on_keeps_the_screen_free_of_late_answers(editor: Editor, cloud: FakeCloud) -> None:
    cloud.faults.append(Fault("stall"))
    editor.keys("2GA")
    editor.shows("pass")
    editor.until("the hosted model is asked", cloud.reached.is_set)
    editor.keys("x = 1")
    editor.reads("def add(first, second):", "    x = 1")
    cloud.go_on.set()
    editor.nvim.command("sleep 500m")
    assert "first" not in editor.ghost()


def test_a_hosted_model_that_is_down_leaves_the_draft_on_screen(editor: Editor, cloud: FakeCloud) -> None:
    cloud.always = Fault(status=401, code="invalid_api_key", message="no")
    editor.keys("2GA")
    editor.shows("pass")
    editor.until("one line says so", lambda: "does not accept the key" in editor.messages())
    editor.shows("pass")
