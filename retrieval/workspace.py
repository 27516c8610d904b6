"""One workspace's index put together: where it lies, who may write it, what it is made of."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retrieval.background import Background
from retrieval.catalogue import Catalogue
from retrieval.embedders import Embedder, EmbedderUnavailable, embedder_for
from retrieval.indexer import Indexer
from retrieval.lock import WriterLock
from retrieval.pace import OnProgress
from retrieval.priority import Patient
from retrieval.search import Search
from retrieval.shelf import Shelf
from retrieval.vectors import VectorCache
from settings import paths
from settings.schema import Retrieval

log = logging.getLogger("nearside.workspace")


@dataclass(frozen=True)
class Workspace:
    """The parts of one workspace's index."""

    root: Path
    indexer: Indexer
    background: Background
    search: Search
    lock: WriterLock


def folder_of(root: Path) -> Path:
    """Return the folder of a workspace's index: by its path, with its name for whoever looks there."""
    root = root.resolve()
    name = re.sub(r"[^\w.-]", "_", root.name)[:40] or "root"
    digest = hashlib.blake2b(str(root).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return paths.cache_dir() / "index" / f"{name}-{digest}"


def uri_of(root: Path, settings: Retrieval) -> str:
    """Return where the store is, which may be elsewhere than the rest: a folder or an object storage."""
    folder = folder_of(root)
    if not settings.uri:
        return str(folder / "store")
    if "://" in settings.uri:
        return f"{settings.uri.rstrip('/')}/{folder.name}"
    return str(Path(settings.uri).expanduser() / folder.name)


def vectors_path() -> Path:
    """Return the file of every vector ever made, of all workspaces."""
    return paths.cache_dir() / "vectors" / "vectors.sqlite"


def put_together(
    root: Path,
    settings: Retrieval,
    report: OnProgress = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    embedder: Callable[..., Embedder | None] = embedder_for,
) -> Workspace:
    """Make the parts; nothing is read or started yet."""
    root = root.resolve()
    folder = folder_of(root)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept: Path | None = folder
    except OSError as error:
        kept = None
        say(
            f"The index is kept in memory only, because {folder} cannot be made "
            f"({(error.strerror or str(error)).lower()}); make room or make it writable, and start again."
        )
    for_chunks, for_queries = _embedder(embedder, settings, say), None
    if for_chunks:
        for_queries = embedder(settings.embedder, threads=1)
    cache = VectorCache(vectors_path()) if for_chunks and kept else None
    patient = Patient(for_chunks) if for_chunks else None
    shelf = Shelf(uri_of(root, settings), patient, cache, say, report)
    catalogue = Catalogue(kept / "facts.sqlite" if kept else None)
    indexer = Indexer(root, settings, catalogue, shelf, report)
    lock = WriterLock(folder / "writer.lock")
    return Workspace(root, indexer, Background(indexer, lock, report), Search(indexer, for_queries), lock)


def _embedder(make: Callable[..., Embedder | None], settings: Retrieval, say: Callable[[str], None]):
    try:
        return make(settings.embedder)
    except EmbedderUnavailable as error:
        say(f"Search goes by words only. {error}")
        return None
