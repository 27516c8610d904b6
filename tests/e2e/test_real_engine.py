"""The real server, engine and bundled model: what a keystroke costs, and what goes wrong around it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from nearside.editor import Buffer, Editor, Shown
from settings import paths

SOURCE = Path(argparse.__file__)
MIDDLE = SOURCE.read_text("utf-8").index("class HelpFormatter")


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    """Ask every 20 ms until the answer is true."""
    async with asyncio.timeout(seconds):
        while not (answer := await condition()):
            await asyncio.sleep(0.02)
    return answer


def engine_socket() -> Path:
    [socket] = paths.runtime_dir().glob("engine-*.sock")
    return socket


async def ask(path: str) -> Any:
    transport = httpx2.AsyncHTTPTransport(uds=str(engine_socket()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://engine") as http:
        return await http.get(path)


async def counter(name: str) -> int:
    """A counter of the engine's /metrics."""
    lines = (await ask("/metrics")).text.splitlines()
    return next((int(line.split()[-1]) for line in lines if line.startswith(f"nearside_{name} ")), 0)


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    settings = {"completion": {"deadline_ms": 20_000, "max_tokens": 16, "alternatives": 1}}
    editor = await Editor.start(tmp_path, settings=settings)
    yield editor
    await editor.close()


async def ready(editor: Editor, buffer: Buffer, offset: int) -> Shown:
    """The first answer that came from the engine."""

    async def answered() -> Shown | None:
        shown = await editor.ghost(buffer, offset, by_hand=True)
        return shown if shown.details.get("model") else None

    return await eventually(answered, 60)


async def test_a_keystroke_evaluates_a_handful_of_tokens(editor: Editor) -> None:
    text = SOURCE.read_text("utf-8")
    buffer = await editor.open(SOURCE, text, "python")
    first = await ready(editor, buffer, MIDDLE)
    size = first.details["evaluated_tokens"] + first.details["reused_tokens"]
    assert size > 700
    at, evaluated = MIDDLE, []
    for letter in "def zweiundvierzig():":  # no model suggests this, so every key reaches the engine
        at = await editor.type(buffer, at, letter)
        shown = await editor.ghost(buffer, at, by_hand=True)
        if shown.details.get("source") == "engine":
            evaluated.append(shown.details["evaluated_tokens"])
    assert len(evaluated) >= 10
    assert sorted(evaluated)[int(0.95 * (len(evaluated) - 1))] <= 0.05 * size


async def test_a_second_file_whose_cursor_rests_is_already_in_the_cache(
    editor: Editor, tmp_path: Path
) -> None:
    first = await editor.open(tmp_path / "a.py", "def main():\n    ", "python")
    await ready(editor, first, len(first.text))
    buffer = await editor.open(SOURCE, SOURCE.read_text("utf-8"), "python")
    before = await counter("prompt_tokens_evaluated_total")
    place = {"textDocument": {"uri": buffer.uri}, "position": buffer.position(MIDDLE)}
    await editor.notify("nearside/cursor", place)

    async def warmed() -> bool:
        return await counter("prompt_tokens_evaluated_total") > before + 500

    await eventually(warmed)
    await asyncio.sleep(3)  # what a prompt shows of other files is chosen, and read ahead, in idle moments
    await eventually(lambda: _idle())
    at = await editor.type(buffer, MIDDLE, "x")
    shown = await editor.ghost(buffer, at, by_hand=True)
    assert shown.details["source"] == "engine"
    assert shown.details["evaluated_tokens"] <= 64


async def _idle() -> bool:
    return await counter("requests_queued") == 0


async def test_an_engine_that_is_killed_is_started_again_and_answers(editor: Editor, tmp_path: Path) -> None:
    buffer = await editor.open(tmp_path / "a.py", "import os\n\ndef main():\n    ", "python")
    await ready(editor, buffer, len(buffer.text))
    before = (await ask("/health")).json()["pid"]
    os.kill(before, signal.SIGKILL)

    async def answered_by_another() -> bool:
        end = await editor.type(buffer, len(buffer.text), "x")
        shown = await editor.ghost(buffer, end)  # never an error, whatever the engine does
        return shown.details.get("source") == "engine"

    await eventually(answered_by_another, 60)
    assert (await ask("/health")).json()["pid"] != before


async def test_two_editors_started_at_once_share_one_engine(tmp_path: Path) -> None:
    editors = await asyncio.gather(*(Editor.start(tmp_path) for _ in range(2)))
    try:
        for editor in editors:
            buffer = await editor.open(tmp_path / "a.py", "def main():\n    ", "python")
            await ready(editor, buffer, len(buffer.text))
        assert stat.S_IMODE(engine_socket().stat().st_mode) == 0o600
        assert stat.S_IMODE(engine_socket().parent.stat().st_mode) == 0o700
    finally:
        await asyncio.gather(*(editor.close() for editor in editors))


