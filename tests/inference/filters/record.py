"""Record what the bundled model writes at 25 holes a language: python -m tests.inference.filters.record."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from inference.multiline import max_lines_at
from tests.inference.filters.holes import LANGUAGES, Hole, punched
from tests.inference.filters.model import BundledModel

OUTPUTS = Path(__file__).parent / "outputs.jsonl.gz"
HOLES = 25


def write(model: BundledModel, hole: Hole) -> str:
    return model.write(hole.context, max_lines_at(hole.context, 8))


def main() -> None:
    model = BundledModel()
    with gzip.GzipFile(OUTPUTS, "wb", mtime=0) as file:
        for language in LANGUAGES:
            for hole in punched(language, HOLES):
                row = {"language": language, "start": len(hole.prefix), "output": write(model, hole)}
                file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())


if __name__ == "__main__":
    main()
