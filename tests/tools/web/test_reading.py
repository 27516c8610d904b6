"""A page is read in a process that knows nothing and can be ended."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import pytest

from tools.web import reading
from tools.web.reading import Unread, read

TELLS = "import json, os; print(json.dumps({'title': '', 'text': ' '.join([os.getcwd(), *os.environ])}))"


async def test_it_knows_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    monkeypatch.setattr(reading, "_START", TELLS)
    _, text = await read("<p>x", "text/html", 100)
    folder, *names = text.split()
    assert folder == "/" and "PATH" in names and "ANTHROPIC_API_KEY" not in names and "HOME" not in names


async def test_it_imports_nothing_of_a_users_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("trafilatura", "json", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    title, _ = await read("<title>Retry</title><p>Wait longer.", "text/html", 100)
    assert title == "Retry" and not (tmp_path / "imported").exists()


async def test_it_ends_when_nobody_waits_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    started: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
    start = asyncio.create_subprocess_exec

    async def starting(*args: Any, **options: Any) -> Process:
        process = await start(*args, **options)
        started.set_result(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", starting)
    monkeypatch.setattr(reading, "_START", "import time; time.sleep(600)")
    task = asyncio.create_task(read("<p>x", "text/html", 100))
    process = await started
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert process.returncode and process.returncode < 0


@pytest.mark.parametrize("start", ["1 / 0", "print('[]')", "print('x')", "raise SystemExit", "nonsense ("])
async def test_a_process_that_fails_is_one_line(start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_START", start)
    with pytest.raises(Unread, match="reading it failed"):
        await read("<p>x" * 100_000, "text/html", 100)


async def test_an_interpreter_that_is_gone_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading.sys, "executable", "/no/such/python")
    with pytest.raises(Unread, match="did not start"):
        await read("<p>x", "text/html", 100)
