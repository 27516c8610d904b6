"""python -m benchmarks.record_trace REVISIONS: records what commits changed into data/typing_trace.json.xz.

Taken are commits whose code one person types in one go, between 3 and 80 new lines of code in all; merges and
commits that bring whole folders are left out. Of those, as many as an hour of typing holds, spread evenly.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.edits import TRACE, Commit, FileEdit, Hunk, save

LANGUAGES = {".py": "python", ".lua": "lua", ".js": "javascript", ".ts": "typescript"}
FEWEST_LINES, MOST_LINES = 3, 80
"""New lines in one commit; what is longer was hardly typed in one go."""
CHARACTERS = 16_000
"""About an hour of typing, pauses included (keystrokes.py)."""
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@", re.MULTILINE)


def git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8", "replace")


def commits(repository: Path, revisions: str) -> Iterator[Commit]:
    """Yield the commits of a range, the oldest first, that hold something to type."""
    for line in git(repository, "rev-list", "--reverse", "--no-merges", "--parents", revisions).splitlines():
        name, *parents = line.split()
        if not parents:
            continue
        commit = Commit(name, tuple(_files(repository, parents[0], name)))
        if FEWEST_LINES <= sum(len(hunk.inserted) for hunk in _hunks(commit)) <= MOST_LINES:
            yield commit


def spread(found: Sequence[Commit], characters: int) -> list[Commit]:
    """Return about as many commits as hold `characters` new characters, at even distances."""
    share = min(1.0, characters / max(1, sum(_characters(commit) for commit in found)))
    kept, due = [], 0.0
    for commit in found:
        due += share * _characters(commit)
        if due >= _characters(commit) / 2:
            kept.append(commit)
            due -= _characters(commit)
    return kept


def _files(repository: Path, parent: str, commit: str) -> Iterator[FileEdit]:
    changed = git(repository, "diff-tree", "-r", "--no-renames", "--name-status", "-z", parent, commit)
    fields = changed.split("\0")
    for status, path in zip(fields[::2], fields[1::2], strict=False):
        language = LANGUAGES.get(Path(path).suffix)
        if language is None or status not in ("A", "M"):
            continue
        before = git(repository, "show", f"{parent}:{path}") if status == "M" else ""
        after = git(repository, "show", f"{commit}:{path}")
        if "\r" in before + after or "\f" in before + after:
            continue
        diff = git(repository, "diff-tree", "-p", "-U0", "--no-renames", parent, commit, "--", path)
        edit = FileEdit(path, language, before, tuple(hunks(diff)))
        if edit.after == after:  # not so where the last line has no end
            yield edit


def hunks(diff: str) -> Iterator[Hunk]:
    """Yield the hunks of a diff of one file, made without context lines."""
    heads = list(_HUNK.finditer(diff))
    ends = [head.start() for head in heads[1:]] + [len(diff)]
    for found, end in zip(heads, ends, strict=False):
        body = diff[found.end() : end].split("\n")[1:]
        removed = int(found[2] if found[2] is not None else 1)
        # A hunk that removes nothing names the line before it.
        start = int(found[1]) - (1 if removed else 0)
        yield Hunk(start, removed, tuple(line[1:] + "\n" for line in body if line.startswith("+")))


def _hunks(commit: Commit) -> Iterator[Hunk]:
    return (hunk for file in commit.files for hunk in file.hunks)


def _characters(commit: Commit) -> int:
    return sum(len(line.lstrip()) for hunk in _hunks(commit) for line in hunk.inserted)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("revisions", help="what `git rev-list` takes, for example v0.1..HEAD")
    parser.add_argument("--repository", type=Path, default=Path("."))
    parser.add_argument("--characters", type=int, default=CHARACTERS)
    parser.add_argument("--output", type=Path, default=TRACE)
    arguments = parser.parse_args()
    found = list(commits(arguments.repository, arguments.revisions))
    kept = spread(found, arguments.characters)
    save(kept, arguments.output)
    size = arguments.output.stat().st_size
    share = f"{sum(map(_characters, kept))} of {sum(map(_characters, found))} characters"
    print(f"{len(kept)} of {len(found)} commits, {share}, {size / 1000:.0f} kB in {arguments.output}")


if __name__ == "__main__":
    main()
