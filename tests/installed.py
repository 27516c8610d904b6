"""Builds the wheel and installs it into a fresh environment that borrows this one's dependencies, no more."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lsp_client import LspClient

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    "settings",
    "syntax",
    "inference",
    "retrieval",
    "tools",
    "actions",
    "lsp_server",
    "nearside",
    "tests",
    "training",
    "benchmarks",
)
FILES = ("pyproject.toml", "README.md", "LICENSE", "NOTICE")


@dataclass(frozen=True)
class Installed:
    """A wheel and the environment it is installed in."""

    wheel: Path
    python: Path
    script: Path


def install(folder: Path) -> Installed:
    """Build from a copy of the sources, so that the checkout stays as it is, and install the result."""
    sources = folder / "sources"
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, sources / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--no-deps", "--no-index"]
    build = [*pip, "wheel", ".", *options, "--no-build-isolation", "-w", str(folder / "dist")]
    _run(build, sources)
    [wheel] = (folder / "dist").glob("*.whl")

    environment = folder / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    binaries = environment / ("Scripts" if sys.platform == "win32" else "bin")
    python = binaries / "python"
    _run([*pip, "--python", str(python), "install", *options, str(wheel)], folder)
    variables = {"base": str(environment), "platbase": str(environment)}
    site = Path(sysconfig.get_path("purelib", vars=variables))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(wheel, python, binaries / "nearside")


@asynccontextmanager
async def serving(command: Sequence[str | Path], folder: Path, errors: Path) -> AsyncIterator[LspClient]:
    """Start a server in `folder`, with its stderr in the file `errors`, and end it in any case."""
    pipe = asyncio.subprocess.PIPE
    with errors.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, stdin=pipe, stdout=pipe, stderr=stderr
        )
    try:
        yield LspClient(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
