"""VS Code as its page says: the extension, *Install*, typing. A script beside its tests drives it."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.first_run.home import REPOSITORY, GaveUp, Home
from benchmarks.first_run.timeline import STEP, Timeline
from benchmarks.first_run.typing import FILE, KEY_SECONDS, THINKING, TYPED
from tests.e2e.vscode import vscode

SCRIPT = REPOSITORY / "editors/vscode/test/first_run.ts"


def first_run(home: Home) -> Timeline:
    """Return the way to the first ghost text in VS Code. Raises GaveUp, Unavailable."""
    found = vscode()
    timeline = Timeline(f"VS Code {found['version']}")
    home.clone(timeline)
    task = {
        "checkout": str(home.checkout),
        "environment": home.environment,
        "file": FILE,
        "typed": TYPED,
        "keyMs": round(1000 * KEY_SECONDS),
        "lineMs": round(1000 * (KEY_SECONDS + THINKING)),
    }
    command = [found["node"], "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", str(SCRIPT)]
    program = [*command, json.dumps(task)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout and running.stderr
        for line in running.stdout:
            said = json.loads(line)
            if said["where"] == STEP:
                size = said.get("megabytes")
                timeline.step(said["text"], None if size is None else size + home.megabytes())
            else:
                timeline.saw(said["where"], [said["text"]])
        complaint = running.stderr.read()
    if running.returncode:
        print(complaint, file=sys.stderr)
        raise GaveUp(timeline.markdown())
    return timeline
