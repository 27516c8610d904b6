"""One file, from its bytes on disk to facts and rows: all that can be done without an index."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from retrieval.catalogue import code_version, dump_facts, load_facts
from retrieval.chunks import chunks
from retrieval.rows import Row
from retrieval.walk import on_disk, why_skipped
from retrieval.words import split_identifiers
from syntax.extract import facts
from syntax.facts import Facts
from syntax.languages import language_of

YOUNG_NS = 2_000_000_000
"""A file changed this short a time ago may change again without its time showing it (FAT counts in 2 s)."""
LARGEST_WORD = 64
WORD = re.compile(r"[^\W\d]\w{2,}")


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read."""

    path: str
    private: bool = False
    facts: str = ""
    """What is known of it, if its content is still the one with this hash; then only rows are made."""
    hash: str = ""
    rows: bool = True
    """Whether its chunks are wanted, or its facts only."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file that was read, or why it was not."""

    path: str
    problem: str = ""
    """Gone, or not worth indexing; there is no hash then."""
    size: int = 0
    mtime_ns: int = 0
    hash: str = ""
    language: str = ""
    private: bool = False
    facts: str = ""
    words: str = ""
    rows: tuple[tuple, ...] = ()
    """Values of `Row`, in its order."""


def read(root: str, jobs: list[Job], most_bytes: int) -> list[Parsed]:
    """Read files; what is wrong with one is said in its place."""
    return [read_one(Path(root), job, most_bytes) for job in jobs]


def read_one(root: Path, job: Job, most_bytes: int) -> Parsed:
    try:
        status, content = _bytes(on_disk(root, job.path), most_bytes)
    except OSError as error:
        return Parsed(job.path, (error.strerror or type(error).__name__).lower())
    mtime_ns = _believable(status)
    if problem := why_skipped(job.path, content):
        return Parsed(job.path, problem, status.st_size, mtime_ns, private=job.private)
    digest = _digest(content)
    text, language = decoded(content), language_of(job.path)
    known = load_facts(job.facts) if job.facts and job.hash == digest else None
    said = known or facts(text, language)
    return Parsed(
        job.path,
        size=status.st_size,
        mtime_ns=mtime_ns,
        hash=digest,
        language=language,
        private=job.private,
        facts="" if known else dump_facts(said),
        words="" if known else " ".join(sorted(words_of(text))),
        rows=tuple(rows_of(job.path, text, language, said, digest, job.private)) if job.rows else (),
    )


def look(root: Path, path: str, most_bytes: int) -> tuple[int, int, str]:
    """Return size, time and content hash of a file as `Parsed` has them; the hash is empty if it is gone."""
    try:
        status, content = _bytes(on_disk(root, path), most_bytes)
    except OSError:
        return 0, -1, ""
    return status.st_size, _believable(status), _digest(content)


def rows_of(path: str, text: str, language: str, said: Facts, digest: str, private: bool) -> list[tuple]:
    """Return the values of a file's rows in the store."""
    done = row_hash(digest, private)
    return [
        (path, done, one.hash, language, one.symbol, one.header, one.first, one.last, private, one.text,
         split_identifiers(f"{one.header}\n{one.text}"))
        for one in chunks(path, text, language, said)
    ]  # fmt: skip


def row_hash(digest: str, private: bool) -> str:
    """Return what a file's rows bear: they are out of date when content, code or mark are others."""
    return f"{digest}.{code_version()}{'.private' * private}"


def to_rows(values: tuple[tuple, ...]) -> list[Row]:
    return [Row(*value) for value in values]


def words_of(text: str) -> frozenset[str]:
    """Return the identifiers a text uses, those of its comments and strings too."""
    return frozenset(word for word in WORD.findall(text) if len(word) <= LARGEST_WORD)


def decoded(content: bytes) -> str:
    """Return a text's characters; bytes that are not UTF-8 become replacement characters."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    return content.decode("utf-8-sig", "replace")


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _believable(status: os.stat_result) -> int:
    return -1 if abs(time.time_ns() - status.st_mtime_ns) < YOUNG_NS else status.st_mtime_ns


def _bytes(path: Path, most: int) -> tuple[os.stat_result, bytes]:
    """Read a regular file of at most `most` bytes. Raises OSError for any other; never waits for a pipe."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(0, "too large")
    return status, content
