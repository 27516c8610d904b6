"""Build `heldout.jsonl.gz`, the committed samples and holes that `training.evaluate` measures on.

All come from files that training never reads; their context may come from the same package's training files,
as a project's other files would.
"""

from __future__ import annotations

import gzip
import json
from random import Random

from training.evaluate import HELD_OUT
from training.samples import CHARACTERS_PER_TOKEN, Library, Middle, arrange, plain

SAMPLES = 320  # in the mix of training: three in four with a hole
HOLES = {"rest": 600, "node": 400, "keystroke": 600}
PROMPT_TOKENS = 480
LONGEST = 160  # characters of an expected text


def main() -> None:
    library, chance = Library(held_out=True), Random(20261120)
    rows: list[dict[str, object]] = []
    for _ in range(SAMPLES):
        tokens = chance.randint(110, 500)
        if chance.random() < 0.25:
            parts = plain(library, tokens, chance)
            last = max(i for i, part in enumerate(parts) if isinstance(part, str))
            text, most = str(parts[last]), int(tokens * CHARACTERS_PER_TOKEN)
            if len(text) > most:
                parts[last:] = [text[:most]]
        else:
            hole = library.fim(library.pick(chance), int(tokens * CHARACTERS_PER_TOKEN), chance)
            parts = arrange(hole, chance.random() < 0.7, chance)
        middle = next((i for i, part in enumerate(parts) if isinstance(part, Middle)), None)
        rows.append({"parts": parts, "hole": middle})
    for kind, wanted in HOLES.items():
        seen = set()
        while len(seen) < wanted:
            index = library.pick(chance)
            hole = library.fim(index, int(PROMPT_TOKENS * CHARACTERS_PER_TOKEN), chance, kind)
            source = library.files[index]
            middle = str(hole.pop("middle"))
            place = (index, hole.pop("start"))
            if hole["kind"] != kind or not middle.strip() or "\n" in middle or len(middle) > LONGEST:
                continue
            if place not in seen:
                seen.add(place)
                extra = {"expected": middle, "language": source.language, "licence": source.licence}
                rows.append(hole | extra)
    with gzip.open(HELD_OUT, "wt", compresslevel=9) as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(len(rows), "rows,", HELD_OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
