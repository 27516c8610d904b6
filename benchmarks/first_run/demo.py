"""`make demo` in a fresh clone, until the first suggestion is on the screen."""

from __future__ import annotations

from benchmarks.first_run.home import GaveUp, Home, Shell
from benchmarks.first_run.timeline import Timeline

SUGGESTED = "tokens evaluated"
"""Stands below each suggestion, in what it cost."""


def first_run(home: Home) -> Timeline:
    """Return the way to the first suggestion in a terminal. Raises GaveUp."""
    timeline = Timeline("`make demo`")
    home.clone(timeline)
    shell = Shell(home, timeline)
    try:
        shell.begin("cd ~/src/nearside && make demo")
        shell.follow(lambda screen: SUGGESTED in screen)
        if SUGGESTED not in shell.terminal.screen():
            raise GaveUp(shell.terminal.screen())
        timeline.step("`make demo`: the first suggestion", home.megabytes())
    finally:
        shell.terminal.close()
        home.stop_engine(home.checkout / ".venv/bin/nearside")
    return timeline
