"""python -m benchmarks.quality: how good what we show is, and how well we know it.

Holes in this repository's own Python and Lua files, which the bundled model never saw, through the completer,
the filters and the gate as served, with the engine in this process. Beside it a plain client on the same
holes and engine: 256 lines before the cursor, 64 after, no path, the raw first line, everything shown. The
confidence was fitted on training/heldout.jsonl.gz, so what is printed for that set is no test of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import scenarios
from benchmarks.holes import Filled, Hole, Recorder, checkout, fill, held_out
from benchmarks.in_process import InProcess
from benchmarks.measures import area_under_risk_coverage, auroc, edit_similarity
from inference.draft_features import first_line
from inference.gate import Gate
from inference.prompts import CursorContext
from inference.quiet import before_asking, too_little
from inference.types import CompletionRequest, Engine, FimPrompt
from settings.schema import Completion

PEER_BEFORE, PEER_AFTER, PEER_TOKENS = 256, 64, 128
"""llama.vim's n_prefix, n_suffix and n_predict."""

THRESHOLDS = (0, 10, 20, 30, 40, 50, 60, 70, 80)


@dataclass(frozen=True)
class Row:
    """One hole's outcome."""

    right: bool
    similarity: float
    confidence: float | None
    """None where there was nothing to be sure of, or no log-probabilities."""
    shown: bool
    drafted: bool
    """Whether there was anything that could have been shown."""


def ours(filled: Filled, show_above: int) -> Row:
    context = filled.hole.context
    text, sure = filled.suggestion.text, filled.suggestion.confidence
    drafted = not too_little(text)
    shown = drafted and not before_asking(context) and Gate(show_above).shows(sure)
    return _row(filled.hole, text, sure if drafted else None, shown)


def _row(hole: Hole, text: str, confidence: float | None, shown: bool) -> Row:
    line = first_line(text).rstrip()
    similarity = edit_similarity(line, hole.expected.rstrip()) if line else 0.0
    return Row(bool(line) and hole.is_right(text), similarity, confidence, shown, bool(line.strip()))


async def plain(holes: Sequence[Hole], engine: Engine) -> list[Row]:
    """What a client without filters and gate shows at the same cursors."""
    rows = []
    for hole in holes:
        prefix, suffix = _around(hole)
        recorder = Recorder(engine)
        request = CompletionRequest(FimPrompt(prefix, suffix), max_tokens=PEER_TOKENS, max_lines=1)
        async for _ in recorder.complete(request):
            pass
        text = recorder.draft().text
        rows.append(_row(hole, text, None, bool(text.strip())))
    return rows


def _around(hole: Hole) -> tuple[str, str]:
    context: CursorContext = hole.context
    text, at = hole.whole if hole.whole[0] else (context.prefix + context.suffix, len(context.prefix))
    before, after = text[:at].split("\n"), text[at:].split("\n")
    return "\n".join(before[-1 - PEER_BEFORE :]), "\n".join(after[: 1 + PEER_AFTER])


def figures(rows: Sequence[Row]) -> dict[str, float]:
    """The measures of one set of rows; shares of all holes unless it says otherwise."""
    shown = [row for row in rows if row.shown]
    found = {
        "holes": len(rows),
        "exact": _mean([row.right for row in rows]),
        "edit_similarity": _mean([row.similarity for row in rows]),
        "shown": len(shown) / len(rows),
        "precision": _mean([row.right for row in shown]),
        "similarity_shown": _mean([row.similarity for row in shown]),
        "kept_of_right": sum(r.right for r in shown) / max(1, sum(r.right for r in rows)),
    }
    if scored := [(r.confidence, r.right) for r in rows if r.confidence is not None]:
        sure, right = [c for c, _ in scored], [r for _, r in scored]
        found |= {
            "auroc": auroc(sure, right),
            "aurc": area_under_risk_coverage(sure, right),
            "aurc_random": 1 - _mean(right),
            "aurc_oracle": area_under_risk_coverage([float(r) for r in right], right),
        }
    return found


