"""python -m benchmarks.startup: from the start of the process to the answer to `initialize`.

Beside us, in turn, an empty server of pygls, the framework we stand on: what it takes is the floor of any
server made with it. The goal is a median under 400 ms on an idle machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from nearside.editor import SERVE, Editor

BARE = (
    sys.executable,
    "-c",
    "from pygls.lsp.server import LanguageServer; LanguageServer('bare', '1').start_io()",
)


async def start(command: Sequence[str], folder: Path) -> float:
    """Milliseconds until `initialize` is answered."""
    began = time.perf_counter()
    editor = await Editor.start(folder, command)
    took = 1000 * (time.perf_counter() - began)
    await editor.kill()  # an engine it has asked for meanwhile is left alone
    return took


async def measure(runs: int) -> None:
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(runs + 1):  # the first of each warms the disk's cache and does not count
            ours.append(await start(SERVE, Path(folder)))
            bare.append(await start(BARE, Path(folder)))
    ratios = [a / b for a, b in zip(ours[1:], bare[1:], strict=True)]
    for name, times in (("nearside serve", ours[1:]), ("an empty pygls server", bare[1:])):
        print(
            f"{name:24} median {statistics.median(times):6.0f} ms, min {min(times):.0f}, max {max(times):.0f}"
        )
    print(f"ratio, pair by pair      median {statistics.median(ratios):6.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10)
    asyncio.run(measure(parser.parse_args().runs))


if __name__ == "__main__":
    main()
