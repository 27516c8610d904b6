"""Which file an address of the site stands for."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

INDEX = "index.html"


class NotFound(LookupError):
    """The site has nothing at an address."""


class Files:
    """The files of one site, below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def find(self, address: str) -> Path:
        """Return the file for an address as it came: quoted, with what follows a question mark.

        The index of a folder stands for the folder. Raises NotFound.
        """
        path = address.partition("?")[0].partition("#")[0]
        root = os.path.realpath(self.root)
        try:
            file = Path(os.path.realpath(os.path.join(root, unquote(path).lstrip("/"))))
            if file.is_dir():
                file = Path(os.path.realpath(file / INDEX))
            if not file.is_relative_to(root) or not file.is_file():
                raise NotFound(address)
        except (ValueError, OSError):
            raise NotFound(address) from None
        return file

    def addresses(self) -> list[str]:
        """Return the addresses of everything there is."""
        files = (file for file in self.root.rglob("*") if file.is_file())
        return sorted("/" + file.relative_to(self.root).as_posix() for file in files)
