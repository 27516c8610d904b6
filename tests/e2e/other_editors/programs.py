"""The editors these tests drive, fetched once into the user's cache folder; each returns how to start it.

Run as a program (`python -m tests.e2e.other_editors.programs`), it fetches all and prints their versions.
"""

from __future__ import annotations

import gzip
import re
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.e2e import debian, neovim
from tests.e2e.fetched import Unavailable, cached, run

LSP_MODE = ["lsp-mode", "dash", "f", "ht", "s", "spinner", "markdown-mode", "lv"]


@dataclass(frozen=True, slots=True)
class Program:
    """An editor, and where the parts of it are that tests put into a user's folders."""

    command: list[str]
    version: str
    """Its own and, where it needs one for LSP, its package's."""
    parts: list[Path] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


def helix() -> Program:
    root, program = _fetched("helix", "usr/bin/hx", "hx")
    version = run([program, "--version"]).split()[1]
    return Program([str(program)], version, environment={"HELIX_RUNTIME": str(root / "usr/lib/hx/runtime")})


def vim() -> Program:
    """Return Vim; its only part is ALE."""
    root, program = _fetched("vim-ale", "usr/bin/vim.basic", "vim", "vim-ale")
    runtime = next((root / "usr/share/vim").glob("vim[0-9]*"))
    version = run([program, "--version"]).splitlines()[0].split("Vi IMproved ")[1].split()[0]
    ale = root / "usr/share/vim-ale"
    said = _said(r"current_ale_version = \[(.*?)\]", (ale / "autoload/ale.vim").read_text("utf-8"))
    return Program(
        [str(program)],
        f"{version} with ALE {said.replace(', ', '.')}",
        [ale],
        {"VIM": str(runtime.parent), "VIMRUNTIME": str(runtime)},
    )


def emacs() -> Program:
    """Return Emacs for a terminal; its parts are lsp-mode and what that needs."""
    packages = ["emacs-nox", *(f"elpa-{name}" for name in LSP_MODE)]
    root, program = _fetched("emacs", "usr/bin/emacs-nox", *packages)
    version = run([program, "--version"]).splitlines()[0].split()[-1]
    shared, own = root / f"usr/share/emacs/{version}", root / f"usr/libexec/emacs/{version}"
    own = next(own.iterdir())
    image = next(own.glob("*.pdmp"))
    with gzip.open(shared / "lisp/progmodes/eglot.el.gz", "rt", encoding="utf-8") as source:
        eglot = _said(r"^;; Version: (\S+)", source.read(10_000))
    parts = sorted((root / "usr/share/emacs/site-lisp/elpa-src").iterdir())
    lsp_mode = next(part.name for part in parts if part.name.startswith("lsp-mode-"))
    return Program(
        [str(program), f"--dump-file={image}"],
        f"{version} with eglot {eglot} and {lsp_mode.replace('mode-', 'mode ')}",
        parts,
        {  # it looks for all of this in /usr otherwise
            "EMACSPATH": str(own),
            "EMACSDATA": str(shared / "etc"),
            "EMACSDOC": str(shared / "etc"),
            "EMACSLOADPATH": str(shared / "lisp"),
        },
    )


def plain_neovim() -> Program:
    """Return Neovim, for its own LSP client without our plugin."""
    program = neovim.neovim()
    return Program([str(program)], ".".join(map(str, neovim.version_of(program))))


def tmux() -> Program:
    """Return the terminal the editors run in."""
    program = shutil.which("tmux") or str(_fetched("tmux", "usr/bin/tmux", "tmux")[1])
    return Program([program], run([program, "-V"]).split()[-1])


def _said(pattern: str, text: str) -> str:
    """Return the version that a source file states."""
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else "of an unknown version"


def _fetched(name: str, program: str, *packages: str) -> tuple[Path, Path]:
    fetch = partial(debian.unpack, list(packages), programs=[program])
    found = cached(f"{name}-{debian.SUITE}", program, fetch, Path.stat)
    return found.parents[len(Path(program).parts) - 1], found


EDITORS = {"helix": helix, "vim": vim, "emacs": emacs, "neovim": plain_neovim, "tmux": tmux}
"""What finds each; raises Unavailable."""

if __name__ == "__main__":
    for name, find in EDITORS.items():
        try:
            print(name, find().version)
        except Unavailable as reason:
            print(name, "is not available:", reason)
