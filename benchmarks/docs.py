"""What documentation on this machine is worth: names found, time taken, and completions that are right.

`python -m benchmarks.docs --lookups` asks for forty names of the packages installed here; `--completions`
has the bundled model complete names of invented packages with and without their documentation.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.docs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--lookups", action="store_true", help="names found, and the time it takes")
    parser.add_argument("--completions", action="store_true", help="invented APIs, with and without it")
    parser.add_argument("--model", type=Path, help="default: the bundled one")
    parser.add_argument("--projects", type=int, default=8, help="default: %(default)s")
    parser.add_argument("--holes", type=int, default=25, help="of a project; default: %(default)s")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.lookups or not arguments.completions:
        from benchmarks.docs_lookups import report

        print(report())
    if arguments.completions or not arguments.lookups:
        from benchmarks.docs_context import completions

        print(completions(arguments.model, arguments.projects, arguments.holes, arguments.threads))


if __name__ == "__main__":
    main()
