"""Fit what speaks for a member of a receiver (inference/names.py): `python -m training.names PACKAGE…`.

Uses of members are taken from wheels of real packages and, at half their weight, from invented projects. Each
is a choice among all members the symbol graph lists; the weights make the right ones likely (a conditional
logit with a ridge). Printed are the weights, as Python, and how often the likeliest name is the right one in
the packages left out. Of the model nothing is asked: its weight was fitted apart, with its logits.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import torch

from benchmarks.context_holes import Hole, hole_at, invented, line_starts, modules, place_of
from benchmarks.context_index import Index
from benchmarks.guide import WHEELS
from benchmarks.invented import invent
from benchmarks.members import from_wheel
from inference.guide import MARKS
from inference.names import Around, bare, features

PER_FILE = 8
INVENTED = (100, 101, 102, 103)
"""Seeds; those of the benchmark and the tests are others."""
RIDGE = 0.5
LEAST = 0.15
"""Weights below are left out."""
Choice = tuple[list[dict[str, float]], int]
"""What speaks for each member, and which is right."""


def uses(project: str, texts: Mapping[str, str], most: int, chance: Random) -> list[Hole]:
    """At most `most` holes behind dots of a project in Python."""
    found: list[Hole] = []
    for path in chance.sample(sorted(texts), len(texts)):
        text = texts[path]
        try:
            nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)]
        except (SyntaxError, ValueError):
            continue
        if "\r" in text or len(found) >= most:
            continue
        starts = line_starts(text)
        places = sorted({place_of(node, text, starts) for node in nodes})
        places = chance.sample(places, min(len(places), PER_FILE))
        found += [hole_at(project, path, "python", "member", text, start) for start in places]
    return found[:most]


def choices(texts: Mapping[str, str], holes: Sequence[Hole]) -> Iterator[Choice]:
    """The holes whose receiver is known and has the name."""
    index = Index(texts)
    for hole in holes:
        mark = next((mark.decode() for mark in MARKS if hole.prefix.endswith(mark.decode())), "")
        before = hole.prefix[: len(hole.prefix) - len(mark)]
        known = [one for one in index.shown(hole, 0).members if mark and before.endswith(one[0])]
        if not known:
            continue
        receiver, entries = max(known, key=lambda one: len(one[0]))
        head = before[: -len(receiver)]
        names = [bare(entry) for entry in entries]
        if hole.name not in names or head[-1:].isalnum() or head[-1:] in ("_", "."):
            continue
        line = head[head.rfind("\n") + 1 :]
        yield features(entries, receiver, line, Around(hole.prefix, hole.suffix)), names.index(hole.name)


def tensors(found: Sequence[Choice], names: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features (choices, members, names), -inf where there is no member, and the right members."""
    most, at = max(len(members) for members, _ in found), {name: i for i, name in enumerate(names)}
    values, absent = torch.zeros(len(found), most, len(names)), torch.full((len(found), most), -1e9)
    for row, (members, _) in enumerate(found):
        absent[row, : len(members)] = 0
        for column, its in enumerate(members):
            for name, value in its.items():
                if name in at:
                    values[row, column, at[name]] = value
    return values, absent, torch.tensor([right for _, right in found])


def fit(found: Sequence[Choice], weight: Sequence[float], names: Sequence[str]) -> torch.Tensor:
    """The weights of names that make the right members likeliest."""
    values, absent, right = tensors(found, names)
    weights, each = torch.zeros(len(names), requires_grad=True), torch.tensor(weight)
    optimiser = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        wrong = torch.nn.functional.cross_entropy(values @ weights + absent, right, reduction="none")
        total = (each * wrong).sum() + RIDGE * (weights**2).sum()
        total.backward()
        return total

    optimiser.step(loss)  # pyright: ignore[reportArgumentType]
    return weights.detach()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.names", description=__doc__)
    parser.add_argument("packages", nargs="+")
    parser.add_argument("--left-out", nargs="*", default=[], help="packages that are only measured on")
    parser.add_argument("--wheels", type=Path, default=WHEELS, help="folder of one folder a package")
    parser.add_argument("--uses", type=int, default=300, help="of a package; default: %(default)s")
    arguments = parser.parse_args()
    found: list[Choice] = []
    weight: list[float] = []
    measured: list[Choice] = []
    for package in ["nearside", *arguments.packages, *arguments.left_out]:
        wheel = next((arguments.wheels / package).glob("*.whl"), None)
        texts = modules() if package == "nearside" else from_wheel(wheel) if wheel else {}
        made = list(choices(texts, uses(package, texts, arguments.uses, Random(3))))
        print(f"{package}: {len(made)} choices", flush=True)
        if package in arguments.left_out:
            measured += made
        else:
            found, weight = found + made, weight + [1.0] * len(made)
    for seed in INVENTED:
        for language in ("python", "typescript"):
            project = invent(seed, language)
            made = list(choices(project.texts, invented(project)))
            found, weight = found + made, weight + [0.5] * len(made)
    names = sorted({name for members, _ in found for its in members for name in its})
    weights = fit(found, weight, names)
    if measured:
        values, absent, right = tensors(measured, names)
        share = ((values @ weights + absent).argmax(1) == right).double().mean()
        print(f"right first in those left out: {share:.1%} of {len(measured)}")
    for name, value in sorted(zip(names, weights.tolist(), strict=True)):
        if abs(value) >= LEAST:
            print(f'    "{name}": {value:.1f},')


if __name__ == "__main__":
    main()
