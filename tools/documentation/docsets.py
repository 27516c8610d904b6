"""Documentation the user has fetched: Dash and Zeal docsets, DevDocs folders, Sphinx inventories."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from tools.documentation.choices import nearest
from tools.documentation.doc import Deadline, Doc, NotFound, meant, plain
from tools.documentation.files import Unreadable, bytes_of, is_file, listed, text_of
from tools.documentation.html_text import text_of_html
from tools.documentation.index import Entry, Index, Read

LARGEST_PAGE = 20_000_000
LARGEST_DATABASE = 300_000_000
MOST_NAMES = 500_000
MOST_PLACES = 200
_LAST = re.compile(r"[\w$]+(?:\(\))?$")
_ADDRESS = re.compile(r"(.*?)\s+(https?://\S+)$")
_OBJECT = re.compile(r"(.+?)\s+(\S+:\S+)\s+(-?\d+)\s+(\S*)\s+(.*)")
_CALL = re.compile(r"\(\)$")
READER = "docset 1"


@dataclass(frozen=True)
class Found:
    """A name in a set, and the page it is on."""

    name: str
    kind: str
    path: str


@dataclass(frozen=True)
class Set:
    """One set of documentation on the disk."""

    kind: str
    """`docset`, `DevDocs` or `Sphinx`."""
    name: str
    path: Path
    address: str = ""
    """Where its pages are online, if the user says so."""


class Docsets:
    """The sets in the folders of the user's settings."""

    def __init__(self, project: Path, folders: Sequence[str], index: Index) -> None:
        self.index = index
        self.sets = tuple(one for written in folders for one in _sets(project, written))[:MOST_PLACES]
        self.problems: list[str] = []

    def look(self, name: str, deadline: Deadline) -> Doc | None:
        """Return what the sets say of a name, or of one that ends in it; None where they do not know it.

        Raises NotFound, with what was meant or which set is broken.
        """
        self.problems = []
        close: list[str] = []
        for one in self.sets:
            deadline.check()
            try:
                if found := self._find(one, name):
                    return self._doc(one, found)
                close += self._near(one, name)
            except Unreadable as error:
                self.problems.append(str(error))
        if close or self.problems:
            why = f", and {self.problems[0]}" if self.problems else ""
            raise NotFound(f"{name} is in none of the configured sets{why}{meant(nearest(name, close))}")
        return None

    def _find(self, one: Set, name: str) -> Found | None:
        entries = self.index.entries(_names_of(one), f"{READER} {one.kind}", READERS[one.kind])
        if entries.problem:
            raise Unreadable(entries.problem)
        wanted = _CALL.sub("", name)
        for choice in (name, wanted, f"{wanted}()", "…" + wanted.rpartition(".")[2].rpartition("::")[2]):
            entry = entries.get(choice)
            if entry and choice.startswith("…"):  # by its last part: what the rest of the name fits
                full = [full for full in entry.text.split("\n") if _CALL.sub("", full).endswith(wanted)]
                entry = entries.get(min(full, key=len)) if full else None
            if entry:
                return Found(entry.name, entry.signature, entry.target)
        return None

    def _near(self, one: Set, name: str) -> list[str]:
        entries = self.index.entries(_names_of(one), f"{READER} {one.kind}", READERS[one.kind])
        holder = name.rpartition(".")[0]
        return [entry.name for entry in entries.below(holder)][:2000] if holder else []

    def _doc(self, one: Set, found: Found) -> Doc:
        path, _, anchor = found.path.partition("#")
        text, where = "", found.path
        if one.kind == "DevDocs":
            pages = _json(one.path / "db.json", LARGEST_DATABASE)
            page = pages.get(path) if isinstance(pages, dict) else None
            text = text_of_html(str(page or ""), anchor)
            where = (
                one.address.rstrip("/") + "/" + found.path
                if one.address
                else f"{one.path}/db.json#{found.path}"
            )
        else:
            root = one.path / "Contents/Resources/Documents" if one.kind == "docset" else one.path.parent
            file = _inside(root, unquote(re.sub(r"^<dash_entry_[^>]*>|<dash_entry_[^>]*>", "", path)))
            if file:
                text = text_of_html(text_of(file, LARGEST_PAGE), unquote(anchor))
                where = file.as_uri() + (f"#{quote(unquote(anchor), safe='/')}" if anchor else "")
            if one.address:
                where = one.address.rstrip("/") + "/" + found.path
        about = text or f"{one.name} lists it as {found.kind}; its page is not on this machine."
        version = _version(one)
        return Doc(found.name, "", plain(about), version, where, one.kind)


def _sets(project: Path, written: str) -> Iterator[Set]:
    """Yield the sets that one entry of the settings names: a set itself, or a folder of some."""
    address = ""
    if spelled := _ADDRESS.match(written):
        written, address = spelled[1], spelled[2]
    path = project / os.path.expanduser(written)
    if found := _set(path, address):
        yield found
        return
    for name in listed(path, 500):
        if found := _set(path / name, address):
            yield found


def _set(path: Path, address: str) -> Set | None:
    if path.suffix == ".docset":
        return Set("docset", path.stem, path, address)
    if path.name.endswith(".inv"):
        return Set("Sphinx", path.parent.name, path, address)
    if is_file(path / "index.json") and is_file(path / "db.json"):
        return Set("DevDocs", path.name, path, address)
    if is_file(path / "objects.inv"):
        return Set("Sphinx", path.name, path / "objects.inv", address)
    return None


