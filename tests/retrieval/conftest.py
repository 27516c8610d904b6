"""A small project, and its index made in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from retrieval.pace import Progress
from retrieval.workspace import Workspace, put_together
from settings.schema import Retrieval
from tests.retrieval.hashing import Hashing

FILES = {
    "shop/cart.py": (
        "from shop.money import Money\n\n\n"
        "class Cart:\n"
        '    """What somebody wants to buy."""\n\n'
        "    def total_price(self) -> Money:\n"
        "        return sum((line.price for line in self.lines), Money(0))\n"
    ),
    "shop/money.py": "class Money:\n    def __init__(self, cents: int):\n        self.cents = cents\n",
    "shop/mail.py": "def send_receipt(address, cart):\n    return deliver(address, cart.total_price())\n",
    "README.md": "# Shop\n\nA shop that sells things.\n",
}


@dataclass
class Project:
    """A folder of files, and ways to index it."""

    root: Path
    embedder: Hashing = field(default_factory=Hashing)
    progress: list[Progress] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    opened: ExitStack = field(default_factory=ExitStack)

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def together(self, settings: Retrieval | None = None) -> Workspace:
        """Put the parts together; nothing is opened."""
        return put_together(
            self.root,
            settings or Retrieval(),
            self.progress.append,
            self.notes.append,
            lambda *_, **__: self.embedder,
        )

    @contextmanager
    def open(self, settings: Retrieval | None = None, *, write: bool = True) -> Iterator[Workspace]:
        """Open the index as one process would."""
        workspace = self.together(settings)
        if write:
            assert workspace.lock.take()
        workspace.indexer.shelf.open(write=write)
        try:
            yield workspace
        finally:
            workspace.indexer.catalogue.close()
            workspace.lock.release()

    @contextmanager
    def index(self, settings: Retrieval | None = None) -> Iterator[Workspace]:
        """Open the index and bring it up to date, vectors too."""
        with self.open(settings) as workspace:
            workspace.indexer.scan()
            while workspace.indexer.embed():
                pass
            yield workspace


@pytest.fixture
def project(home: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr("retrieval.filling.TINY", 0)  # so is everything in this project
    project = Project(home / "project")
    for path, text in FILES.items():
        project.write(path, text)
    return project


@pytest.fixture
def found() -> Callable[..., list[str]]:
    """Return a function that searches and returns `path:symbol`."""

    def search(workspace: Workspace, query: str, k: int = 5) -> list[str]:
        return [f"{one.path}:{one.symbol}" for one in workspace.search.search(query, k)]

    return search
