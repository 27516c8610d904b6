"""python -m benchmarks.filters [FOLDER ...]: how often the filters change good code, and what they cost.

Good code is what really stood in holes cut into files nobody wrote for this: the held-out set, the running
interpreter's standard library, C headers of this machine, and every source file below the folders named.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import sysconfig
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from inference.filters import repair
from inference.lines import plain_line_ends, split_lines
from inference.prompts import CursorContext, window
from settings.schema import Completion
from training.holes import bracketed

ROOT = Path(__file__).resolve().parents[1]
HELD_OUT = ROOT / "training" / "heldout.jsonl.gz"
LANGUAGES = {
    ".c": "c", ".h": "c", ".cpp": "cpp", ".hpp": "cpp", ".go": "go", ".java": "java", ".js": "javascript",
    ".mjs": "javascript", ".cjs": "javascript", ".lua": "lua", ".py": "python", ".rs": "rust",
    ".ts": "typescript",
}  # fmt: skip
KINDS = ("rest", "keystroke", "brackets", "lines", "block")
_CPP = re.compile(r"^\s*(?:template\s*<|class \w|namespace |extern \"C\+\+)|\w::\w", re.MULTILINE)
"""In a header: it is C++."""
_CLOSER = re.compile(r"\s*(?:[)\]}]|end\b|until\b)")
LARGEST = 300_000
LONGEST_LINE = 400
"""What is wider was written by a program."""
LONGEST = 2000
MOST_LINES = 6
_PAUSES = re.compile(r"(?<=[ .(=,\[{:])\w")
"""Where in a line people wait for a completion: at the beginning of a word."""


@dataclass(frozen=True)
class Hole:
    context: CursorContext
    kind: str
    """'rest' of a line from a word on, or from any 'keystroke' on; what 'brackets' hold; whole 'lines' from
    a blank one on; a 'block' from the end of the line before it on."""
    removed: str


@dataclass(frozen=True)
class Outcome:
    hole: Hole
    shown: str
    reason: str

    @property
    def unchanged(self) -> bool:
        return self.shown.rstrip() == self.hole.removed.rstrip()

    @property
    def shortened(self) -> bool:
        """Whether only whole lines were cut, from where the block ended that the cursor was in."""
        rest = self.hole.removed[len(self.shown) :]
        if self.unchanged or not self.shown.strip() or not self.hole.removed.startswith(self.shown + "\n"):
            return False
        head = self.hole.context.prefix.rpartition("\n")[2]
        first = (head + self.shown).lstrip("\n") if not head.strip() else head
        if head.strip() and self.shown.startswith("\n"):
            first = self.shown.lstrip("\n")
        next_line = next((line for line in rest.split("\n") if line.strip()), "")
        at, base = _columns(next_line), _columns(first)
        entered = any(_columns(line) > base for line in self.shown.split("\n")[1:] if line.strip())
        return at < base or (at == base and entered and rest.startswith("\n\n"))


def _columns(line: str) -> int:
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


def cut(text: str, language: str, path: str, count: int, chance: Random) -> Iterator[Hole]:
    """Yield up to `count` holes of all kinds in a file, with the window the server would send."""
    text = plain_line_ends(text)
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for _turn in range(count * 4):
        kind = chance.choice(KINDS)
        number = chance.randrange(len(starts))
        span = _span(text, starts, number, kind, chance)
        if span is None or span[1] - span[0] > LONGEST or len(text[slice(*span)].strip()) < 2:
            continue
        start, end = span
        line = text.count("\n", 0, start)
        without = text[:start] + text[end:]
        prefix, suffix = window(split_lines(without), line, start - starts[line], Completion())
        yield Hole(CursorContext(path, prefix, suffix, path=path, language=language), kind, text[start:end])
        count -= 1
        if not count:
            return


def _span(text: str, starts: Sequence[int], number: int, kind: str, chance: Random) -> tuple[int, int] | None:
    start = starts[number]
    end = _line_end(text, starts, number)
    line = text[start:end]
    bare = line.strip()
    if not bare or len(line) > LONGEST_LINE:
        return None
    indent = len(line) - len(line.lstrip())
    if kind == "rest":
        places = [match.start() for match in _PAUSES.finditer(line)]
        return (start + chance.choice(places), end) if places else None
    if kind == "keystroke":
        return start + chance.randrange(indent, len(line.rstrip())), end
    if kind == "brackets":
        spans = bracketed(line)
        if not spans:
            return None
        first, last = chance.choice(spans)
        return start + chance.choice([first, chance.randrange(first, last)]), start + last
    last = number + chance.randrange(MOST_LINES) + (kind == "block")
    if last >= len(starts):
        return None
    last = _inside(text, starts, number + (kind == "block"), last)
    if last < number:
        return None
    stop = _line_end(text, starts, last)
    if kind == "lines":
        return start + indent, stop
    following = text[end:stop].lstrip("\n").split("\n")[0]
    return (end, stop) if stop > end and _columns(following) >= _columns(line) else None


def _inside(text: str, starts: Sequence[int], first: int, last: int) -> int:
    """Return the last line that is filled and as deep as the first: no completion goes on after its block."""
    depth, end = None, first - 1
    for number in range(first, last + 1):
        line = text[starts[number] : _line_end(text, starts, number)]
        if line.strip():
            depth = _columns(line) if depth is None else depth
            if _columns(line) < depth:
                break
            end = number
            if end == first and _CLOSER.match(line):
                break
    return end


def _line_end(text: str, starts: Sequence[int], number: int) -> int:
    stop = starts[number + 1] - 1 if number + 1 < len(starts) else len(text)
    return starts[number] + len(text[starts[number] : stop].rstrip())


def held_out() -> Iterator[Hole]:
    """Yield the held-out set's holes: short windows that begin and end anywhere in a file."""
    with gzip.open(HELD_OUT, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if "expected" in row:
                context = CursorContext("held-out", row["prefix"], row["suffix"], language=row["language"])
                yield Hole(context, row["kind"], row["expected"])


def of_files(paths: Sequence[Path], count: int, chance: Random) -> Iterator[Hole]:
    """Yield `count` holes of each language, five a file at most."""
    by_language: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        if language := LANGUAGES.get(path.suffix):
            by_language[language].append(path)
    for language, files in sorted(by_language.items()):
        chance.shuffle(files)
        wanted, each = count, max(5, -(-count // len(files)))
        for path in files:
            if not wanted:
                break
            try:
                text = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            if language == "c" and _CPP.search(text):
                continue
            if 400 < len(text) < LARGEST:
                for hole in cut(text, language, str(path), min(wanted, each), chance):
                    wanted -= 1
                    yield hole


def of_corpus(file: Path, count: int, chance: Random) -> Iterator[Hole]:
    """Yield `count` holes of each language of a file of JSON lines with `language`, `path` and `text`."""
    with file.open(encoding="utf-8") as lines:
        rows = [line for line in lines if chance.random() < 0.25]
    chance.shuffle(rows)
    left: Counter[str] = Counter()
    for row in map(json.loads, rows):
        language = row["language"]
        if left[language] < count and 400 < len(row["text"]) < LARGEST:
            for hole in cut(row["text"], language, row["path"], min(5, count - left[language]), chance):
                left[language] += 1
                yield hole


def outcome(hole: Hole) -> Outcome:
    shown = repair(hole.removed, hole.context)
    return Outcome(hole, shown.text, shown.reason)


def sources(folders: Sequence[Path]) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in LANGUAGES)


def measured(holes: Sequence[Hole]) -> tuple[list[Outcome], dict[str, list[float]]]:
    """Repair what stood in every hole; CPU milliseconds of a first look at a place, and of later texts there.

    Later texts are the same one cut off in the middle, as it is while a model writes, and one with a bracket
    too many, which costs the most parses.
    """
    outcomes, times = [], defaultdict(list)
    for hole in holes:
        texts = {
            "first": hole.removed,
            "growing": hole.removed[: len(hole.removed) // 2 + 1],
            "broken": hole.removed.rstrip() + ")}\n" + hole.removed,
        }
        for name, text in texts.items():
            started = time.thread_time()
            shown = repair(text, hole.context, complete=name != "growing")
            times[name].append(1000 * (time.thread_time() - started))
            if name == "first":
                outcomes.append(Outcome(hole, shown.text, shown.reason))
    return outcomes, times


def report(outcomes: Sequence[Outcome], times: dict[str, list[float]], show: int) -> None:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        for name in ("all", one.hole.context.language, f"- {one.hole.kind}"):
            groups[name].append(one)
    print(f"{'':>14} {'n':>6} {'unchanged':>10} {'to its block':>13} {'altered':>8}")
    for name, those in groups.items():
        same = sum(one.unchanged for one in those)
        block = sum(one.shortened for one in those)
        rates = (same / len(those), block / len(those), (len(those) - same - block) / len(those))
        print(f"{name:>14} {len(those):>6} {rates[0]:>10.2%} {rates[1]:>13.2%} {rates[2]:>8.2%}")
    altered = [one for one in outcomes if not one.unchanged and not one.shortened]
    for reason, number in Counter(one.reason for one in altered).most_common():
        print(f"{number:>6}  {reason}")
    for name, values in times.items():
        middle, high = statistics.median(values), statistics.quantiles(values, n=20)[-1]
        print(f"{name:>8} text: CPU p50 {middle:.2f} ms, p95 {high:.2f} ms, most {max(values):.1f} ms")
    for one in altered[:show]:
        context = one.hole.context
        print(f"\n{'=' * 20} {context.language} {one.hole.kind} {context.path}: {one.reason}")
        print(context.prefix[-300:] + "⟦" + one.hole.removed + "⟧" + context.suffix[:200])
        print(f"{'-' * 20} shown:\n{one.shown}")


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asked.add_argument("folders", nargs="*", type=Path, help="folders of source files to cut holes into too")
    asked.add_argument("--corpus", type=Path, help="JSON lines with language, path and text")
    asked.add_argument("--count", type=int, default=300, help="holes for each language and source (300)")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--show", type=int, default=0, help="print so many altered cases")
    asked.add_argument("--only", default="", help="one language")
    arguments = asked.parse_args()
    chance = Random(arguments.seed)
    library = Path(sysconfig.get_path("stdlib"))
    holes = list(held_out())
    holes += of_files(sources([library]), arguments.count, chance)
    holes += of_files(sources([Path("/usr/include")]), arguments.count, chance)
    for folder in arguments.folders:
        holes += of_files(sources([folder]), arguments.count, chance)
    if arguments.corpus:
        holes += of_corpus(arguments.corpus, arguments.count, chance)
    if arguments.only:
        holes = [hole for hole in holes if hole.context.language == arguments.only]
    chance.shuffle(holes)
    report(*measured(holes), arguments.show)


if __name__ == "__main__":
    main()