async def test_an_idle_engine_ends_and_the_next_request_starts_another(tmp_path: Path) -> None:
    editor = await Editor.start(tmp_path, settings={"model": {"idle_timeout": 1}})
    try:
        buffer = await editor.open(tmp_path / "a.py", "def main():\n    ", "python")
        await ready(editor, buffer, len(buffer.text))
        pid = (await ask("/health")).json()["pid"]

        async def gone() -> bool:
            return not list(paths.runtime_dir().glob("engine-*.sock")) and not Path(f"/proc/{pid}").exists()

        await eventually(gone)
        await ready(editor, buffer, len(buffer.text))
    finally:
        await editor.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no file"),
        (b"", "empty"),
        (b"GGUF\x03\x00\x00\x00", "truncated"),
        (b"a picture, say" * 1000, "GGUF"),
    ],
)
async def test_a_model_that_cannot_be_loaded_is_one_line_and_the_editor_goes_on(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "broken.gguf"
    if content is not None:
        path.write_bytes(content)
    editor = await Editor.start(tmp_path, settings={"model": {"completion": str(path)}})
    try:
        buffer = await editor.open(tmp_path / "a.py", "def main():\n    ", "python")

        async def told() -> list[str]:
            shown = await editor.ghost(buffer, len(buffer.text))
            assert shown.text == ""
            return [message for message in editor.messages if "not loaded" in message]

        message = (await eventually(told))[0]
        assert says in message and "broken.gguf" in message and "\n" not in message
        end = await editor.type(buffer, len(buffer.text), "x")
        assert (await editor.ghost(buffer, end)).text == ""
    finally:
        await editor.close()


AWKWARD = {
    "a file of 100,000 lines": "".join(f"value_{i} = {i}\n" for i in range(100_000)),
    "a megabyte in one line": "x = [" + "1, " * 350_000,
    "a binary file": "\x7fELF\x00\x01\x02" * 1000,
    "replacement characters for invalid UTF-8": "name = '\ufffd\ufffd'\n" * 50,
    "CRLF line ends": "def f(a):\r\n    return a\r\n" * 500,
    "an empty file": "",
    "lone surrogates": "x = '\ud800'\n",
}


@pytest.mark.parametrize("what", AWKWARD)
async def test_an_awkward_file_is_answered_and_the_editor_goes_on(
    editor: Editor, tmp_path: Path, what: str
) -> None:
    ordinary = await editor.open(tmp_path / "a.py", "def main():\n    ", "python")
    await ready(editor, ordinary, len(ordinary.text))
    buffer = await editor.open(tmp_path / "awkward.py", AWKWARD[what], "python")
    at = len(buffer.text)
    for letter in "ab":
        at = await editor.type(buffer, at, letter)
        assert "\ufffd" not in (await editor.ghost(buffer, at)).text
    after = await editor.type(ordinary, len(ordinary.text), "zq")
    shown = await editor.ghost(ordinary, after)
    assert shown.details["source"] in ("engine", "cache")


async def test_crlf_files_get_their_own_line_ends_counted_right(editor: Editor, tmp_path: Path) -> None:
    text = "class A:\r\n    def f(self):\r\n        return 1\r\n"
    buffer = await editor.open(tmp_path / "a.py", text, "python")
    await ready(editor, buffer, len(text))
    at = await editor.type(buffer, len(text), "\r\n    def g(self):\r\n        ")
    shown = await editor.ghost(buffer, at)
    assert shown.details and "\r" not in shown.text


async def test_a_read_only_home_costs_the_log_and_not_the_suggestions(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = home / "blocked"
    blocked.write_text("a file where a folder should be")  # root may write anywhere, but not below a file
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(blocked / name))
    monkeypatch.setenv("TMPDIR", str(home))  # short enough for a socket
    editor = await Editor.start(tmp_path)
    try:
        buffer = await editor.open(tmp_path / "a.py", "def main():\n    ", "python")
        await ready(editor, buffer, len(buffer.text))
        said = [message for message in editor.messages if str(blocked) in message]
        assert said and all("\n" not in message for message in said)
    finally:
        await editor.close()


async def test_nothing_is_logged_of_what_the_user_wrote(editor: Editor, tmp_path: Path) -> None:
    buffer = await editor.open(tmp_path / "a.py", "secret_of_mine = 'hunter2'\n", "python")
    await ready(editor, buffer, len(buffer.text))
    for path in paths.state_dir().iterdir():
        assert "hunter2" not in path.read_text("utf-8", "replace"), path.name
    [record] = [json.loads(line) for line in (paths.state_dir() / "engine.log").read_text().splitlines()][:1]
    assert record["level"] == "info"
