"""python -m benchmarks.index: what an index costs and how fast it answers, by stage.

Django's source package and this interpreter's standard library are each indexed from nothing by the real
process, asked, edited, switched to another release and back, and opened again. Then the stages run one by
one on one thread, and searches are timed at sizes up to half a million chunks. Linux only, for it reads
/proc. Goals on two cores: graph and words of Django within 5 s, all its vectors within 120 s, an edit found
within 150 ms, a graph query's p95 under 10 ms, a hybrid search at 100,000 chunks under 25 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import index_sources as sources
from benchmarks.index_latency import Latency, latency
from benchmarks.index_life import EMBEDDED, SAVED, TYPED, Life, cursors, live, questions
from benchmarks.index_parts import Parts, parts
from settings.schema import Retrieval

SIZES = (10_000, 50_000, 100_000, 500_000)
PROJECTS = ("django", "lib")
CHANGED = 10
"""One of so many files differs on the other branch, where there is no other release."""
MS, MB = 1000.0, 1e6


def main() -> int:
    given = _arguments()
    settings = Retrieval(embedder="none" if given.no_vectors else Retrieval().embedder)
    edits, requests = (3, 8) if given.quick else (given.edits, given.requests)
    sizes = (2_000,) if given.quick else tuple(given.sizes)
    _print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {_load()}")
    with tempfile.TemporaryDirectory(prefix="nearside-index-") as scratch:
        base: Path | None = None
        for name in ("small",) if given.quick else given.projects:
            try:
                root, other = _project(name, Path(scratch), given.sources)
            except sources.Unavailable as error:
                print(error, file=sys.stderr)
                continue
            base = root
            os.environ["XDG_CACHE_HOME"] = f"{scratch}/{name}-cache"
            # The switch ends where it began, so that what follows measures the same files.
            for stage in given.stages:
                if stage == "life":
                    _print_life(asyncio.run(live(name, root, other, edits, requests, settings)), settings)
                elif stage == "parts":
                    _print_parts(name, parts(root, cursors(root, requests), given.sample))
        if "latency" in given.stages:
            root = base or sources.stdlib(Path(scratch))
            for size in sizes:
                _print_latency(latency(root, size, list(dict.fromkeys(questions(root, requests)))))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.index",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="a small project and few of everything")
    parser.add_argument("--no-vectors", action="store_true", help="names and words only; says so")
    parser.add_argument("--sources", type=Path, metavar="FOLDER", help="a folder with Django's packages")
    parser.add_argument("--projects", nargs="*", choices=PROJECTS, default=PROJECTS)
    parser.add_argument("--stages", nargs="*", choices=STAGES, default=STAGES)
    parser.add_argument("--sizes", nargs="*", type=int, default=SIZES, metavar="CHUNKS")
    parser.add_argument("--edits", type=int, default=12)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--sample", type=int, default=500, help="chunks embedded to see how fast that is")
    return parser.parse_args()


STAGES = ("life", "parts", "latency")


def _project(name: str, scratch: Path, given: Path | None) -> tuple[Path, Path]:
    """Return a project, and another state of it."""
    if name == "django":
        here, there = (sources.archive(version, given) for version in (sources.DJANGO, sources.BEFORE))
        return sources.unpack(here, scratch / name), sources.unpack(there, scratch / "other")
    root = (sources.stdlib if name == "lib" else sources.ourselves)(scratch)
    return root, sources.changed_copy(root, scratch / "other", CHANGED)


def _print_life(life: Life, settings: Retrieval) -> None:
    status = life.status
    _print(f"\n{life.name}: {status['files']} files, {status['chunks']} chunks, {status['vectors']} vectors")
    if settings.embedder == "none":
        _print("  Nothing was embedded, as asked: what is said of vectors is said of names and words only.")
    for title, stages in (("first index", life.first), ("opened again", life.again)):
        for stage, cost in stages.items():
            peak = f", peak {cost.peak / MB:6.0f} MB" if cost.peak else ""
            _print(f"  {title:14} {stage:18} {cost.seconds:7.2f} s, {cost.cpu:7.2f} CPU-s{peak}")
    read, embedded = life.reread.get("parsed"), life.reread.get("embedded")
    _print(f"  {'opened again':14} files read {read}, texts embedded {embedded}")
    for name in (TYPED, SAVED, EMBEDDED):
        _print(f"  {'edit':14} {name:26} {_spread(life.edit.get(name, []))}")
    _print(f"  {'edit':14} {MS * life.edit_cpu:.0f} CPU-ms for each that was saved")
    for way, seen in life.switched.items():
        _print(
            f"  switch {way:13} {seen['written']} files written, {seen['removed']} removed; found after "
            f"{seen['found']:.2f} s, all done after {seen['ready']:.2f} s, {seen['cpu']:.1f} CPU-s, "
            f"peak {seen['peak'] / MB:.0f} MB; embedded {seen['embedded']}, old names left: {seen['stale']}"
        )
    for kind, took in life.asked.items():
        _print(f"  asked          {kind:12} {_spread(took)}")
    sizes = ", ".join(f"{part} {size / MB:.1f}" for part, size in life.disk.items())
    _print(f"  disk, MB       {sizes}")
    _print(f"  memory at rest {life.idle / MB:.0f} MB")
    for note in life.notes:
        _print(f"  said: {note}")


def _print_parts(name: str, found: Parts) -> None:
    counts = ", ".join(f"{count} {what}" for what, count in found.counts.items())
    _print(f"\n{name}, stage by stage on one thread: {counts}")
    for stage, cpu in found.cpu.items():
        _print(f"  {stage:24} {found.wall[stage]:7.2f} s, {cpu:7.2f} CPU-s")
    _print(f"  graph query for a cursor {_spread(found.look)}")
    if found.embedding:
        all_of_them = found.counts["chunks to embed"]
        seconds = all_of_them / found.embedding
        _print(f"  {found.embedding:.0f} chunks a CPU second: {seconds:.0f} CPU-s for all {all_of_them}")


def _print_latency(found: Latency) -> None:
    _print(
        f"\n{found.chunks} chunks: made in {found.built:.1f} s, {found.disk / MB:.0f} MB, "
        f"recall@10 of the vectors {found.recall:.3f}"
    )
    for kind, took in found.wall.items():
        _print(f"  {kind:22} {_spread(took)}, {found.cpu[kind]:.1f} CPU-ms")


def _spread(milliseconds: Sequence[float]) -> str:
    if not milliseconds:
        return "not measured"
    ordered = sorted(milliseconds)
    p50, p95 = (ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95))
    return f"p50 {p50:7.1f} ms, p95 {p95:7.1f}, max {ordered[-1]:7.1f} ({len(ordered)})"


def _load() -> str:
    return " ".join(f"{one:.1f}" for one in os.getloadavg())


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
