"""A project from its first opening on, in the real process: opened, asked, edited, switched, opened again."""

from __future__ import annotations

import asyncio
import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.index_process import Cost, Watched, process
from benchmarks.index_sources import switch
from settings.paths import cache_dir
from settings.schema import Retrieval

BUDGET = 4_000
"""Characters of context, about what a completion's prompt holds."""
FUNCTION = """

def quokka_{0}(value):
    '''The numbat{0} and the wombat{0} of a value.'''
    return value + {0}
"""
"""What is written into a file; nothing else in the project has these words."""
TYPED, SAVED, EMBEDDED = "typed, found by name", "saved, found by words", "saved, nothing left to do"
AFTER_EDIT = 0.7
"""Seconds until the system's own word of a change has come, and the process is idle again."""


@dataclass
class Life:
    """What was seen of one project."""

    name: str
    first: dict[str, Cost] = field(default_factory=dict)
    """Stages of the first opening, each since the start."""
    again: dict[str, Cost] = field(default_factory=dict)
    """Stages of a later opening with nothing changed."""
    edit: dict[str, list[float]] = field(default_factory=dict)
    """Milliseconds of each edit until it was found."""
    edit_cpu: float = 0.0
    """CPU seconds of one saved edit."""
    switched: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, list[float]] = field(default_factory=dict)
    """Milliseconds of each request."""
    disk: dict[str, int] = field(default_factory=dict)
    """Bytes, by part of the index."""
    idle: int = 0
    """Resident bytes when all was done."""
    status: dict[str, Any] = field(default_factory=dict)
    reread: dict[str, int] = field(default_factory=dict)
    """Files parsed and texts embedded by the opening with nothing changed; should be none."""
    notes: list[str] = field(default_factory=list)


async def live(
    name: str, root: Path, other: Path | None, edits: int, requests: int, settings: Retrieval
) -> Life:
    """Index `root` from nothing and live with it; `other` is the branch that is switched to and back from.

    The cache folder should be an empty one.
    """
    life = Life(name)
    places = cursors(root, requests)
    async with process(root, settings) as watched:
        life.first = await _opened(watched, places[0])
        life.status = await watched.ask("status")
        await watched.settled(0.0)
        life.idle = watched.meter.memory()
        life.disk = disk()
        life.asked = await asked(watched, places, questions(root, requests))
        life.edit, life.edit_cpu = await _edited(watched, root, edits)
        if other:
            aside = root.with_name(root.name + ".aside")
            root_before = aside / root.name
            switch_copy(root, root_before)
            life.switched["to the other"] = await _switched(watched, root, other)
            life.switched["and back"] = await _switched(watched, root, root_before)
        life.notes += watched.notes
    async with process(root, settings) as watched:
        life.again = await _opened(watched, places[0])
        status = await watched.ask("status")
        life.reread = {key: status[key] for key in ("parsed", "embedded")}
        life.notes += watched.notes
    return life


def switch_copy(root: Path, to: Path) -> None:
    """Keep a copy of a project to come back to."""
    to.mkdir(parents=True)
    switch(to, root)


async def _opened(watched: Watched, place: dict[str, Any]) -> dict[str, Cost]:
    """Return what each stage took since the start of the process."""
    found: dict[str, Cost] = {}
    began = watched.began
    name = re.findall(r"^(?:def|class) (\w+)", place["text"], re.MULTILINE)[0]

    async def answering() -> Cost:
        await watched.ask("symbols", query=name)
        return Cost(time.perf_counter() - began, watched.meter.cpu(), 0)

    async def known() -> Cost:
        async def named() -> bool:
            found = (await watched.ask("symbol", name=name))["symbols"]
            return any(one["path"] == place["path"] for one in found)

        at = await watched.comes(named, every=0.05)
        return Cost(at - began, watched.meter.cpu(), 0)

    found["first answer"] = await answering()
    first = asyncio.create_task(known())
    at = await watched.until("known")
    found["first definition"] = await first
    found["graph and words"] = Cost(at - began, watched.meter.cpu(), watched.meter.peak())
    at = await watched.until("ready")
    found["vectors"] = Cost(at - began, watched.meter.cpu(), watched.meter.peak())
    return found


