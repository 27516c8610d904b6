"""llama.vim in the same Neovim, with llama-server and our bundled model: the nearest there is to our plugin.

Both come as Debian's packages, built; elsewhere a user compiles llama.cpp or downloads it. The user would
have to download a model, too; ours is there already, and both are given it.
"""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from subprocess import DEVNULL

from benchmarks.first_run.home import REPOSITORY, GaveUp, Home, Shell
from benchmarks.first_run.timeline import Timeline, megabytes
from benchmarks.first_run.typing import Watched, put_neovim, type_until_ghost
from tests.e2e import debian, neovim

MODEL = REPOSITORY / "inference/models/nearside-fim.gguf"
PACKAGES = ["llama.cpp-tools", "vim-llama.cpp"]
PROGRAM = "usr/bin/llama-server"
BACKEND = "libggml-cpu-x64.so"
"""The one that any processor of this kind runs; llama-server chooses a better one where it is installed."""
PORT = 8012
"""Where llama.vim asks by default."""
OPTIONS = ["--port", str(PORT), "--threads", "1", "--ctx-size", "1024"]
CONFIG = "vim.g.llama_config = { show_info = 0, n_prefix = 32, n_suffix = 8, ring_n_chunks = 0 }\n"
"""By default it sends more lines than the bundled model's 1,024 tokens hold; the answer is an error then."""
NAMESPACE = "vt_fim"
LONGEST_START = 120.0


def first_run(home: Home) -> Timeline:
    """Return the way to the first ghost text of llama.vim. Raises GaveUp, Unavailable."""
    put_neovim(home, neovim.neovim())
    home.clone(Timeline(""))  # only for the file that is opened
    root = home.folder / "apt"
    root.mkdir()
    timeline = Timeline("llama.vim with llama-server")
    debian.unpack(PACKAGES, root, [PROGRAM])
    timeline.step(f"`apt install {' '.join(PACKAGES)}`, with Vim and the C library", megabytes(root))
    library = next(root.glob("usr/lib/*/ld-linux*.so.*")).parent
    places = {
        "GGML_BACKEND_PATH": str(next(library.glob(f"ggml/*/{BACKEND}"))),
        "LD_LIBRARY_PATH": f"{library / 'llama'}:{library}",  # where they are when not installed
    }
    plugin = f"vim.opt.runtimepath:prepend('{root / 'usr/share/vim-llama.cpp'}')\n"
    home.write(".config/nvim/init.lua", f"{plugin}{CONFIG}")
    timeline.step("init.lua: the plugin")
    serve = [root / PROGRAM, "--model", MODEL, *OPTIONS]
    with subprocess.Popen(
        serve, env={**home.environment, **places}, stdout=DEVNULL, stderr=DEVNULL
    ) as server:
        try:
            _listens()
            timeline.step("`llama-server` started in another terminal; it has its model")
            shell = Shell(home, timeline)
            try:
                type_until_ghost(shell, timeline, _ghost, lambda _: "")
            finally:
                shell.terminal.close()
        finally:
            server.terminate()
    timeline.step("first suggestion", megabytes(root) + round(MODEL.stat().st_size / 1e6))
    return timeline


def _ghost(editor: Watched) -> str:
    return "".join(editor.marks(NAMESPACE))


def _listens() -> None:
    """Wait until the server has its model. Raises GaveUp."""
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=5):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise GaveUp(f"llama-server was not ready within {LONGEST_START:.0f} s")
