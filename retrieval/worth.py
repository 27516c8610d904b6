"""Which files are indexed first: those that somebody works on, code before prose before data."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from math import log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.walk import File

DATA = frozenset(("json", "jsonl", "yaml", "yml", "toml", "ini", "cfg", "csv", "tsv", "xml", "svg", "po",
                  "properties", "conf", "plist", "txt", "geojson"))  # fmt: skip
PROSE = frozenset(("md", "markdown", "mdx", "rst", "adoc", "org", "tex", "html", "htm"))
TESTS = frozenset(("test", "tests", "spec", "specs", "__tests__", "testing", "testdata", "fixtures", "e2e",
                   "examples", "benchmarks"))  # fmt: skip
TEST_NAME = re.compile(r"^test_|(?:[._-](?:test|spec)|_test)\.\w+$")
OTHERS = frozenset(("vendor", "vendored", "_vendor", "third_party", "third-party", "external", "extern",
                    "deps", "generated", "locale", "locales"))  # fmt: skip
DAY = 86_400e9
"""Nanoseconds."""


def value(file: File, now_ns: int) -> float:
    """Say how much sooner than others a file should be indexed: higher is sooner, all between -8 and 8.

    Code comes before prose before data. What was changed just now comes as early as if it lay twelve folders
    higher; tests, and what others wrote, come after what is like them; large files after small ones.
    """
    *folders, name = file.path.lower().split("/")
    suffix = name.rpartition(".")[2] if "." in name else ""
    score = 0.0 if suffix in DATA else 2.0 if suffix in PROSE else 4.0
    days = max(now_ns - file.mtime_ns, 0) / DAY
    score += 2.0 / (1.0 + days) + 1.0 / (1.0 + days / 30)
    if not TESTS.isdisjoint(folders) or TEST_NAME.search(name):
        score -= 1.5
    if not OTHERS.isdisjoint(folders):
        score -= 3.0
    return score - 0.25 * min(len(folders), 8) - 0.5 * max(log10(file.size + 1) - 4, 0)


def by_value(files: Iterable[File]) -> list[File]:
    """Return files with the most valuable first; the same files always in the same order.

    Age counts from the newest file, so that a copy of old sources is ordered as well.
    """
    listed = list(files)
    now = min(max((file.mtime_ns for file in listed), default=0), time.time_ns())
    return sorted(listed, key=lambda file: (-value(file, now), file.path))