async def asked(watched: Watched, places: list[dict[str, Any]], queries: list[str]) -> dict[str, list[float]]:
    """Ask everything an editor asks; return milliseconds, the first few left out."""
    names = [word for query in queries for word in query.split()[:1]]
    kinds: dict[str, list[dict[str, Any]]] = {
        "context": places,
        "search": [{"query": query, "limit": 10} for query in queries],
        "symbols": [{"query": name, "limit": 50} for name in names],
        "symbol": [{"name": name} for name in names],
        "references": [{"name": name} for name in names],
        "map": [{"budget": BUDGET, "focus": [place["path"]]} for place in places[:20]],
    }
    times: dict[str, list[float]] = {}
    for kind, all_params in kinds.items():
        took = []
        for params in all_params:
            began = time.perf_counter()
            await watched.ask(kind, **params)
            took.append(1000 * (time.perf_counter() - began))
        times[kind] = took[min(3, len(took) // 4) :]
    return times


async def _edited(watched: Watched, root: Path, count: int) -> tuple[dict[str, list[float]], float]:
    """Write a new function into one file after another; see when it is found."""
    times: dict[str, list[float]] = {TYPED: [], SAVED: [], EMBEDDED: []}
    files = chosen(root, count)
    cpu = 0.0
    for number, path in enumerate(files, 1_000):
        relative, text = path.relative_to(root).as_posix(), path.read_text("utf-8") + FUNCTION.format(number)

        async def named(name: str = f"quokka_{number}") -> bool:
            return bool((await watched.ask("symbol", name=name))["symbols"])

        async def worded(words: str = f"numbat{number} wombat{number}") -> bool:
            hits = (await watched.ask("search", query=words, limit=5))["hits"]
            return any("words" in hit["why"] and words.split()[0] in hit["text"] for hit in hits)

        began = time.perf_counter()
        watched.client.notify("edited", {"path": relative, "text": text, "language": "python"})
        times[TYPED].append(await watched.comes(named) - began)
        await asyncio.sleep(0.2)
        watched.mark()
        path.write_text(text, "utf-8")
        began = time.perf_counter()
        watched.client.notify("saved", {"path": relative})
        times[SAVED].append(await watched.comes(worded) - began)
        times[EMBEDDED].append(await watched.until("ready", began) - began)
        cpu += watched.cost().cpu
        await asyncio.sleep(AFTER_EDIT)
    found = {key: [1000 * value for value in values] for key, values in times.items()}
    return found, cpu / max(1, len(files))


async def _switched(watched: Watched, root: Path, to: Path) -> dict[str, Any]:
    """Change the files as a checkout does, tell nothing, and wait until all is known again."""
    new = _only_in(to, root)
    gone = _only_in(root, to)
    before = (await watched.ask("status"))["embedded"]
    watched.mark()
    began = time.perf_counter()
    written, removed = await asyncio.to_thread(switch, root, to)
    wrote = time.perf_counter()

    async def named() -> bool:
        return bool((await watched.ask("symbol", name=new))["symbols"])

    found = await watched.comes(named, every=0.05) if new else float("nan")
    ready = await watched.settled(wrote)
    cost = watched.cost(ready)
    stale = bool(gone and (await watched.ask("symbol", name=gone))["symbols"])
    status = await watched.ask("status")
    return {
        "written": written, "removed": removed, "writing": wrote - began, "found": found - wrote,
        "ready": ready - wrote, "cpu": cost.cpu, "peak": cost.peak, "stale": stale,
        "embedded": status["embedded"] - before, "pending": status["pending"],
    }  # fmt: skip


def _only_in(root: Path, other: Path) -> str:
    """Return a name that one tree defines and the other does not; empty if there is none."""

    def names(folder: Path) -> dict[str, int]:
        found: dict[str, int] = {}
        for path in sorted(folder.rglob("*.py")):
            for name in re.findall(r"^(?:def|class) (\w+)", path.read_text("utf-8", "replace"), re.MULTILINE):
                found[name] = found.get(name, 0) + 1
        return found

    return next(reversed(sorted(names(root).keys() - names(other).keys())), "")


def chosen(root: Path, count: int) -> list[Path]:
    """Return files somebody might work on: code of usual length, always the same ones."""
    files = sorted(path for path in root.rglob("*.py") if path.is_file() and "tests" not in path.parts)
    files = [path for path in files if 2_000 < path.stat().st_size < 40_000 and _is_text(path)]
    return random.Random(4).sample(files, min(count, len(files)))


def cursors(root: Path, count: int) -> list[dict[str, Any]]:
    """Return places in the project's code where somebody could ask for a completion."""
    places, pick = [], random.Random(7)
    for path in chosen(root, 10 * count):
        text = path.read_text("utf-8")
        lines = text.split("\n")
        inside = [n for n, line in enumerate(lines) if n > 20 and re.match(r"\s+[\w.]+(?: = |\()", line)]
        if not inside or not re.search(r"^(?:def|class) \w", text, re.MULTILINE):
            continue
        number = pick.choice(inside)
        cut = re.match(r"\s+[\w.]*(?: = |\()", lines[number])
        head = cut.group() if cut else ""
        places.append({
            "path": path.relative_to(root).as_posix(), "language": "python", "budget": BUDGET, "text": text,
            "prefix": "\n".join([*lines[:number], head]),
            "suffix": "\n".join([lines[number][len(head) :], *lines[number + 1 :]]),
        })  # fmt: skip
        if len(places) == count:
            break
    return places


def questions(root: Path, count: int) -> list[str]:
    """Return words people could ask for: a function's name and the first line of its docstring."""
    found = []
    for path in chosen(root, 10 * count):
        said = re.search(r'def (\w+)\([^\n]*:\n\s+"""([A-Z][^"\n]{20,100})', path.read_text("utf-8"))
        if said:
            found.append(f"{said[1]} {said[2]}")
    return (found * count)[:count]


def disk() -> dict[str, int]:
    """Return the bytes of the index and of the vectors kept for all projects."""
    home = cache_dir()
    sizes = {"store": 0, "facts": 0, "vectors kept": 0}
    for path in home.rglob("*"):
        if path.is_file():
            first = path.relative_to(home).parts[0]
            part = "vectors kept" if first == "vectors" else "store" if "store" in path.parts else "facts"
            sizes[part] += path.stat().st_size
    return sizes


def _is_text(path: Path) -> bool:
    try:
        path.read_text("utf-8")
    except UnicodeDecodeError:
        return False
    return True
