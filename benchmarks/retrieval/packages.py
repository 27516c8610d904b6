"""The packages the sets are made of: their sources, fetched by pip, npm and apt, kept in the cache folder.

Of a package only what somebody works on is kept: no tests, examples, generated or vendored code.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from settings.paths import cache_dir

PINS = """
dev python pip werkzeug 3.1.3
dev python pip kombu 5.5.4
dev python pip rich 14.2.0
dev python pip pelican 4.11.0
dev python pip luigi 3.6.0
dev python pip tornado 6.5.2
dev typescript npm rxjs 7.8.2
dev typescript npm mobx 7.1.3
dev typescript npm @reduxjs/toolkit 2.14.0
dev go apt golang-github-gin-gonic-gin-dev 1.8.1-1
dev go apt golang-github-minio-minio-go-v7-dev 7.0.46-1
dev go apt golang-github-spf13-viper-dev 1.10.1-1
dev rust apt librust-h2-dev 0.3.13-2
dev rust apt librust-hyper-dev 0.14.19-1
dev rust apt librust-rayon-dev 1.6.1-1
test python pip django 5.2.8
test python pip celery 5.5.3
test python pip networkx 3.5
test python pip sphinx 8.2.3
test python pip trio 0.31.0
test python pip poetry-core 2.2.1
test typescript npm puppeteer-core 24.43.1
test typescript npm ethers 6.17.0
test typescript npm @trpc/server 11.25.2
test typescript npm msw 2.15.0
test go apt golang-github-go-git-go-git-dev 5.4.2-3
test go apt golang-github-hashicorp-raft-dev 1.1.2-1
test go apt golang-github-lucas-clemente-quic-go-dev 0.29.0-1
test rust apt librust-tokio-dev 1.24.2-1
test rust apt librust-cargo-dev 0.66.0-1
test rust apt librust-rustls-dev 0.20.8-4
"""
"""Set, language, client, name and version. Those of apt are of Debian 12, whose versions stay."""
SUFFIXES = {"python": (".py",), "typescript": (".ts", ".tsx"), "go": (".go",), "rust": (".rs",)}
CONFIGURATION = ("go.mod", "package.json", "tsconfig.json", "Cargo.toml")
"""What the graph reads to resolve imports."""
LEFT_OUT = re.compile(
    r"(^|/)(tests?|testing|testdata|docs?|examples?|benches|benchmarks?|fixtures|_?vendor|node_modules|"
    r"third[_-]party|debian)/|(^|/)(test_[^/]*|conftest|setup)\.py$|_test\.(py|go)$|\.(test|spec|d|gen)\.tsx?$|"
    r"\.pb\.go$|(^|/)zz_generated",
    re.IGNORECASE,
)
LARGEST = 400_000
"""Bytes; what is larger is data."""
TIMEOUT = 300
"""Seconds of one download."""


class Unavailable(Exception):
    """A package cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    set: str
    language: str
    client: str
    name: str
    version: str

    @property
    def folder(self) -> str:
        return f"{self.name.strip('@').replace('/', '-')}-{self.version}"


def home() -> Path:
    """Return the folder of what is fetched and made; it may be deleted."""
    return cache_dir() / "benchmarks" / "retrieval"


def listed(of: str) -> list[Package]:
    """Return the packages of a set, `dev` or `test`."""
    every = [Package(*line.split()) for line in PINS.split("\n") if line]
    return [one for one in every if one.set == of]


def sources(package: Package, given: Path | None = None) -> Path:
    """Return the folder of a package's sources, fetched if need be. Raises Unavailable.

    `given` is a folder with packages already there, looked through at any depth; another version than the
    pinned one will do then, and is said.
    """
    target = home() / "sources" / package.folder
    if target.is_dir():
        return target
    archive = _there(package, given) if given else None
    if archive is None:
        archive = _fetched(package)
    elif package.version not in archive.name:
        print(f"{package.name}: {archive.name} in place of {package.version}", file=sys.stderr)
        target = target.with_name(archive.name)
    making = target.with_name(target.name + ".part")
    shutil.rmtree(making, ignore_errors=True)
    count = 0
    for path, data in _members(archive, making.with_name(making.name + ".deb")):
        wanted = path.endswith(SUFFIXES[package.language]) or PurePosixPath(path).name in CONFIGURATION
        if wanted and len(data) <= LARGEST and not LEFT_OUT.search(path):
            place = making / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            count += path.endswith(SUFFIXES[package.language])
    if not count:
        raise Unavailable(f"{archive.name} holds no {package.language} sources")
    _top(making, package.language).replace(target)
    shutil.rmtree(making, ignore_errors=True)
    return target


def _there(package: Package, given: Path) -> Path | None:
    name = re.sub(r"[^a-z0-9]+", "[-_.]", package.name.strip("@").lower())
    pattern = re.compile(rf"{name}[-_]v?\d[^/]*\.(tar\.gz|tgz|whl|zip|deb)$")
    found = sorted(path for path in given.rglob("*") if pattern.match(path.name.lower()))
    exact = [path for path in found if re.search(rf"[-_]{re.escape(package.version)}\b", path.name)]
    return (exact or found or [None])[0]


def _fetched(package: Package) -> Path:
    folder = home() / "archives" / package.folder
    folder.mkdir(parents=True, exist_ok=True)
    if not (found := sorted(folder.iterdir())):
        name, version = package.name, package.version
        print(f"Fetching {name} {version} ({package.client})", file=sys.stderr)
        command = {
            "pip": [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
            + [f"{name}=={version}"],
            "npm": ["npm", "pack", "--silent", f"{name}@{version}"],
            "apt": ["apt-get", "download", f"{name}={version}"],
        }[package.client]
        try:
            subprocess.run(command, cwd=folder, capture_output=True, timeout=TIMEOUT, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable(
                f"{name} {version} is left out, because {package.client} could not fetch it "
                f"({type(error).__name__}); go online, or name a folder that has it with --packages"
            ) from error
        found = sorted(folder.iterdir())
    if not found:
        raise Unavailable(f"{package.name} is left out, because {package.client} fetched nothing")
    return found[0]


def _members(archive: Path, aside: Path) -> Iterator[tuple[str, bytes]]:
    """Yield paths and contents of an archive's files, below its own top folder."""
    if archive.suffix == ".deb":
        shutil.rmtree(aside, ignore_errors=True)
        subprocess.run(["dpkg-deb", "-x", str(archive), str(aside)], check=True, capture_output=True)
        for path in sorted(aside.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(aside).as_posix(), path.read_bytes()
        shutil.rmtree(aside)
    elif archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as opened:
            for name in opened.namelist():
                if not name.endswith("/") and ".." not in name:
                    yield name, opened.read(name)
    else:
        with tarfile.open(archive) as opened:
            for member in opened:
                stream = opened.extractfile(member) if member.isfile() and ".." not in member.name else None
                if stream:
                    yield member.name.partition("/")[2], stream.read()


def _top(folder: Path, language: str) -> Path:
    """Return the deepest folder that has everything: packages of apt have theirs far down."""
    while True:
        inside = list(folder.iterdir())
        if len(inside) != 1 or not inside[0].is_dir() or language == "python":
            return folder
        folder = inside[0]
