"""Everything works where there is no network at all: a namespace that has not even a loopback interface."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ISOLATED = ("unshare", "--net", "--map-root-user")


def isolated(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run nearside where no connection can be made to anything but a unix socket."""
    command = [*ISOLATED, sys.executable, "-m", "nearside", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180)


@pytest.fixture(autouse=True)
def network_namespaces() -> None:
    probe = [*ISOLATED, "true"]
    try:
        done = subprocess.run(probe, capture_output=True, text=True)
    except OSError:
        pytest.skip("unshare is not installed, so there is no way to take the network away")
    if done.returncode:
        pytest.skip(f"this machine makes no network namespaces ({done.stderr.strip()})")


def test_a_completion_needs_no_network(tmp_path: Path) -> None:
    path = tmp_path / "shapes.py"
    path.write_text("class Circle:\n    def __init__(self, radius):\n        self.radius = rad\n")
    try:
        done = isolated("complete", f"{path}:3:26", "--json")
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["model"] and answer["evaluated_tokens"] > 0
    finally:
        isolated("engine", "stop")


def test_a_model_that_would_have_to_be_fetched_is_one_line_that_says_so() -> None:
    done = isolated("models", "pull", "qwen2.5-coder-0.5b")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1 and "no connection" in done.stderr
