"""A command is bounded in time, output and reach, and nothing of it is left when it is over or not wanted."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import isolation, runner
from tools.runner import Ran, RunError, run

PYTHON = os.path.realpath(sys.executable)
LINUX = sys.platform == "linux"
DETACHED = """
import os, sys, time
def hold(): open("alive", "wb", buffering=0).write(b"x"); time.sleep(600)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 32):
            try: __import__("signal").signal(number, __import__("signal").SIG_IGN)
            except (OSError, ValueError): pass
        hold()
    os._exit(0)
if os.fork() == 0: hold()
"""
"""Two processes that write a byte to a pipe and hold it open, one of them in its own session and deaf."""


@pytest.fixture(params=["namespaces", "plain"])
def kept_together(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test both with what the system may offer, and as where it offers nothing."""
    monkeypatch.setattr(runner, "NAMESPACES", request.param == "namespaces")
    return request.param


async def ran(code: str, folder: Path, *, seconds: float = 20, output_bytes: int = 10_000, **others) -> Ran:
    return await run(
        [PYTHON, "-c", code], folder, seconds=seconds, output_bytes=output_bytes, environment=others
    )


class Alive:
    """A named pipe that is at its end when every process that opened it is dead."""

    def __init__(self, folder: Path) -> None:
        os.mkfifo(folder / "alive")
        self._reading = os.open(folder / "alive", os.O_RDONLY | os.O_NONBLOCK)

    async def heard(self, count: int) -> None:
        """Wait until `count` processes hold the pipe."""
        while count:
            count -= len(await self._next(30))

    async def dead(self, seconds: float = 5) -> float:
        """Wait until none does; return the seconds it took. Fails if one is alive after `seconds`."""
        started = time.monotonic()
        while await self._next(seconds):
            pass
        return time.monotonic() - started

    async def _next(self, seconds: float) -> bytes:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()

        def read() -> None:
            with contextlib.suppress(BlockingIOError):
                if not answer.done():
                    answer.set_result(os.read(self._reading, 1))

        loop.add_reader(self._reading, read)
        try:
            return await asyncio.wait_for(answer, seconds)
        finally:
            loop.remove_reader(self._reading)


async def test_output_and_status_come_back(tmp_path: Path, kept_together: str) -> None:
    found = await ran(
        "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)", tmp_path
    )
    assert (found.status, found.output, found.timed_out, found.cut, found.stopped) == (
        *(3, "out\nerr\n", False, False),
        "",
    )


async def test_the_signal_that_ends_a_command_is_its_status(tmp_path: Path, kept_together: str) -> None:
    found = await ran("import os; os.kill(os.getpid(), 11)", tmp_path)
    assert found.status == -signal.SIGSEGV


async def test_standard_input_is_at_its_end(tmp_path: Path) -> None:
    found = await ran("import sys; print(repr(sys.stdin.read()))", tmp_path)
    assert (found.output, found.status) == ("''\n", 0)


@pytest.mark.skipif(not LINUX, reason="needs /proc")
async def test_no_file_of_ours_is_open_in_the_command(tmp_path: Path, kept_together: str) -> None:
    found = await ran("import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])", tmp_path)
    assert found.output == "[0, 1, 2]\n"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["no-such-program"], "Did not run no-such-program: there is no such program on the PATH."),
        (["./missing.sh"], "Did not run ./missing.sh: there is no such program."),
        ([], "Did not run anything: the command is empty."),
        (["./odd"], "Did not run ./odd: Exec format error."),
        (["true", "a\0b"], "Did not run true: the command holds a NUL character."),
    ],
)
async def test_what_cannot_be_started_is_one_clear_line(
    command: list[str], told: str, tmp_path: Path, kept_together: str
) -> None:
    (tmp_path / "odd").write_bytes(b"\x00\x01 no program")
    (tmp_path / "odd").chmod(0o755)
    with pytest.raises(RunError) as raised:
        await run(command, tmp_path, seconds=20, output_bytes=100)
    assert str(raised.value).startswith(told) and "\n" not in str(raised.value)


async def test_a_folder_that_is_gone_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no folder"):
        await run(["true"], tmp_path / "gone", seconds=20, output_bytes=100)


async def test_a_program_is_found_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "own.sh").write_text("#!/bin/sh\necho own\n")
    (tmp_path / "own.sh").chmod(0o755)
    assert (await run(["./own.sh"], tmp_path, seconds=20, output_bytes=100)).output == "own\n"


async def test_too_much_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    found = await ran(
        "import os\nfor n in range(1600): os.write(1, b'%065535d\\n' % n)", tmp_path, seconds=60
    )
    assert found.status == 0 and found.cut
    assert found.output.startswith("0" * 2000) and found.output.endswith("01599\n")
    assert f"[{1600 * 65536 - 10_000:,} bytes of output left out here]" in found.output
    assert len(found.output) < 10_100


