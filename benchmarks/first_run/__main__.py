"""python -m benchmarks.first_run: from nothing to the first suggestion, with every message a user sees.

Needs git, tmux and what the editors' tests need. With pip's cache by default, as on a user's second machine;
--cold has none, and llama.cpp is compiled. What is committed is what is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.first_run import demo, neovim, peer, vscode
from benchmarks.first_run.home import GaveUp, Home
from benchmarks.first_run.timeline import Timeline, packages
from tests.e2e.fetched import Unavailable

PARTS: dict[str, Callable[[Home], Timeline]] = {
    "neovim": neovim.first_run,
    "vscode": vscode.first_run,
    "demo": demo.first_run,
    "peer": peer.first_run,
}
LARGEST = 12
"""Packages to name."""


def machine() -> str:
    """Return the day, the machine and its load, in a line."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({platform.machine()}), load {load}"


def ratios(timelines: dict[str, Timeline]) -> list[str]:
    """Return each part beside the peer, in words."""
    peer = timelines.get("peer")
    if peer is None or not peer.seconds or not peer.megabytes:
        return []
    return [
        f"{name} / llama.vim: {one.seconds / peer.seconds:.1f} times the seconds, "
        f"{one.megabytes / peer.megabytes:.1f} times the MB"
        for name, one in timelines.items()
        if one is not peer
    ]


def largest(home: Path) -> list[tuple[str, int]]:
    """Return the largest packages of whatever was installed below a home."""
    sites = [site for site in home.rglob("site-packages") if (site / "llama_cpp").exists()]
    return packages(sites[0], LARGEST) if sites else []


def measure(names: Sequence[str], cold: bool) -> tuple[dict[str, Timeline], list[tuple[str, int]]]:
    """Run the parts one after the other, each in a home of its own; one that fails is told on stderr."""
    timelines, sizes = {}, []
    for name in names:
        folder = Path(tempfile.mkdtemp(prefix="ns-first-"))
        try:
            timelines[name] = PARTS[name](Home(folder, cold))
            if name == "neovim":
                sizes = largest(folder)
        except (GaveUp, Unavailable) as reason:
            print(f"{name} did not come to a first suggestion: {reason}", file=sys.stderr)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return timelines, sizes


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--cold", action="store_true", help="without pip's cache")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    names = arguments.parts or [*PARTS]
    unknown = sorted({*names} - {*PARTS})
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    before = machine()
    timelines, sizes = measure(names, arguments.cold)
    if arguments.json:
        parts = {
            name: {"seconds": one.seconds, "megabytes": one.megabytes, "moments": [*map(asdict, one.moments)]}
            for name, one in timelines.items()
        }
        whole = {"machine": before, "cold": arguments.cold, "parts": parts, "packages": dict(sizes)}
        print(json.dumps(whole, indent=1, ensure_ascii=False))
    else:
        cache = "without pip's cache" if arguments.cold else "with pip's cache"
        print(f"{before}; {cache}\n")
        print("\n\n".join(one.markdown() for one in timelines.values()))
        if sizes:
            print(f"\nLargest, in MB: {', '.join(f'{name} {size}' for name, size in sizes)}")
        print("\n".join(["", *ratios(timelines)]))
    return 0 if len(timelines) == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
