"""The pieces of training that later sessions stand on: tokens, samples, export, and the figures' command."""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: `make test` installs what training needs")

from inference.llama import LlamaBackend
from inference.models import resolve
from settings.schema import Model
from training import export, holes, tokenizer
from training.evaluate import logits
from training.holes import KINDS, Lines
from training.model import Shape
from training.samples import END_WEIGHT, MIDDLE_WEIGHT, arrange, encode
from training.special import END, MIDDLE, PREFIX, SUFFIX

ROOT = Path(__file__).parents[2]
SOURCES = [Path(inspect.getfile(module)) for module in (argparse, ast, inspect, json, re)]


def test_the_tokenizer_built_from_the_shipped_model_agrees_with_llama_cpp() -> None:
    backend = LlamaBackend(resolve("auto"), Model())
    coder = tokenizer.of_model(resolve("auto"))
    for path in SOURCES:
        text = path.read_text("utf-8")
        assert coder.encode(text, add_special_tokens=False).ids == backend.tokenize(text)
    backend.close()


@pytest.mark.parametrize("kind", [*KINDS, "keystroke"])
def test_holes_lie_in_the_text_and_end_where_they_say(kind: str) -> None:
    chance = Random(5)
    for path in SOURCES:
        text = path.read_text("utf-8")
        for _ in range(40):
            found, start, end = holes.choose(Lines(text), "python", chance, kind)
            assert 0 <= start <= end <= len(text)
            if found in ("rest", "keystroke"):
                assert "\n" not in text[start:end]
                assert text[end : end + 1] in ("\n", "", " ", "\t")


def hole() -> dict[str, object]:
    return {
        "package": "p",
        "path": "a.py",
        "context": [],
        "prefix": "x = retu",
        "suffix": "\n",
        "middle": "rned(1)",
    }


def test_suffix_first_the_middle_is_encoded_with_its_prefix_and_weighs_more() -> None:
    parts = arrange(hole(), True, Random(1))
    ids, weights = encode(parts)
    coder = tokenizer.load()
    assert MIDDLE not in parts and parts[-1] == END
    whole = coder.encode("x = returned(1)", add_special_tokens=False).ids
    assert ids[-1 - len(whole) : -1] == whole
    assert weights[-1] == END_WEIGHT and weights[-2] == MIDDLE_WEIGHT and weights[0] == 1.0
    assert parts.index(SUFFIX) < parts.index(PREFIX)


def test_prefix_first_keeps_the_marker_between() -> None:
    parts = arrange(hole(), False, Random(1))
    assert parts.index(PREFIX) < parts.index(SUFFIX) < parts.index(MIDDLE)
    ids, weights = encode(parts)
    assert len(ids) == len(weights) and weights[-1] == END_WEIGHT


def test_the_shipped_weights_can_be_trained_on_and_exported_again(tmp_path: Path) -> None:
    weights = export.weights_of(resolve("auto"))
    again = tmp_path / "again.gguf"
    export.write(weights, Shape(), again)
    ids = None
    rows = []
    for path in (resolve("auto"), again):
        backend = LlamaBackend(path, Model(documents=1))
        ids = ids or backend.tokenize(SOURCES[0].read_text("utf-8")[:800])
        rows.append(logits(backend, ids))
        backend.close()
    assert np.abs(rows[0] - rows[1]).max() < 0.05


def test_the_models_figures_come_from_one_command() -> None:
    command = [sys.executable, "-m", "training.evaluate", "--limit", "20"]
    printed = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    ).stdout
    loss = re.search(r"held-out loss ([\d.]+) nats per token", printed)
    assert loss and 1.0 < float(loss[1]) < 4.0
    assert re.search(r"exact +[\d.]+% \[.*\] +\d+ of +20  rest of line", printed)
