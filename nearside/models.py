"""`nearside models`: which models can be named, which are on this machine, and fetching one."""

from __future__ import annotations

import json

from inference.models import CATALOGUE, bundled
from inference.types import NearsideError
from settings import paths


def listing(chosen: object, as_json: bool) -> str:
    """Return the models one can name; `chosen` is what model.completion says now."""
    rows = [*_bundled(), *_catalogue(), *_fetched_by_name()]
    for row in rows:
        row["chosen"] = row["name"] == chosen
    if as_json:
        return json.dumps(rows, indent=1)
    lines = []
    for row in rows:
        mark = "*" if row["chosen"] else " "
        here = "here" if row["here"] else f"{row['gib']:.1f} GiB to fetch"
        lines.append(f"{mark} {row['name']:22} {here:18} {row['about']}")
    return "\n".join([*lines, "Choose one with model.completion; fetch one with: nearside models pull NAME"])


def _bundled() -> list[dict[str, object]]:
    try:
        size = bundled().stat().st_size
    except (NearsideError, OSError):
        return []
    return [{"name": "auto", "here": True, "gib": round(size / (1 << 30), 3), "about": "the bundled model"}]


def _catalogue() -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "here": known.hub.path.is_file(),
            "gib": known.size,
            "memory_gib": round(known.memory(), 1),
            "about": f"{known.about}; {known.memory():.1f} GiB of memory; {known.licence}",
        }
        for name, known in CATALOGUE.items()
    ]


def _fetched_by_name() -> list[dict[str, object]]:
    """Return what was fetched from the hub under no name of the catalogue."""
    folder = paths.cache_dir() / "models"
    listed = {known.hub.path for known in CATALOGUE.values()}
    rows = []
    for path in sorted(folder.rglob("*.gguf")):
        if path in listed or len(parts := path.relative_to(folder).parts) < 3:
            continue
        revision = "" if parts[1] == "main" else f"@{parts[1].replace('--', '/')}"
        name = f"hf:{parts[0].replace('--', '/', 1)}/{'/'.join(parts[2:])}{revision}"
        size = path.stat().st_size / (1 << 30)
        rows.append({"name": name, "here": True, "gib": round(size, 3), "about": f"{size:.1f} GiB"})
    return rows
