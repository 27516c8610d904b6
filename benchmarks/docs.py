"""What documentation on this machine is worth: names found, time taken, and completions that are right.

`python -m benchmarks.docs --lookups` asks for forty names of the packages installed here.
"""

from __future__ import annotations

import argparse


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.docs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--lookups", action="store_true", help="names found, and the time it takes")
    arguments = parser.parse_args()
    if arguments.lookups:
        from benchmarks.docs_lookups import report

        print(report())


if __name__ == "__main__":
    main()
