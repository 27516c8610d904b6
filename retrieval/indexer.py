"""Keeping the graph and the store what the files are: what changed is read, and nothing else.

Everything here runs on one thread, and may be killed at any point: the next start goes on from what the store
and the catalogue hold. `edited` and `closed` may be called from any thread.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from retrieval.catalogue import Catalogue, Known, load_facts
from retrieval.graph import Graph
from retrieval.pace import Pace, Progress
from retrieval.pool import FEW, read_all
from retrieval.reading import Job, Parsed, decoded, look, read_one, row_hash, to_rows, words_of
from retrieval.shelf import Shelf
from retrieval.turns import Turns
from retrieval.walk import File, Rules, by_value, indexable, on_disk, walk
from settings.private import is_private
from settings.schema import Retrieval
from syntax.extract import facts
from syntax.facts import Facts

ROWS_A_COMMIT = 4_000
"""Rows written together: a commit costs some ms and a file, however many rows it has."""
FILES_A_COMMIT = 400
GRAPH_SLICE = 24
"""Files entered into the graph at a turn, about 10 ms. Each turn costs the graph what it has worked out so
far, so one file at a turn would make every question in between as slow as the first."""
CONFIG = re.compile(r"(?:^|/)(?:[tj]sconfig[^/]*\.json|package\.json|go\.mod|Cargo\.toml)$")
LARGEST_CONFIG = 400_000

log = logging.getLogger("nearside.indexer")


@dataclass
class Counts:
    """What was done so far."""

    files: int = 0
    """Files there are to index."""
    parsed: int = 0
    """Files whose content was read and parsed."""
    known: int = 0
    """Files that were entered from the catalogue."""
    dropped: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """Files left out, by reason."""


class Indexer:
    """One workspace's index: graph and catalogue always, the store where this process may write it."""

    def __init__(
        self,
        root: Path,
        settings: Retrieval,
        catalogue: Catalogue,
        shelf: Shelf,
        report: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.root, self.catalogue, self.shelf = root, catalogue, shelf
        self.graph = Graph()
        self.turns = Turns()
        """Whose turn it is at the graph."""
        self.open: dict[str, str] = {}
        """Texts of unsaved buffers by path; the graph has them instead of what is on disk."""
        self.counts = Counts()
        self.stopping = threading.Event()
        self.interrupt: Callable[[], object] = lambda: None
        """Called between two batches of long work, for what is more urgent."""
        self._report = report
        self._rules = Rules(settings.include, settings.exclude, settings.max_file_kb, settings.private)
        self.most_bytes = settings.max_file_kb * 1024
        self._rank: dict[str, int] = {}
        self._in_graph: set[str] = set()
        self._reads = 0
        self._newest: dict[str, int] = {}
        """Which read was the last that was begun of a file; what an earlier one has of it may be older."""

    def preload(self) -> None:
        """Enter what is known into the graph, so that it can be asked before the store is open."""
        files = by_value(walk(self.root, self._rules))
        self._enter_known([file.path for file in files if self._is_same(file) or self._has_same_text(file)])

    def scan(self) -> None:
        """Look at every file, and read those that are not known or not searchable yet."""
        self.counts = Counts()
        files = by_value(walk(self.root, self._rules, self.counts.skipped))
        self.counts.files = len(files)
        self._rank = {file.path: place for place, file in enumerate(files)}
        self._drop(
            (self.catalogue.files.keys() | self._in_graph | self.shelf.contents().keys()) - self._rank.keys()
        )
        same = [file for file in files if self._is_same(file) or self._has_same_text(file)]
        self._enter_known([file.path for file in same])
        complete = {file.path for file in same if self._is_complete(file)}
        self._read([file for file in files if file.path not in complete])
        self.catalogue.tidy()
        self.shelf.plan(self._rank)

    def update(self, paths: Collection[str]) -> None:
        """Read files that changed, came or went; a path may be a folder's that went."""
        gone: set[str] = set()
        files: list[File] = []
        for path in paths:
            if file := indexable(self.root, path, self._rules):
                self._rank.setdefault(path, -1)
                files.append(file)
            else:
                gone.add(path)
        folders = {path for path in gone if path not in self.catalogue.files}
        if folders:
            gone.update(known for known in self.catalogue.files if not folders.isdisjoint(_above(known)))
        self._drop(gone)
        if len(files) > FEW:  # another branch: on other cores, and not in anybody's way
            self._read(files)
            self.shelf.plan(self._rank)
            return
        self._begin_reading(files)
        jobs = [Job(file.path, file.private, rows=self.shelf.writes) for file in files]
        done = [read_one(self.root, job, self.most_bytes) for job in jobs]
        self.counts.parsed += len(done)
        self._take(done)
        self.shelf.first([row for parsed in done for row in to_rows(parsed.rows)])

    def embed(self) -> bool:
        """Embed one batch; return whether there is more to do."""
        return self.shelf.embed()

    def edited(self, path: str, text: str, language: str) -> None:
        """Let the graph have a buffer's text; the store keeps what is on disk."""
        if is_private(path):
            return
        self.open[path] = text
        said = facts(text, language)
        words = words_of(text)
        with self.turns.writing():
            if self.open.get(path) == text:  # nobody was faster
                self.graph.put(path, said, words=words)
                self._in_graph.add(path)

    def closed(self, path: str) -> None:
        """Forget a buffer's text; `update` then takes in what is on disk."""
        self.open.pop(path, None)

    def _is_same(self, file: File) -> bool:
        known = self.catalogue.files.get(file.path)
        return (
            known is not None
            and (known.size, known.mtime_ns) == (file.size, file.mtime_ns)
            and known.private == file.private
        )

    def _has_same_text(self, file: File) -> bool:
        """Tell whether a file with another time, or one too young to be believed, has the text that is known.

        To look costs far less than to parse; then its time is known from now on.
        """
        known = self.catalogue.files.get(file.path)
        if not known or not known.hash or (known.size, known.private) != (file.size, file.private):
            return False
        size, mtime_ns, hash = look(self.root, file.path, self.most_bytes)
        if (size, hash) != (known.size, known.hash):
            return False
        self.catalogue.learn({file.path: replace(known, mtime_ns=mtime_ns)}, {}, keep=self.shelf.writes)
        return True

    def _is_complete(self, file: File) -> bool:
        """Tell whether a file that did not change is in the graph and has its rows, as far as it should."""
        known = self.catalogue.files[file.path]
        if not known.hash:
            return True  # not worth indexing, and still the same
        if file.path not in self._in_graph:
            return False
        if not self.shelf.writes or known.chunks == 0:
            return True
        return self.shelf.contents().get(file.path) == row_hash(known.hash, known.private)

    def _enter_known(self, paths: list[str]) -> None:
        """Enter files into the graph that did not change since they were last read."""
        known = self.catalogue.files
        new = [path for path in paths if path not in self._in_graph]
        contents = self.catalogue.contents((known[path].hash, known[path].language) for path in new)
        for start in range(0, len(new), GRAPH_SLICE):
            with self.turns.writing():
                for path in new[start : start + GRAPH_SLICE]:
                    content = contents.get((known[path].hash, known[path].language))
                    if content:
                        self._put(path, content.facts, content.words, known[path].private)
                        self.counts.known += 1
            self.interrupt()
            if self.stopping.is_set():
                return

    def _read(self, files: list[File]) -> None:
        """Read files in the pool, enter them into the graph, and write their rows in large lots."""
        pace = Pace("reading", self._report)
        jobs = [(Job(file.path, file.private, rows=self.shelf.writes), file.size) for file in files]
        waiting: list[Parsed] = []
        read = 0
        number = self._begin_reading(files)
        if jobs:
            pace.at(0, len(jobs))
        for batch in read_all(self.root, jobs, self.most_bytes, self.stopping.is_set):
            read += len(batch)
            self.counts.parsed += len(batch)
            batch = [parsed for parsed in batch if self._newest[parsed.path] == number]
            self._enter(batch)
            waiting += batch
            rows = sum(len(parsed.rows) for parsed in waiting)
            if rows >= ROWS_A_COMMIT or len(waiting) >= FILES_A_COMMIT:
                self._write([parsed for parsed in waiting if self._newest[parsed.path] == number])
                waiting = []
            pace.at(read, len(jobs))
            self.interrupt()
        self._write([parsed for parsed in waiting if self._newest[parsed.path] == number])

    def _begin_reading(self, files: Iterable[File]) -> int:
        """Return the number of a read of files; what an earlier one still finds of them does not count."""
        self._reads += 1
        self._newest.update((file.path, self._reads) for file in files)
        return self._reads

    def _take(self, done: list[Parsed]) -> None:
        self._enter(done)
        self._write(done)

    def _enter(self, done: Iterable[Parsed]) -> None:
        """Enter what was read into the graph."""
        entered = [
            (parsed, load_facts(parsed.facts), frozenset(parsed.words.split()))
            for parsed in done
            if not parsed.problem
        ]
        for start in range(0, len(entered), GRAPH_SLICE):
            with self.turns.writing():
                for parsed, said, words in entered[start : start + GRAPH_SLICE]:
                    self._put(parsed.path, said, words, parsed.private)

    def _put(self, path: str, said: Facts, words: frozenset[str], private: bool) -> None:
        # What the graph knows may go into prompts; private files are for searching only.
        if path not in self.open and not private:
            self.graph.put(path, said, words=words)
            if config := self._config(path):
                self.graph.put_config(path, config)
        self._in_graph.add(path)

    def _config(self, path: str) -> str:
        """Return the text of a file that says what imports mean; empty for any other."""
        if not CONFIG.search(path):
            return ""
        try:
            return decoded(on_disk(self.root, path).read_bytes()[:LARGEST_CONFIG])
        except OSError:
            return ""

    def _write(self, done: list[Parsed]) -> None:
        """Write rows first and then remember the files: a file that is remembered is searchable."""
        for parsed in done:
            if parsed.problem:
                self.counts.skipped[parsed.problem] += 1
        self._drop(parsed.path for parsed in done if parsed.problem)
        good = [parsed for parsed in done if not parsed.problem]
        contents = self.shelf.contents()
        changed = [p for p in good if p.rows and contents.get(p.path) != row_hash(p.hash, p.private)]
        emptied = [p.path for p in good if not p.rows and p.path in contents]
        if self.shelf.writes and (changed or emptied):
            self.shelf.replace(
                {p.path: row_hash(p.hash, p.private) for p in changed},
                emptied,
                [row for p in changed for row in to_rows(p.rows)],
            )
        self.catalogue.learn(
            {
                p.path: Known(p.size, p.mtime_ns, p.hash, p.language, self._chunks_of(p), p.private)
                for p in done
                if p.hash or p.mtime_ns  # what could not even be read is asked again
            },
            {(p.hash, p.language): (p.facts, p.words) for p in good},
            keep=self.shelf.writes,
        )

    def _chunks_of(self, parsed: Parsed) -> int:
        return len(parsed.rows) if self.shelf.writes or not parsed.hash else -1

    def _drop(self, paths: Iterable[str]) -> None:
        """Forget files everywhere."""
        gone = [path for path in paths if path in self._in_graph or path in self.catalogue.files
                or path in self.shelf.contents()]  # fmt: skip
        if not gone:
            return
        for path in gone:
            if path not in self.open:
                with self.turns.writing():
                    self.graph.drop(path)
                self._in_graph.discard(path)
        self.shelf.replace({}, gone, [])
        self.catalogue.forget(gone)
        self.counts.dropped += len(gone)


def _above(path: str) -> set[str]:
    """Return the folders a file lies in."""
    folders = path.split("/")[:-1]
    return {"/".join(folders[: count + 1]) for count in range(len(folders))}
