"""An editor in a real terminal: keys go in, the screen is read."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LIMIT = 30.0
"""Seconds for anything to happen, on a machine that does other things too."""


class Terminal:
    """One program in a tmux of its own, with an environment that holds nothing of the user's."""

    def __init__(
        self, tmux: Sequence[str], command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self._tmux = [*tmux, "-f", "/dev/null"]
        variables = [f"{name}={value}" for name, value in environment.items()]
        size = ["-x", "100", "-y", "24", "-c", str(folder)]
        keep = [";", "set", "remain-on-exit", "on"]  # a failing command leaves its last words on the screen
        self._run("new-session", "-d", *size, "env", "-i", *variables, *command, *keep)

    def keys(self, *keys: str) -> None:
        """Press keys, in tmux's notation: `Enter`, `C-x`, `M-x`."""
        self._run("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text, letter by letter as far as the program can tell."""
        self._run("send-keys", "-l", text)

    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    def until(self, what: str, check: Callable[[], object]) -> None:
        """Poll until a check holds; fail with what is on the screen if it does not in time."""
        end = time.monotonic() + LIMIT
        while not check():
            if time.monotonic() > end:
                raise AssertionError(f"not within {LIMIT} s: {what}\n{self.screen()}")
            time.sleep(0.05)

    def shows(self, text: str) -> None:
        """Wait until a text is on the screen."""
        self.until(f"{text!r} on the screen", lambda: text in self.screen())

    def ended(self) -> bool:
        return self._run("display-message", "-p", "#{pane_dead}").strip() == "1"

    def close(self) -> None:
        with suppress(subprocess.CalledProcessError):
            self._run("kill-server")

    def _run(self, *command: str) -> str:
        done = subprocess.run([*self._tmux, *command], capture_output=True, text=True, timeout=30, check=True)
        return done.stdout
