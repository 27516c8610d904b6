"""Programs that tests need and a machine lacks: fetched once into the user's cache folder, and kept there."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import platformdirs


class Unavailable(Exception):
    """A program that cannot be had on this machine; the text says why."""


def cached(name: str, program: str, fetch: Callable[[Path], None], check: Callable[[Path], object]) -> Path:
    """Return a program of a cached folder, filling the folder first if that was never finished.

    The folder is filled in its final place, because some programs have their path baked in.
    """
    cache = platformdirs.user_cache_path("nearside-tests")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"{name}.lock"):
            folder, finished = cache / name, cache / f"{name}.complete"
            if not finished.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fetch(folder)
                check(folder / program)
                finished.touch()
    except OSError as error:
        raise Unavailable(f"the cache folder {cache} cannot be used: {error}") from error
    return folder / program


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file lock, so that two test runs do not fill one folder."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def pip_install(requirement: str, folder: Path) -> None:
    """Unpack one wheel into a folder without touching the environment that runs the tests."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--only-binary=:all:"]
    run([*pip, "--target", folder, requirement])


def pip_download(requirement: str, folder: Path) -> None:
    """Put one wheel into a folder, as it is."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
    run([*pip, "--dest", folder, requirement])


def run(command: Sequence[str | Path], folder: Path | None = None) -> str:
    """Run a program and return what it printed; what it complained of becomes the reason."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{command[0]} did not run: {error}") from error
    if done.returncode:
        complaints = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
        raise Unavailable(f"{Path(command[0]).name} failed: {complaints[-1]}")
    return done.stdout