@pytest.mark.parametrize("limit", [10, 100, 101])
async def test_output_just_within_the_limit_is_whole(limit: int, tmp_path: Path) -> None:
    found = await ran("print('x' * 99)", tmp_path, output_bytes=limit)
    assert found.cut == (limit < 100)
    assert (found.output == "x" * 99 + "\n") == (limit >= 100)


async def test_lines_are_told_as_they_come(tmp_path: Path) -> None:
    lines: list[str] = []
    command = [PYTHON, "-c", "print('a\\r\\nb'); print('x' * 9000); print(end='last')"]
    await run(command, tmp_path, seconds=20, output_bytes=10, on_line=lines.append)
    assert lines == ["a", "b", "x" * runner.LONGEST_LINE, "last"]


async def test_output_that_is_no_utf8_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    assert (await ran("import os; os.write(1, b'a\\xffb')", tmp_path)).output == "a\ufffdb"


async def test_a_listener_that_fails_ends_the_command(tmp_path: Path, kept_together: str) -> None:
    alive = Alive(tmp_path)

    def refuse(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="one"):
        command = [PYTHON, "-c", DETACHED + "held = open('alive', 'wb'); print('one', flush=True); hold()"]
        await run(command, tmp_path, seconds=60, output_bytes=10, on_line=refuse)
    await alive.dead()


@pytest.mark.skipif(not LINUX, reason="only Linux keeps such processes together")
async def test_at_the_time_limit_all_are_killed(tmp_path: Path, kept_together: str) -> None:
    alive = Alive(tmp_path)
    found = await ran(DETACHED + "print('begun', flush=True); time.sleep(600)", tmp_path, seconds=1.5)
    assert found.timed_out and found.status is None and found.output == "begun\n"
    assert "processes" in found.sandbox
    await alive.heard(2)
    await alive.dead()


@pytest.mark.skipif(not LINUX, reason="only Linux keeps such processes together")
async def test_what_a_command_leaves_behind_ends_with_it(tmp_path: Path, kept_together: str) -> None:
    alive = Alive(tmp_path)
    found = await ran(DETACHED + "time.sleep(0.5)", tmp_path)
    assert found.status == 0
    await alive.heard(2)
    await alive.dead()


@pytest.mark.skipif(not LINUX, reason="only Linux keeps such processes together")
async def test_cancelling_kills_all_at_once(tmp_path: Path, kept_together: str) -> None:
    alive = Alive(tmp_path)
    task = asyncio.create_task(ran(DETACHED + "hold()", tmp_path, seconds=600))
    await alive.heard(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await alive.dead() < 0.05  # nothing was left when `run` came back


async def test_cancelling_before_it_has_begun_leaves_nothing(tmp_path: Path, kept_together: str) -> None:
    for turns in range(6):
        task = asyncio.create_task(ran("import time; time.sleep(600)", tmp_path, seconds=600))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_a_command_may_say_goodbye_when_it_is_stopped(tmp_path: Path, kept_together: str) -> None:
    code = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("bye", flush=True), sys.exit(1)))
print("ready", flush=True)
time.sleep(600)
"""
    assert (await ran(code, tmp_path, seconds=1.5)).output == "ready\nbye\n"


@pytest.mark.skipif(not LINUX, reason="only Linux keeps such processes together")
async def test_killing_us_leaves_no_child(tmp_path: Path, kept_together: str) -> None:
    alive = Alive(tmp_path)
    (tmp_path / "held.py").write_text(DETACHED + "hold()")
    code = f"""
