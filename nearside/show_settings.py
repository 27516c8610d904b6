"""`nearside settings`: every setting, where it came from, what is wrong, and the files involved."""

from __future__ import annotations

import json
from pathlib import Path

from nearside.workspace import workspace_of
from settings import paths
from settings.layers import load
from settings.values import KEYS, plain, value_of


def report(path: Path, as_json: bool) -> str:
    """Return the settings in force in the project at `path`, as text or as JSON."""
    loaded = load(workspace_of(path))
    log = paths.log_file(loaded.settings)
    notes = list(dict.fromkeys([*loaded.notes, *paths.notes()]))
    values = {dotted: value_of(loaded.settings, dotted) for dotted in KEYS}
    if as_json:
        shown = {
            dotted: {
                "value": plain(value),
                "origin": loaded.origin[dotted],
                "about": KEYS[dotted].about,
            }
            for dotted, value in values.items()
        }
        files = {"user": str(paths.config_file()), "log": str(log), "state": str(paths.state_dir())}
        return json.dumps({"settings": shown, "notes": notes, "files": files}, indent=1, ensure_ascii=False)
    lines = []
    for dotted, value in values.items():
        written = json.dumps(plain(value), ensure_ascii=False)
        origin = loaded.origin[dotted]
        source = "" if origin == "default" else f"from {origin}; "
        lines.append(f"{dotted:25} {written:12} {source}{KEYS[dotted].about}")
    lines += [f"your settings: {paths.config_file()}", f"the log: {log}", *notes]
    return "\n".join(lines)
