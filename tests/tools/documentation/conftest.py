"""A project with an environment of its own, made of files a test writes; nothing in it is ever run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from settings.schema import Docs
from tools.documentation import Doc, Library, NotFound
from tools.documentation.index import Index


class Project:
    """A project folder, its site-packages, and a library of both."""

    def __init__(self, root: Path, index: Path) -> None:
        self.root, self.index_file = root, index
        self.site = root / ".venv" / "lib" / "python3.11" / "site-packages"
        self.site.mkdir(parents=True)
        home = Path(sys.base_prefix) / "bin"
        (root / ".venv" / "pyvenv.cfg").write_text(f"home = {home}\nversion = 3.11.9\n")
        self.folders: tuple[str, ...] = ()
        self.library = Library(root, Docs(), Index(index))

    def write(self, files: dict[str, str], below: Path | None = None) -> None:
        """Write files, by their paths in site-packages or another folder."""
        for path, text in files.items():
            file = (below or self.site) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def renewed(self, folders: tuple[str, ...] = ()) -> Library:
        """Return another library on the same index, as the next process has it."""
        self.library.close()
        self.library = Library(self.root, Docs(folders=folders), Index(self.index_file))
        return self.library

    def look(self, name: str, language: str = "python") -> Doc:
        return self.library.look(name, language)

    def refusal(self, name: str, language: str = "python") -> str:
        """Return why a name is not found; it has to be one line."""
        with pytest.raises(NotFound) as caught:
            self.library.look(name, language)
        message = str(caught.value)
        assert "\n" not in message and len(message) < 500
        return message


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    for name in (
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "GOPATH",
        "GOMODCACHE",
        "GOROOT",
        "CARGO_HOME",
        "RUSTUP_HOME",
    ):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "app").mkdir()
    made = Project(tmp_path / "app", tmp_path / "index.db")
    yield made
    made.library.close()


Look = Callable[[str], Doc]
