"""The whole path in real Neovims: the real server, engine and bundled model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.e2e.editor import REPOSITORY, Editor


@pytest.fixture
def real_editor(nvim: Path, tmp_path: Path, home: Path) -> Iterator[Editor]:
    """An editor with `nearside serve` as a user starts it, and an engine of its own on the bundled model."""
    command = [sys.executable, "-P", "-m", "nearside"]
    environment = {"XDG_RUNTIME_DIR": str(home / "runtime"), "PYTHONPATH": str(REPOSITORY)}
    editor = Editor(nvim, tmp_path, options={"cmd": [*command, "serve"]}, environment=environment)
    yield editor
    editor.close()
    stop = [*command, "engine", "stop"]
    subprocess.run(stop, env=editor.environment, check=True, capture_output=True, timeout=60)


def test_real_model_ghost_text(real_editor: Editor, tmp_path: Path) -> None:
    editor = real_editor
    path = tmp_path / "shapes.py"
    path.write_text(
        "import math\n\n\nclass Circle:\n    def __init__(self, radius):\n        self.radius = radius\n\n"
        "    def area(self):\n        return math.pi * self.radius ** 2\n\n    \n"
    )
    editor.open(path)
    editor.keys("G$a")
    pieces = [
        "def perimeter(self):<CR>",
        "return self.",
        "<CR><CR>def __repr__(self):<CR>",
        "return ",
        "<CR>",
    ]
    for typed in pieces * 4:
        editor.keys(typed)
        with suppress(AssertionError):  # the model is still loading, or has nothing to say in this place
            editor.until("ghost text", editor.ghost, limit=3)
            break
    ghost = editor.ghost()
    assert ghost.strip(), editor.describe()
    before, (row, column) = editor.lines(), editor.cursor()
    editor.keys("<Tab>")
    head, tail = before[row - 1][:column], before[row - 1][column:]
    after = [*before[: row - 1], *(head + ghost + tail).split("\n"), *before[row:]]
    editor.until("the ghost text is in the buffer", lambda: editor.lines() == after)
    assert not editor.messages().strip()


def test_the_server_is_told_where_the_cursor_rests_and_warms_up_there(
    real_editor: Editor, tmp_path: Path
) -> None:
    editor = real_editor
    path = tmp_path / "long.py"
    path.write_text("".join(f"def function_{i}(a, b):\n    return a + {i}\n\n\n" for i in range(60)))
    editor.open(path)
    editor.until("the server is attached", editor.is_served)

    def evaluated() -> int:
        """Prompt tokens the engine has evaluated, from its metrics."""
        sockets = list(Path(editor.environment["XDG_RUNTIME_DIR"]).glob("nearside/engine-*.sock"))
        if not sockets:
            return 0
        with (
            httpx2.Client(transport=httpx2.HTTPTransport(uds=str(sockets[0]))) as http,
            suppress(httpx2.HTTPError),
        ):
            lines = http.get("http://engine/metrics").text.splitlines()
            return next(
                (int(x.split()[1]) for x in lines if x.startswith("nearside_prompt_tokens_evaluated")), 0
            )
        return 0

    editor.keys("120G")
    before = editor.until("warm at the start", evaluated, limit=60)
    editor.keys("180G")
    editor.until("warm where the cursor went", lambda: evaluated() > before + 100, limit=30)
