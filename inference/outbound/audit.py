"""What was sent, and what was kept here: one line of JSON for each request, on the disk before it leaves.

The log holds no text and no secret. A request that cannot be written down is not sent.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from inference.outbound.findings import WillNotSend
from settings import paths

if sys.platform != "win32":
    import fcntl

NAME = "sent.jsonl"
LARGEST = 8_000_000
"""Bytes after which a new file is begun; a request takes about 500."""
MOST_FILES = 20
KEPT_DAYS = 400
TEXT_KEPT_DAYS = 30
LOCK_SECONDS = 5.0
"""How long a request waits for another program's line; each holds the lock for some milliseconds."""
LONGEST_LINE = 1_000_000
MOST_NAMES = 200
"""Files named in one line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt to send a request."""

    decision: Literal["sent", "blocked"]
    """'sent' is written before the bytes leave: they may still not have arrived."""
    project: str
    purpose: str
    provider: str = ""
    model: str = ""
    sha256: str = ""
    """Of the exact bytes of the request's body; empty where it was blocked before there were any."""
    size: int = 0
    files: tuple[str, ...] = ()
    """Files whose text is in it."""
    kept_back: Mapping[str, str] = field(default_factory=dict)
    """Files that were left out, and why."""
    redacted: Mapping[str, int] = field(default_factory=dict)
    """How many secrets of each kind were replaced."""
    reason: str = ""
    time: str = ""
    """UTC, ISO 8601; set when it is written."""


def of_body(body: bytes) -> tuple[str, int]:
    """Return the digest and the size of a request's bytes, as they are logged."""
    return hashlib.sha256(body).hexdigest(), len(body)


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The log in one folder. Any thread and any process may write it."""

    folder: Path
    keep_text: bool = False
    """Whether the bytes of each request are kept in a file named by their digest."""

    def write(self, entry: Entry, body: bytes = b"") -> None:
        """Append an entry, and return when it is on the disk. Blocks for some milliseconds.

        Raises WillNotSend where that cannot be done.
        """
        try:
            with self._locked():
                if self.keep_text and body:
                    self._keep(entry.sha256, body)
                self._append(entry)
        except (OSError, ValueError, TypeError, RecursionError) as error:
            why = (getattr(error, "strerror", None) or type(error).__name__).lower()
            raise WillNotSend(
                f"it could not be written to the log in {self.folder} ({why})",
                "make room there, or make it writable",
            ) from None

    def read(self, days: float = 0) -> Iterator[dict[str, Any]]:
        """Yield what is logged, oldest first; lines that are damaged are passed over. Raises OSError.

        `days` is how far back; 0 is all of it.
        """
        since = datetime.fromtimestamp(time.time() - days * 86_400, UTC).isoformat() if days else ""
        if not self.folder.is_dir():
            return
        for file in self._files():
            with contextlib.suppress(FileNotFoundError), file.open("rb") as stream:
                while line := stream.readline(LONGEST_LINE):
                    try:
                        entry = json.loads(line)
                    except (ValueError, RecursionError):
                        continue
                    if isinstance(entry, dict) and str(entry.get("time", "")) >= since:
                        yield entry

    def _files(self) -> list[Path]:
        """Return the log's files, the oldest first."""
        current = self.folder / NAME
        return [*sorted(self.folder.glob("sent-*.jsonl")), *([current] if current.exists() else [])]

    def _append(self, entry: Entry) -> None:
        stamped = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **_plain(entry)}
        line = json.dumps(stamped, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        path = self.folder / NAME
        handle = _opened(path)
        try:
            status = os.fstat(handle)
            if status.st_size and status.st_size + len(line) > LARGEST:
                os.close(handle)
                handle = -1
                self._begin_anew(path)
                handle = _opened(path)
                status = os.fstat(handle)
            if status.st_size and os.pread(handle, 1, status.st_size - 1) != b"\n":
                line = b"\n" + line  # whoever wrote last was killed in the middle of a line
            while line:
                line = line[os.write(handle, line) :]
            os.fsync(handle)
        finally:
            if handle >= 0:
                os.close(handle)
        if not status.st_size:
            _sync_folder(self.folder)

    def _begin_anew(self, path: Path) -> None:
        """Set the full file aside, and remove what is old."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        os.replace(path, path.with_name(f"sent-{stamp}.jsonl"))
        old = sorted(self.folder.glob("sent-*.jsonl"))
        limit = time.time() - KEPT_DAYS * 86_400
        for file in old:
            with contextlib.suppress(OSError):
                if file in old[:-MOST_FILES] or file.stat().st_mtime < limit:
                    file.unlink()

    def _keep(self, digest: str, body: bytes) -> None:
        texts = self.folder / "texts"
        texts.mkdir(mode=0o700, exist_ok=True)
        limit = time.time() - TEXT_KEPT_DAYS * 86_400
        for file in texts.iterdir():
            with contextlib.suppress(OSError):
                if file.stat().st_mtime < limit:
                    file.unlink()
        handle = _opened(texts / f"{digest}.json", os.O_TRUNC)
        with os.fdopen(handle, "wb") as stream:
            stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.folder.stat().st_mode & 0o077 and sys.platform != "win32":
            self.folder.chmod(0o700)
        handle = _opened(self.folder / "lock")
        try:
            if sys.platform != "win32":
                _lock(handle)
            yield
        finally:
            os.close(handle)


def audit_log(keep_text: bool = False) -> AuditLog:
    """Return this user's log."""
    return AuditLog(paths.state_dir() / "audit", keep_text)


def _opened(path: Path, flags: int = os.O_APPEND) -> int:
    """Open a file of this user alone for writing, and no link that somebody put there."""
    safe = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, os.O_CREAT | os.O_RDWR | flags | safe, 0o600)
    if sys.platform != "win32" and os.fstat(handle).st_mode & 0o077:
        os.fchmod(handle, 0o600)
    return handle


def _lock(handle: int) -> None:
    """Wait for the lock, but not for a process that was stopped while it held it. Raises OSError."""
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise TimeoutError(errno.ETIMEDOUT, "another program holds it") from None
            time.sleep(0.005)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _plain(entry: Entry) -> dict[str, Any]:
    values = asdict(entry)
    values.pop("time")
    values["files"] = list(entry.files[:MOST_NAMES])
    if len(entry.files) > MOST_NAMES:
        values["more_files"] = len(entry.files) - MOST_NAMES
    values["kept_back"] = dict(list(entry.kept_back.items())[:MOST_NAMES])
    values["redacted"] = dict(entry.redacted)
    return values