def _names_of(one: Set) -> Path:
    """Return the file of a set that lists its names."""
    inside = {"docset": "Contents/Resources/docSet.dsidx", "DevDocs": "index.json", "Sphinx": ""}[one.kind]
    return one.path / inside if inside else one.path


def _inside(root: Path, path: str) -> Path | None:
    """Return a page of a set; None for a path that leads out of it, or to nothing."""
    try:
        file = (root / path).resolve()
        return file if file.is_relative_to(root.resolve()) and is_file(file) else None
    except (OSError, ValueError, RuntimeError):
        return None


def _version(one: Set) -> str:
    if one.kind == "Sphinx":
        try:
            head = bytes_of(one.path, LARGEST_PAGE)[:1000].split(b"\n")
        except Unreadable:
            return ""
        line = next((line for line in head if line.startswith(b"# Version:")), b"")
        return line.removeprefix(b"# Version:").decode("utf-8", "replace").strip()
    if one.kind == "DevDocs":
        try:
            about = _json(one.path / "meta.json", LARGEST_PAGE)
        except Unreadable:
            return one.name.partition("~")[2]
        return str(about.get("release", "")) if isinstance(about, dict) else ""
    return ""


def _json(path: Path, most: int) -> Any:
    try:
        return json.loads(bytes_of(path, most))
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable(f"{path} is no JSON") from None


def _docset(path: Path) -> Read:
    """Read the names of a Dash docset: `searchIndex`, or the tables of Core Data in older ones."""
    bytes_of(path, LARGEST_DATABASE)[:0]  # a plain file of a size that can be read, or Unreadable
    address = f"file:{quote(str(path))}?mode=ro&immutable=1"
    queries = (
        f"SELECT name, type, path FROM searchIndex LIMIT {MOST_NAMES}",
        "SELECT t.ZTOKENNAME, y.ZTYPENAME, f.ZPATH || coalesce('#' || m.ZANCHOR, '') FROM ZTOKEN t "
        "JOIN ZTOKENMETAINFORMATION m ON m.ZTOKEN = t.Z_PK JOIN ZFILEPATH f ON m.ZFILE = f.Z_PK "
        f"JOIN ZTOKENTYPE y ON t.ZTOKENTYPE = y.Z_PK LIMIT {MOST_NAMES}",
    )
    try:
        database = sqlite3.connect(address, uri=True, timeout=0.2)
    except sqlite3.Error as error:
        raise Unreadable(f"the docset {path} cannot be opened: {error}") from None
    try:
        for query in queries:
            try:
                rows = database.execute(query).fetchall()
            except sqlite3.OperationalError as error:
                problem = error
                continue
            return _listed([Found(str(name), str(kind), str(page)) for name, kind, page in rows])
    except sqlite3.Error as error:
        raise Unreadable(f"the docset {path} is damaged: {error}") from None
    finally:
        database.close()
    raise Unreadable(f"the docset {path} is damaged: {problem}")


def _devdocs(path: Path) -> Read:
    listing = _json(path, LARGEST_DATABASE)
    entries = listing.get("entries", ()) if isinstance(listing, dict) else ()
    rows = [one for one in entries[:MOST_NAMES] if isinstance(one, dict)] if isinstance(entries, list) else []
    return _listed(
        [Found(str(o.get("name", "")), str(o.get("type", "")), str(o.get("path", ""))) for o in rows]
    )


def _inventory(path: Path) -> Read:
    """Read a Sphinx inventory of version 2: four lines of text, then lines of objects, compressed by zlib."""
    data = bytes_of(path, LARGEST_PAGE)
    head, rest = data[:2000].split(b"\n", 4)[:4], b"".join(data.split(b"\n", 4)[4:])
    if not head[0].startswith(b"# Sphinx inventory version 2"):
        raise Unreadable(f"{path} is no inventory of Sphinx")
    try:
        text = zlib.decompressobj().decompress(rest, LARGEST_PAGE).decode("utf-8", "replace")
    except zlib.error:
        raise Unreadable(f"{path} is damaged") from None
    found = []
    for line in islice(io.StringIO(text), MOST_NAMES):
        if one := _OBJECT.match(line.rstrip("\r\n")):
            found.append(Found(one[1], one[2], one[4][:-1] + one[1] if one[4].endswith("$") else one[4]))
    return _listed(found)


def _listed(found: list[Found]) -> Read:
    """Return names as entries, and for each last part of names the names that end in it."""
    made: dict[str, Entry] = {}
    by_last: dict[str, list[str]] = {}
    for one in found:
        if one.name and one.name not in made:
            made[one.name] = Entry(one.name, "name", one.kind, "", 1, one.path)
            if last := _LAST.search(one.name):
                by_last.setdefault(_CALL.sub("", last[0]), []).append(one.name)
    ends = (Entry("…" + last, "end", "", "\n".join(names[:50])) for last, names in by_last.items())
    return Read((*made.values(), *ends))


READERS = {"docset": _docset, "DevDocs": _devdocs, "Sphinx": _inventory}
