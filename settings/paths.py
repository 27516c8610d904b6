"""Where files live, by the platform's conventions, and where they go when that place cannot be written."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import platformdirs

from settings.schema import Settings

SOCKET_PATH_LIMIT = 100
"""Longest path of a socket in bytes; sockaddr_un holds 104 on macOS and 108 on Linux, terminator included."""
SOCKET_NAME = "engine-01234567.sock"

_moved: dict[str, tuple[str, Path]] = {}  # kind -> (folder wanted, folder used instead)
_notes: list[str] = []


def config_file() -> Path:
    """Return the user's settings file, which may not exist."""
    return platformdirs.user_config_path("nearside") / "config.toml"


def state_dir() -> Path:
    """Return the folder of logs and of what the user consented to; it exists and can be written."""
    return _writable("state", lambda: platformdirs.user_state_path("nearside"))


def cache_dir() -> Path:
    """Return the folder of what can be made or fetched again; it exists and can be written."""
    return _writable("cache", lambda: platformdirs.user_cache_path("nearside"))


def runtime_dir() -> Path:
    """Return the private folder (0700) of sockets and locks, short enough for a socket's path."""
    return _writable("runtime", _runtime, private=True)


def log_file(settings: Settings) -> Path:
    """Return where to log; its folder exists and can be written."""
    if not settings.log.file:
        return state_dir() / "nearside.log"
    wanted = Path(settings.log.file)
    with contextlib.suppress(RuntimeError):  # no home folder is known
        wanted = wanted.expanduser()
    if not wanted.is_absolute():
        wanted = state_dir() / wanted
    if wanted.is_dir():
        _say(f"The log does not go to {wanted}, because that is a folder; name a file in log.file.")
        return state_dir() / "nearside.log"
    return _writable("log", lambda: wanted.parent, file=wanted) / wanted.name


def ledger_file() -> Path:
    """Return where it is recorded what became of suggestions; its folder exists and can be written."""
    return state_dir() / "ledger.db"


def is_no_project(folder: Path) -> bool:
    """Tell whether a folder is a whole disk or a home folder, which nobody means to have read."""
    home = Path(os.path.expanduser("~"))
    return folder in (Path(folder.anchor), home, *home.parents)


def notes() -> tuple[str, ...]:
    """Return what was moved elsewhere so far and why, each once, as lines for the user."""
    return tuple(_notes)


def _runtime() -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # XDG_RUNTIME_DIR unset is no news to the user
        return platformdirs.user_runtime_path("nearside")


def _writable(
    kind: str, find: Callable[[], Path], *, private: bool = False, file: Path | None = None
) -> Path:
    """Return the folder `find` names, or one of this user's in the temporary folder, and say why once."""
    folder: Path | None = None
    try:
        folder = find()
        problem = _problem(folder, private)
        if not problem and file and file.exists() and not os.access(file, os.W_OK):
            problem = f"{file.name} is read-only"
    except (OSError, RuntimeError) as error:
        problem = _reason(error)
    if folder is not None and not problem:
        return folder
    wanted = str(folder or f"the {kind} folder")
    if kind not in _moved or _moved[kind][0] != wanted or _problem(_moved[kind][1], True):
        _moved[kind] = (wanted, _temporary(kind))
        _say(
            f"Nothing is written to {wanted}, because {problem}; {_moved[kind][1]} is used instead. "
            "Make the first one writable to keep files there."
        )
    return _moved[kind][1]


def _problem(folder: Path, private: bool) -> str:
    """Make `folder` where it is missing and say why it cannot be used, or return an empty string."""
    if private and len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_LIMIT:
        return "its path is too long for a socket"
    try:
        if private:  # a runtime folder others can read counts as none: the next process would look elsewhere
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return _reason(error)
    if private and (foreign := _foreign(folder)):
        return foreign
    return "" if os.access(folder, os.W_OK | os.X_OK) else "it is read-only"


def _foreign(folder: Path) -> str:
    """Say why another user could reach into `folder`, or return an empty string."""
    if not hasattr(os, "getuid"):  # Windows keeps a profile's folders private by itself
        return ""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return "it is a link"
    if status.st_uid != os.getuid() or folder.parent.stat().st_uid not in (0, os.getuid()):
        return "it belongs to another user"
    if status.st_mode & 0o077:
        try:
            folder.chmod(0o700)
        except OSError as error:
            return _reason(error)
    return ""


def _temporary(kind: str) -> Path:
    """Return a private temporary folder of this user, the same for every process where that is safe."""
    owner = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    shared = Path(tempfile.gettempdir()) / f"nearside-{owner}"
    folder = shared / kind
    try:
        if not _problem(shared, True) and not _problem(folder, True):
            return folder
    except OSError:
        pass  # somebody else removes it at the same time
    return Path(tempfile.mkdtemp(prefix=f"nearside-{kind}-"))


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text or type(error).__name__).rstrip(".").lower()


def _say(note: str) -> None:
    if note not in _notes:
        _notes.append(note)
        logging.getLogger("nearside.paths").warning(note)