import asyncio
import contextlib
from pathlib import Path
from tools import runner
runner.NAMESPACES = {kept_together == "namespaces"}
asyncio.run(runner.run([{PYTHON!r}, "held.py"], Path({str(tmp_path)!r}), seconds=600, output_bytes=100))
"""
    us = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=Path(runner.__file__).parent.parent
    )
    await alive.heard(3)
    us.kill()
    await us.wait()
    await alive.dead()


@pytest.mark.skipif(not LINUX, reason="only Linux keeps such processes together")
async def test_killing_the_supervisor_ends_the_command(tmp_path: Path) -> None:
    alive = Alive(tmp_path)
    task = asyncio.create_task(ran(DETACHED + "hold()", tmp_path, seconds=600))
    await alive.heard(3)
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    (ours,) = [each for each in children if b"tools.supervisor" in Path(f"/proc/{each}/cmdline").read_bytes()]
    os.kill(int(ours), signal.SIGKILL)
    found = await task
    assert found.status is None and found.stopped == "its supervisor was killed"
    await alive.dead()


@pytest.mark.skipif(not LINUX, reason="needs /proc")
async def test_a_fork_bomb_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_together: str
) -> None:
    monkeypatch.setattr(runner, "PROCESSES", 20)
    code = "import os, time\nfor _ in range(25): os.fork() or time.sleep(600)\ntime.sleep(600)"
    found = await ran(code, tmp_path, seconds=60)
    assert found.status is None and not found.timed_out and "more than" in found.stopped


@pytest.mark.skipif(not LINUX, reason="needs /proc")
async def test_taking_too_much_memory_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_together: str
) -> None:
    monkeypatch.setattr(runner, "_memory", lambda: 100 << 20)
    alone = await ran("bytearray(200 << 20)", tmp_path)
    assert alone.status == 1 and "MemoryError" in alone.output
    code = "import os, time\nfor _ in range(4): os.fork()\nheld = b'x' * (20 << 20)\ntime.sleep(600)"
    together = await ran(code, tmp_path, seconds=60)
    assert together.stopped == runner.STOPPED["memory"]


async def test_a_huge_file_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "FILE_BYTES", 1 << 20)
    await ran("open('big', 'wb').write(b'x' * (4 << 20))", tmp_path)
    assert (tmp_path / "big").stat().st_size <= 1 << 20


async def test_a_full_disk_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "KEEP_FREE_BYTES", 1 << 60)
    code = "import os, time\nf = open('big', 'wb'); f.write(b'x' * (64 << 20)); os.fsync(f)\ntime.sleep(600)"
    found = await ran(code, tmp_path, seconds=60)
    assert found.stopped == "it filled the disk"


@pytest.fixture
async def held(tmp_path: Path) -> Callable[[str], None]:
    """Skip a test where the system does not let a part of the sandbox hold."""
    found = await ran("pass", tmp_path)

    def needs(part: str) -> None:
        if part not in found.sandbox:
            pytest.skip(f"no sandbox for {part} on this machine")

    return needs


async def test_nothing_outside_the_copy_is_written(tmp_path: Path, held: Callable[[str], None]) -> None:
    held("files")
    (tmp_path / "copy").mkdir()
    (tmp_path / "precious").write_text("kept")
    code = """
import os
for act in (lambda: open("../precious", "w"), lambda: os.unlink("../precious"), lambda: open("../new", "w")):
    try: act()
    except OSError as error: print(error.strerror)
open("inside", "w").write("x"); open(os.path.join(os.environ["TMPDIR"], "t"), "w").write("x")
open(os.path.expanduser("~/h"), "w").write("x"); open("/dev/null", "w").write("x")
"""
    found = await ran(code, tmp_path / "copy")
    assert (found.status, found.output) == (0, "Read-only file system\n" * 3)
    assert (tmp_path / "precious").read_text() == "kept" and (tmp_path / "copy" / "inside").exists()


async def test_root_inside_has_none_of_roots_rights(tmp_path: Path, held: Callable[[str], None]) -> None:
    held("files")
    code = "import os; os.system('mount -o remount,rw / 2>&1; grep CapEff /proc/self/status')"
    assert (await ran(code, tmp_path)).output.endswith("CapEff:\t0000000000000000\n")


async def test_the_network_is_loopback_alone(tmp_path: Path, held: Callable[[str], None]) -> None:
    held("network")
    code = """
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname(), timeout=5)
print("loopback")
try: socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError as error: print(error.strerror)
"""
    assert (await ran(code, tmp_path)).output == "loopback\nNetwork is unreachable\n"


async def test_a_server_of_ours_on_loopback_is_out_of_reach(
    tmp_path: Path, held: Callable[[str], None]
) -> None:
    held("network")
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        found = await ran(f"import socket; socket.create_connection(('127.0.0.1', {port}))", tmp_path)
    assert "Connection refused" in found.output


async def test_what_did_not_hold_is_not_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "NAMESPACES", False)
    assert (await ran("pass", tmp_path)).sandbox == (("processes",) if LINUX else ())


async def test_keys_are_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = (
        *("OPENAI_API_KEY", "GITHUB_TOKEN", "MY_SECRET_SAUCE", "SSH_AUTH_SOCK", "NEARSIDE_X", "DB_PASSWORD"),
        *("AWS_ACCESS_KEY_ID", "DATABASE_URL", "DOCKER_HOST", "npm_config__auth", "DBUS_SESSION_BUS_ADDRESS"),
    )
    for name in (*secrets, "MONKEY_ISLAND", "AUTHOR"):
        monkeypatch.setenv(name, "x")
    seen = (await ran("import os; print(*os.environ, sep='\\n')", tmp_path, EXTRA="1")).output.split("\n")
    assert not set(secrets) & set(seen)
    assert {"MONKEY_ISLAND", "AUTHOR", "PATH", "EXTRA"} <= set(seen)


async def test_home_and_temporary_files_are_not_the_users(tmp_path: Path, home: Path) -> None:
    code = "import os, tempfile; print(os.path.expanduser('~')); print(tempfile.gettempdir())"
    own, temporary = (await ran(code, tmp_path)).output.split()
    assert own != str(home) and own != temporary and not Path(own).exists()  # and they are gone afterwards


def test_isolation_is_refused_quietly_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_libc", None)
    assert not isolation.unshare() and not isolation.adopt_orphans() and not isolation.die_with_parent()
    assert not isolation.only_writable(["/nowhere"], "")
    isolation.give_up_rights()
