"""python -m benchmarks.escalation: what asking a hosted model about the least sure drafts gains, by share.

The local model fills holes in this repository's files, which it never saw, as served; quality is the share
of first lines that are exact. There is no hosted model here. In its place stands an answer that gets each
character of the true text with the same chance, set so that it is right in 65 % of all holes (--hosted):
what is hard for the local model is then hard for it, too, because it is long. Nothing is drawn by lot:
qualities are expectations. Ours sends the lowest scores first; beside it random order, and an oracle that
knows where asking gains most.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.escalation_holes import Outcome, outcomes
from benchmarks.measures import auroc
from inference.confidence import version
from inference.routing.calibration import SHIPPED, Calibration, Labelled, calibrated
from inference.routing.decision import Moment
from inference.routing.router import Router
from inference.routing.shipped import FILE
from inference.routing.study import Study
from settings.schema import Completion, Routing

SHARES = (0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
NEAR = 0.01
"""Quality lost that counts as none."""
RESAMPLES = 400
SEED = 7
DRIFT = -1.5
"""Logits that every score falls by, as where one turns to code the model knows less of."""
SIGNAL = 1.4
"""What being right adds to the score of a simulated model, in standard deviations of its noise."""
FEWEST = 40
"""Holes a curve is drawn from."""
AHEAD = 200
"""Drafts after a drift that are looked at apart."""
PUBLISHED = """
Published, beside it: other models, other data, other hosted models. None of it compares with the above.
  MCCom (arXiv 2603.05974): 121 M local, 7 B hosted, line completion. 46.3 % fewer hosted requests, and 8.9 %
    more exact matches than always hosted. Its hosted model gets the local draft as well, and a draft the
    user ignores goes to it; here neither is simulated.
  SynConfRoute (arXiv 2605.04894): 3 B local, 480 B hosted, functions checked by tests. 78.9 % pass, 7.4
    points above always hosted, 58 % less use of accelerators. It keeps a draft only if it parses; a first
    line in a hole rarely tells.
  Both local models are far stronger than the bundled one, which decides more than any routing does."""


def hosted(holes: Sequence[Outcome], rate: float) -> list[float]:
    """Return the stand-in's chance at each hole: a power of the length, `rate` on average."""
    low, high = 1e-6, 1 - 1e-9
    for _ in range(60):
        each = (low + high) / 2
        if sum(each**hole.characters for hole in holes) / len(holes) < rate:
            low = each
        else:
            high = each
    return [low**hole.characters for hole in holes]


def curve(order: Sequence[int], right: Sequence[float], other: Sequence[float]) -> list[float]:
    """Return the quality when the first k of `order` are sent, for k from none to all."""
    total = sum(right)
    qualities = [total / len(right)]
    for at in order:
        total += other[at] - right[at]
        qualities.append(total / len(right))
    return qualities


def orders(holes: Sequence[Outcome], other: Sequence[float]) -> tuple[list[int], list[int]]:
    """Return in which order the score and the oracle send."""
    indices = range(len(holes))
    chance = Random(SEED)
    shuffled = chance.sample(indices, len(holes))  # among equals there is no order
    by_score = sorted(shuffled, key=lambda at: holes[at].score)
    return by_score, sorted(shuffled, key=lambda at: holes[at].right - other[at])


def gained(ours: Sequence[float], oracle: Sequence[float]) -> float:
    """Return the area between a curve and random routing as a share of the oracle's: 0 random, 1 oracle."""
    steps = len(ours) - 1
    random = [ours[0] + (ours[-1] - ours[0]) * at / steps for at in range(steps + 1)]
    best = sum(o - r for o, r in zip(oracle, random, strict=True))
    return sum(q - r for q, r in zip(ours, random, strict=True)) / best if best else math.nan


def largest_local(qualities: Sequence[float], near: float = NEAR) -> float:
    """Return the largest share kept local at which quality is within `near` of always asking, or above."""
    steps = len(qualities) - 1
    return next(1 - at / steps for at, q in enumerate(qualities) if q >= qualities[-1] - near)


