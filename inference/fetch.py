"""Fetching a model from the hub: once, when asked for, with progress, resumable and verified.

huggingface_hub knows the hub's addresses, keys and errors. The file is written here, since its own downloads
begin anew after a break and trust what arrives.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inference.gguf import amount
from inference.models import HubFile, on_hub
from inference.types import ModelNotFound, ModelUnreadable
from settings import offline

ATTEMPTS = 5
"""Breaks of the connection in a row, without a byte between them, after which it is left for later."""
PAUSE = 1.0
"""Seconds before the first of these attempts; doubles with each."""

Progress = Callable[[int, int], None]
"""Bytes that are there, and bytes in all; 0 where the hub does not say."""


@dataclass(frozen=True)
class _Remote:
    """What the hub says of a file before it is fetched."""

    url: str
    size: int
    checksum: str
    """SHA-256 in 64 hexadecimal digits, or git's SHA-1 of a small file in 40."""


def pull(name: str, progress: Progress = lambda there, total: None) -> Path:
    """Fetch a model and return its file; one that is there already is not asked for again.

    Raises ModelNotFound where it cannot be had, and ModelUnreadable where what arrived is damaged.
    """
    hub = on_hub(name)
    if hub is None:
        raise ModelNotFound(
            f"Nothing was fetched: {name!r} names no file of the hub. "
            "Write hf:owner/repo/file.gguf, or a name that `nearside models list` shows."
        )
    if hub.path.is_file():
        return hub.path
    with _told(hub):
        hub.path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(hub):
            if not hub.path.is_file():  # another process has fetched it meanwhile
                _fetch(hub, _ask(hub), progress)
    return hub.path


def _ask(hub: HubFile) -> _Remote:
    """Ask the hub for address, size and checksum."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    logging.getLogger("huggingface_hub").setLevel(
        logging.ERROR
    )  # it reports each break; we report the result
    url = hf_hub_url(hub.repo, hub.file, revision=hub.revision, endpoint=os.environ.get("HF_ENDPOINT"))
    metadata = get_hf_file_metadata(url, retry_on_errors=True)
    checksum = (metadata.etag or "").lower()
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", checksum) or not metadata.size:
        raise ModelUnreadable(
            f"Nothing was fetched: {_host(url)} gives no size or checksum for {hub} to verify it by. "
            "Fetch it by hand and name its path in model.completion."
        )
    return _Remote(url, metadata.size, checksum)


def _fetch(hub: HubFile, remote: _Remote, progress: Progress) -> None:
    """Fetch what is missing of a file, verify the whole and put it in its place."""
    # Named after the content: what is left of an older version is never continued with a newer one.
    part = hub.path.with_name(f"{hub.path.name}.{remote.checksum[:16]}.part")
    there = part.stat().st_size if part.exists() else 0
    if there > remote.size:
        part.unlink()
        there = 0
    free = shutil.disk_usage(part.parent).free
    if remote.size - there > free:
        raise OSError(errno.ENOSPC, f"{amount(remote.size - there)} are needed, {amount(free)} are free")
    _receive(part, remote, progress)
    if _checksum(part, remote) != remote.checksum:
        part.unlink()
        raise ModelUnreadable(
            f"Nothing was fetched: {hub} arrived damaged, its checksum is not the hub's. "
            "It was deleted; run the same command again."
        )
    with part.open("rb") as file:
        os.fsync(file.fileno())  # a name must never stand for content a power cut has lost
    part.replace(hub.path)


def _receive(part: Path, remote: _Remote, progress: Progress) -> None:
    """Append to `part` until it is whole, going on where a connection breaks."""
    import httpx2
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers, silent_tqdm

    with _Meter(part, remote.size, progress) as file:
        failures = 0
        while (there := file.tell()) < remote.size:
            try:
                http_get(
                    remote.url,
                    file,
                    resume_size=there,
                    headers=build_hf_headers() | {"Accept-Encoding": "identity"},
                    tqdm_class=silent_tqdm,  # type: ignore[arg-type]
                    _nb_retries=0,
                )
            except httpx2.TransportError as error:
                broken = error
            else:
                broken = httpx2.ReadError("it ended too early")
            finally:
                file.flush()
            failures = 0 if file.tell() > there else failures + 1
            if failures >= ATTEMPTS:
                raise broken
            if failures:
                time.sleep(PAUSE * 2 ** (failures - 1))


class _Meter(io.BufferedWriter):
    """A file to append to that tells how far it is."""

    def __init__(self, path: Path, total: int, progress: Progress) -> None:
        super().__init__(io.FileIO(path, "ab"))
        self._total, self._progress = total, progress
        self._progress(self.tell(), total)

    def write(self, data: Any) -> int:
        written = super().write(data)
        self._progress(self.tell(), self._total)
        return written


def _checksum(part: Path, remote: _Remote) -> str:
    digest = hashlib.sha256() if len(remote.checksum) == 64 else hashlib.sha1(usedforsecurity=False)
    if len(remote.checksum) == 40:
        digest.update(f"blob {remote.size}\0".encode())
    with part.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def _alone(hub: HubFile) -> Iterator[None]:
    """Let one process at a time fetch a file; the lock of one that was killed is free."""
    from huggingface_hub.utils import WeakFileLock

    lock = hub.path.with_name(f"{hub.path.name}.lock")
    try:
        with WeakFileLock(lock, timeout=1.0):
            yield
    except TimeoutError:
        raise ModelNotFound(f"Nothing was fetched: another process is fetching {hub}. Wait for it.") from None


@contextlib.contextmanager
def _told(hub: HubFile) -> Iterator[None]:
    """Turn every failure of a download into one line: what did not happen, why, what to do."""
    import httpx2
    from huggingface_hub import errors

    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    again = "What has arrived is kept: run the same command again to go on."
    try:
        yield
    except errors.GatedRepoError:
        why = (
            f"{hub.repo} asks for consent to its terms. Give it on the repository's page, then set HF_TOKEN."
        )
    except errors.RevisionNotFoundError:
        why = f"{hub.repo} has no revision {hub.revision}. Correct what follows the @."
    except errors.RemoteEntryNotFoundError:
        why = f"{hub.repo} has no file {hub.file}. Look at the repository's list of files."
    except errors.RepositoryNotFoundError:
        why = f"there is no repository {hub.repo}, or it is private. Correct the name, or set HF_TOKEN."
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            why = f"{_host(endpoint)} refused access to {hub.repo} ({status}). Set HF_TOKEN to a valid token."
        else:
            why = f"{_host(endpoint)} answered {status}. Try again later. {again}"
    except errors.OfflineModeIsEnabled:
        what = "--offline forbids it" if offline.wanted() else "HF_HUB_OFFLINE forbids it"
        why = f"{what}. Leave that out, or copy the file here and name its path."
    except (httpx2.ConnectError, httpx2.ConnectTimeout):
        why = f"there is no connection to {_host(endpoint)}. Check the network. {again}"
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        said = str(error).strip().rstrip(".") or type(error).__name__
        why = f"the connection to {_host(endpoint)} broke off ({said}). {again}"
    except OSError as error:
        folder = hub.path.parent
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why = f"the disk is full ({error.strerror}). Make room in {folder}. {again}"
        else:
            reason = (error.strerror or str(error)).splitlines()[0].rstrip(".").lower()
            why = f"{error.filename or folder} cannot be written ({reason}). Make {folder} writable."
    else:
        return
    raise ModelNotFound(f"Nothing was fetched: {why}") from None


def _host(url: str) -> str:
    return urlsplit(url).netloc or url
