"""The small process between Nearside and a command: sets the sandbox up and leaves nothing behind.

Its standard input is a pipe nobody writes to: when that ends, because the command is not wanted any more or
Nearside died, everything the command ever started is killed. Standard library only; started by runner.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any, NoReturn

from tools import isolation

GRACE_SECONDS = 0.04
"""Between asking a command to end and killing it; with it everything is gone within 100 ms."""
LOOK_SECONDS = 0.1
"""How often it is looked at what the command's processes use."""
CONTROL = 0


def main() -> NoReturn:
    """Run the plan in argv[1] (see runner.py) and write what became of it to its file descriptor."""
    plan = json.loads(sys.argv[1])
    os.set_inheritable(plan["report"], False)
    wakeup = _wakeups()
    signal.signal(signal.SIGTERM, lambda *_: _stopping.append(True))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    inside = plan["namespaces"] and isolation.unshare()
    isolation.die_with_parent(signal.SIGTERM)
    if not inside:
        held = ["processes"] if isolation.adopt_orphans() else []
        _tell(plan, _supervise(plan, held, wakeup, alone=False))
        os._exit(0)
    first = os.fork()
    if first == 0:  # process 1 of the new namespace: the system kills all others when it ends
        isolation.die_with_parent()
        held = ["processes", "network"]
        isolation.loopback()
        if isolation.only_writable(plan["writable"], plan["temporary"]):
            held.append("files")
        _tell(plan, _supervise(plan, held, _wakeups(), alone=True))
        os._exit(0)
    os.close(plan["report"])
    while True:
        _wait([wakeup])
        if _stopping:
            os.kill(first, signal.SIGKILL)
        if os.waitpid(first, os.WNOHANG)[0]:
            os._exit(0)


_stopping: list[bool] = []


def _wakeups() -> int:
    """Return a file descriptor that becomes readable when this process, and no other, gets a signal."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def _wait(readable: list[int], seconds: float | None = None) -> set[int]:
    """Wait for the first of `readable`, the last of which is of `_wakeups`; return those that are."""
    poll = select.poll()
    for each in readable:
        poll.register(each, select.POLLIN)
    found = {each for each, _ in poll.poll(None if seconds is None else max(0.0, seconds) * 1000)}
    with contextlib.suppress(BlockingIOError):
        while os.read(readable[-1], 4096):
            pass
    return found


def _supervise(plan: dict[str, Any], held: list[str], wakeup: int, *, alone: bool) -> dict[str, Any]:
    """Run the command to its end and kill what is left of it; return the report."""
    failed, failing = os.pipe()
    command = os.fork()
    if command == 0:
        _become(plan, failing, inside=alone)
    os.close(failing)
    free = _free(plan["writable"])
    status, stopped = None, ""
    look = time.monotonic() + LOOK_SECONDS
    while status is None and not stopped:
        ready = _wait([CONTROL, wakeup], look - time.monotonic())
        status = _reap(command)
        if CONTROL in ready or _stopping:
            stopped = "asked"
        elif time.monotonic() >= look:
            # Looking costs what there are processes on the machine where /proc shows them all.
            started = time.monotonic()
            stopped = _too_much(plan, free)
            look = time.monotonic() + LOOK_SECONDS + 10 * (time.monotonic() - started)
    if stopped == "asked" and status is None:
        _signal(command, signal.SIGTERM)
        last = time.monotonic() + GRACE_SECONDS
        while status is None and (left := last - time.monotonic()) > 0:
            _wait([wakeup], left)
            status = _reap(command)
    _kill_all(command, alone)
    with open(failed, "rb") as opened:
        error = opened.read().decode("utf-8", "replace")
    return {"status": status, "held": held, "stopped": stopped, "error": error}


def _become(plan: dict[str, Any], failing: int, *, inside: bool) -> NoReturn:
    """Turn this forked process into the command."""
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.nice(plan["nice"])
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as opened:
            opened.write("800")  # when memory runs out, this goes before anything of the user's
        limits = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": plan["file_bytes"], "RLIMIT_DATA": plan["memory_bytes"]}
        if inside:  # outside it would count all of the user's processes
            limits["RLIMIT_NPROC"] = plan["processes"] * 4  # of threads
        for name, value in limits.items():
            with contextlib.suppress(OSError, ValueError, AttributeError):
                which = getattr(resource, name)
                hard = resource.getrlimit(which)[1]
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.setrlimit(which, (value, value))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(plan["folder"])
        isolation.give_up_rights()
        isolation.die_with_parent()
        os.execvpe(plan["command"][0], plan["command"], os.environ)
    except BaseException as error:
        os.write(failing, str(getattr(error, "strerror", None) or error).encode("utf-8", "replace"))
    os._exit(127)


def _reap(command: int) -> int | None:
    """Take leave of children that ended; return the command's status if it is among them, -N for signal N."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while True:
            process, found = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            if process == command:
                status = os.waitstatus_to_exitcode(found)
    return status


def _too_much(plan: dict[str, Any], free: int) -> str:
    """Return what the command takes more of than it may, if anything."""
    family = _family()
    if len(family) > plan["processes"]:
        return "processes"
    if sum(family.values()) > plan["memory_bytes"]:
        return "memory"
    now = _free(plan["writable"])
    return "disk" if now < plan["keep_free_bytes"] and now < free else ""


def _free(folders: list[str]) -> int:
    try:
        found = os.statvfs(folders[0])
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize


def _family() -> dict[int, int]:
    """Return the resident bytes of every descendant of this process, by its number as /proc shows it."""
    parents: dict[int, list[tuple[int, int]]] = {}
    try:
        names, me = os.listdir("/proc"), int(os.readlink("/proc/self"))
    except (OSError, ValueError):
        return {}
    for name in names:
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{name}/stat", "rb") as opened:
                    fields = opened.read().rpartition(b")")[2].split()
                parents.setdefault(int(fields[1]), []).append((int(name), int(fields[21])))
    found: dict[int, int] = {}
    waiting = [me]
    while waiting:
        for process, pages in parents.pop(waiting.pop(), ()):
            found[process] = pages * resource.getpagesize()
            waiting.append(process)
    return found


def _signal(command: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(command, number)


def _kill_all(command: int, alone: bool) -> None:
    """Kill every process the command left; return when all are gone."""
    _signal(command, signal.SIGKILL)
    if alone:
        return  # the system does, when this process ends
    while True:
        for process in _family():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.001)
        except ChildProcessError:
            return


def _tell(plan: dict[str, Any], report: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        os.write(plan["report"], json.dumps(report).encode())