def deferral(holes: Sequence[Outcome], other: Sequence[float]) -> dict[str, Any]:
    """Return the curves of one set, where the stand-in has these chances, and what they come to."""
    right = [float(hole.right) for hole in holes]
    by_score, by_oracle = orders(holes, other)
    ours, oracle = curve(by_score, right, other), curve(by_oracle, right, other)
    shares = [round(share * len(holes)) for share in SHARES]
    chance, spread = Random(SEED), []
    for _ in range(RESAMPLES):
        some = chance.choices(range(len(holes)), k=len(holes))
        drawn, theirs = [holes[at] for at in some], [other[at] for at in some]
        order, _ = orders(drawn, theirs)
        spread.append(largest_local(curve(order, [right[at] for at in some], theirs)))
    spread.sort()
    where_right = [o for o, hole in zip(other, holes, strict=True) if hole.right]
    where_wrong = [o for o, hole in zip(other, holes, strict=True) if not hole.right]
    a, b = _mean(where_right), _mean(where_wrong)
    return {
        "holes": len(holes),
        "local": ours[0],
        "hosted": ours[-1],
        "hosted_where_local_right": a,
        "hosted_where_local_wrong": b,
        "needed_precision": b / (1 - a + b),
        "auroc": auroc([hole.score for hole in holes], [hole.right for hole in holes]),
        "shares": SHARES,
        "ours": [ours[at] for at in shares],
        "random": [ours[0] + (ours[-1] - ours[0]) * share for share in SHARES],
        "oracle": [oracle[at] for at in shares],
        "gained": gained(ours, oracle),
        "largest_local": largest_local(ours),
        "largest_local_90": (spread[len(spread) // 20], spread[-1 - len(spread) // 20]),
        "largest_local_oracle": largest_local(oracle),
        "largest_local_random": NEAR / max(NEAR, ours[-1] - ours[0]),
    }


def simulated(holes: Sequence[Outcome], rate: float) -> list[dict[str, float]]:
    """Return what routing would come to with local models that are right more often, on the same holes.

    They get each character by chance as the stand-in does; their score knows something of that chance and of
    the outcome, so much that it orders right before wrong about as the bundled model's does.
    """
    chance = Random(SEED)
    rows = []
    many = [hole for hole in holes for _ in range(max(1, 4000 // len(holes)))]
    other = hosted(many, rate)
    for local in (0.3, 0.45, 0.55):
        drawn = []
        for hole, p in zip(many, hosted(many, local), strict=True):
            right = chance.random() < p
            score = _logit(p) / 2 + SIGNAL * right + chance.gauss(0, 1)
            drawn.append(replace(hole, right=right, score=score))
        right = [float(hole.right) for hole in drawn]
        ours = curve(orders(drawn, other)[0], right, other)
        rows.append(
            {
                "local": ours[0],
                "hosted": ours[-1],
                "auroc": auroc([hole.score for hole in drawn], [hole.right for hole in drawn]),
                "largest_local": largest_local(ours),
                "at_65": ours[round(0.35 * len(drawn))],
                "random_65": ours[0] + 0.35 * (ours[-1] - ours[0]),
            }
        )
    return rows


def targets(before: Sequence[float], drifted: Sequence[float]) -> list[dict[str, float]]:
    """Return how near the router comes to the share it is told to keep, before scores drift and after."""
    rows = []
    for keep in (0.5, 0.65, 0.8):
        routing = replace(Routing(), mode="local-first", keep_local=Decimal(str(keep)))
        errors: list[list[float]] = [[], [], [], []]
        for seed in range(20):
            chance = Random(seed)
            stream = chance.sample(before, len(before)) + chance.choices(drifted, k=len(before))
            router = Router(routing, Study())
            kept = [
                not router.decide(Moment(str(at), "automatic", score, 1000.0), left=Decimal(1)).ask
                for at, score in enumerate(stream)
            ]
            half = len(before)
            parts = (kept[:half], kept[half : half + AHEAD], kept[half + AHEAD :], kept)
            for list_, part in zip(errors, parts, strict=True):
                list_.append(abs(_mean(part) - keep) if part else math.nan)
        fixed = sorted(before)[round((1 - keep) * len(before))]
        rows.append(
            {
                "keep_local": keep,
                **{
                    name: _mean(values)
                    for name, values in zip(("before", "next", "later", "whole"), errors, strict=True)
                },
                "worst_before": max(errors[0]),
                "worst_later": max(errors[2]),
                "fixed_cut_after": abs(_mean([score >= fixed for score in drifted]) - keep),
            }
        )
    return rows


def shifted(scores: Sequence[float], by: float) -> list[float]:
    return [1 / (1 + math.exp(-(_logit(score) + by))) for score in scores]


def _logit(probability: float) -> float:
    return math.log((probability + 1e-4) / (1 + 1e-4 - probability))


def pooling(holes: Sequence[Outcome]) -> dict[str, float]:
    """Return the nats lost per draft when a project's labels pool with the others', and when they do not.

    Each package is a project. Half of its drafts are labels, with those of all other packages; the other half
    is judged.
    """
    chance = Random(SEED)
    drafts = [hole for hole in holes if hole.score > 0]
    labels: list[Labelled] = []
    judged: dict[str, list[Outcome]] = {}
    for project in sorted({hole.project for hole in drafts}):
        own = [hole for hole in drafts if hole.project == project]
        chance.shuffle(own)
        labels += [Labelled(hole.score, hole.right, project) for hole in own[::2]]
        judged[project] = own[1::2]
    losses: dict[str, list[float]] = {"shipped": [], "own": [], "whole": [], "pooled": []}
    for project, some in judged.items():
        curves: dict[str, Calibration] = {
            "shipped": SHIPPED,
            "own": calibrated([label for label in labels if label.project == project], project),
            "whole": calibrated(labels, ""),
            "pooled": calibrated(labels, project),
        }
        for name, one in curves.items():
            for hole in some:
                said = one.probability(hole.score)
                losses[name].append(-math.log(said if hole.right else 1 - said))
    means = {name: _mean(one) for name, one in losses.items()}
    return {"projects": len(judged), "labels": len(labels), **means}


def ship(holes: Sequence[Outcome]) -> None:
    """Write the scores a user without a ledger begins with."""
    drafts = sorted(hole.score for hole in holes if hole.score > 0)
    scores = [drafts[(2 * at + 1) * len(drafts) // 200] for at in range(100)]
    right = _mean([hole.right for hole in holes if hole.score > 0])
    content = {"scorer": version(), "drafts": len(drafts), "right": round(right, 4), "scores": scores}
    FILE.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    print(f"Written: {FILE}")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def show(name: str, found: dict[str, Any]) -> None:
    def line(label: str, values: Sequence[float]) -> None:
        print(f"  {label:22}" + "".join(f"{value:7.3f}" for value in values))

    print(
        f"\n{name}: {found['holes']} holes; local right {found['local']:.3f}, stand-in {found['hosted']:.3f} "
        f"({found['hosted_where_local_right']:.2f} where the local one is right, "
        f"{found['hosted_where_local_wrong']:.2f} where it is wrong); AUROC of the score {found['auroc']:.3f}"
    )
    line("share sent", found["shares"])
    line("quality, by score", found["ours"])
    line("quality, random", found["random"])
    line("quality, oracle", found["oracle"])
    low, high = found["largest_local_90"]
    print(f"  area above random, as a share of the oracle's: {found['gained']:.2f}")
    print(
        f"  largest share kept local within {100 * NEAR:.0f} point of always asking: "
        f"{found['largest_local']:.2f} (90 % of resamples: {low:.2f} to {high:.2f}); "
        f"random {found['largest_local_random']:.2f}, oracle {found['largest_local_oracle']:.2f}"
    )
    print(f"  equal quality takes {found['needed_precision']:.2f} of what is kept to be right")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--holes", type=int, default=500, help="in this repository")
    parser.add_argument("--held-out", type=int, default=800, help="of training/heldout.jsonl.gz; 0 for none")
    parser.add_argument("--hosted", type=float, default=0.65, help="share of holes the stand-in is right in")
    parser.add_argument("--model", type=Path, help="a GGUF file (default: the bundled model)")
    parser.add_argument("--quick", action="store_true", help="100 holes in all")
    parser.add_argument("--ship", action="store_true", help="write the scores shipped with the bundled model")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, too")
    arguments = parser.parse_args()
    if arguments.holes < 20 or not 0 < arguments.hosted < 1:
        parser.error("--holes must be at least 20, --hosted between 0 and 1")
    if arguments.quick:
        arguments.holes, arguments.held_out = 40, 60
    report: dict[str, Any] = {}
    first = outcomes("checkout", arguments.holes, arguments.model)
    sets = {"This repository (the model never saw it)": first}
    if arguments.held_out:
        theirs = outcomes("held-out", arguments.held_out, arguments.model)
        if arguments.ship:
            ship(theirs)
        sets["Held-out files of packages it was trained on (the confidence was fitted here)"] = theirs
    for name, holes in sets.items():
        report[name] = found = deferral(holes, hosted(holes, arguments.hosted))
        show(name, found)
        show_above = Completion().show_above / 100
        some = [at for at, hole in enumerate(holes) if hole.score >= show_above]
        if len(some) >= FEWEST:
            other = hosted(holes, arguments.hosted)
            found = deferral([holes[at] for at in some], [other[at] for at in some])
            report[f"{name}, shown"] = found
            show("  Of these, the drafts that are sure enough to be shown", found)
    stronger = report["stronger"] = simulated(first, arguments.hosted)
    print("\nSimulated: a local model right this often, as hard holes are harder for it, and a score as good")
    for row in stronger:
        print(
            f"  local right {row['local']:.2f}, AUROC {row['auroc']:.2f}: "
            f"largest share kept local within a point {row['largest_local']:.2f}; with 65 % kept "
            f"{row['at_65']:.3f} (always asking {row['hosted']:.3f}, random {row['random_65']:.3f})"
        )
    [mine, *others] = sets.values()
    streams = [hole.score for hole in mine]
    for label, drifted in (
        (f"every score falls by {-DRIFT} logits", shifted(streams, DRIFT)),
        *(("to the other set", [hole.score for hole in other]) for other in others),
    ):
        print(f"\nShare kept local, off by points (20 shuffles; after {len(streams)} drafts {label})")
        rows = targets(streams, drifted)
        report[f"targets, {label}"] = rows
        print("  keep_local  before  (worst)  next 200   later  (worst)  whole   a fixed cut, after")
        for row in rows:
            print(
                f"  {row['keep_local']:10.2f}{100 * row['before']:8.1f}{100 * row['worst_before']:9.1f}"
                f"{100 * row['next']:10.1f}{100 * row['later']:8.1f}{100 * row['worst_later']:9.1f}"
                f"{100 * row['whole']:7.1f}{100 * row['fixed_cut_after']:21.1f}"
            )
    for holes in others:
        report["pooling"] = pooled = pooling(holes)
        print(
            f"\nNats lost per draft, {pooled['projects']} packages as projects, {pooled['labels']} labels: "
            f"shipped {pooled['shipped']:.4f}, each project alone {pooled['own']:.4f}, "
            f"all as one {pooled['whole']:.4f}, pooled {pooled['pooled']:.4f}"
        )
    print(PUBLISHED)
    if arguments.json:
        print(json.dumps(report))


if __name__ == "__main__":
    main()