def at_other_thresholds(rows: Sequence[Row]) -> None:
    """What the setting completion.show_above would do, all else equal."""
    print("  were the threshold   " + "".join(f"{share:7}" for share in THRESHOLDS))
    at = [
        [row for row in rows if (row.confidence or 0) >= share / 100 and row.drafted] for share in THRESHOLDS
    ]
    print("    shown of all holes " + "".join(f"{len(some) / len(rows):7.3f}" for some in at))
    print("    exact of the shown " + "".join(f"{_mean([row.right for row in some]):7.3f}" for some in at))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def show(name: str, mine: dict[str, float], peer: dict[str, float] | None, seconds: float) -> None:
    print(f"\n{name}: {mine['holes']:.0f} holes, {100 * seconds / mine['holes']:.1f} s per 100")
    rows = [
        ("exact first line, of all holes", "exact"),
        ("edit similarity of it, of all holes", "edit_similarity"),
        ("shown, of all holes", "shown"),
        ("exact, of what is shown", "precision"),
        ("edit similarity, of what is shown", "similarity_shown"),
        ("shown, of what is exact", "kept_of_right"),
    ]
    for label, key in rows:
        beside = ""
        if peer and peer[key]:
            beside = f"   plain {peer[key]:6.3f}   ratio {mine[key] / peer[key]:5.2f}"
        print(f"  {label:38} {mine[key]:6.3f}{beside}")
    if "aurc" in mine:
        print(
            f"  area under risk-coverage {mine['aurc']:.3f} "
            f"(random order {mine['aurc_random']:.3f}, best order {mine['aurc_oracle']:.3f}), "
            f"AUROC {mine['auroc']:.3f}"
        )


async def measure(arguments: argparse.Namespace) -> dict[str, object]:
    settings = Completion()
    show_above = settings.show_above if arguments.show_above is None else arguments.show_above
    engine = InProcess(arguments.model)
    report: dict[str, object] = {"show_above": show_above}
    try:
        begun = time.monotonic()
        holes = checkout(arguments.holes)
        mine = [ours(filled, show_above) for filled in await fill(holes, engine, settings)]
        took = time.monotonic() - begun
        beside = figures(await plain(holes, engine))
        all_mine = figures(mine)
        show("This repository (the model never saw it)", all_mine, beside, took)
        at_other_thresholds(mine)
        report |= {"checkout": all_mine, "checkout_plain": beside}
        for label, keep in (("code", False), ("comments and docstrings", True)):
            some = [row for row, hole in zip(mine, holes, strict=True) if hole.prose is keep]
            if some:
                found = figures(some)
                print(f"  {label}: {len(some)} holes, exact {found['exact']:.3f}, shown {found['shown']:.3f}")
        if arguments.held_out:
            begun = time.monotonic()
            others = held_out()[: arguments.held_out]
            theirs = figures([ours(f, show_above) for f in await fill(others, engine, settings)])
            took = time.monotonic() - begun
            beside = figures(await plain(others, engine))
            label = "Held-out files of packages it was trained on (the confidence was fitted here)"
            show(label, theirs, beside, took)
            report |= {"held_out": theirs, "held_out_plain": beside}
    finally:
        await engine.close()
    cases = scenarios.read()
    seen = await scenarios.outcomes(cases, scenarios.load_cassettes(), show_above)
    told = scenarios.summary(cases, seen)
    report["scenarios"] = told
    print(
        f"\nScenarios ({len(cases)}, replayed): shown where wanted {told['show_rate']:.2f}, quiet where not "
        f"{told['quiet_rate']:.2f}, gain {told['delta_chrf']:.1f} points of chrF"
    )
    return report


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--holes", type=int, default=500, help="in this repository")
    parser.add_argument("--held-out", type=int, default=200, help="of training/heldout.jsonl.gz; 0 for none")
    parser.add_argument("--model", type=Path, help="a GGUF file (default: the bundled model)")
    parser.add_argument("--show-above", type=int, help="per cent (default: the setting's)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, too")
    arguments = parser.parse_args()
    if arguments.holes < 1:
        parser.error("--holes must be at least 1")
    report = asyncio.run(measure(arguments))
    print("The confidence was fitted on the held-out set alone; the two sets share no file.")
    if arguments.json:
        print(json.dumps(report))


if __name__ == "__main__":
    main()
