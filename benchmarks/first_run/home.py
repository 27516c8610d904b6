"""A user who has nothing of ours yet: a home folder of its own, a checkout in it, and a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.first_run.timeline import Timeline, megabytes
from tests.e2e.other_editors.programs import tmux
from tests.e2e.other_editors.terminal import Terminal

REPOSITORY = Path(__file__).resolve().parents[2]
HANDED_ON = ("PIP_", "UV_", "SSL_", "REQUESTS_", "NODE_EXTRA_", "HTTP_", "HTTPS_", "NO_PROXY", "ALL_PROXY")
"""Beginnings of the variables that say how this machine reaches package indexes."""
PIP_SETTINGS = (".config/pip/pip.conf", ".pip/pip.conf")
PROMPT = "first-run$"
LOOK = 0.1
"""Seconds between two looks at the screen."""
LONGEST = 3600.0
"""Seconds a step may take: without a built wheel llama.cpp is compiled."""


class GaveUp(Exception):
    """A step that did not come to its end; the text is what was on the screen."""


@dataclass(slots=True)
class Home:
    """A home folder and the environment of who lives there."""

    folder: Path
    cold: bool
    """Without pip's cache, as on the first machine of a user."""
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        real = Path.home()
        for name in ("src", "bin", ".local/bin", ".config", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "run").chmod(0o700)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name.upper().startswith(HANDED_ON)},
            "PATH": f"{self.folder / 'bin'}:{self.folder / '.local/bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "SHELL": "/bin/bash",
            "PS1": f"{PROMPT} ",
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
        }
        self.environment.pop("PIP_CACHE_DIR", None)
        if not self.cold:
            self.environment["PIP_CACHE_DIR"] = os.environ.get("PIP_CACHE_DIR", str(real / ".cache/pip"))
        settings = next((real / name for name in PIP_SETTINGS if (real / name).exists()), None)
        if settings and "PIP_CONFIG_FILE" not in os.environ:
            self.environment["PIP_CONFIG_FILE"] = str(settings)
        self.write(".profile", "".join(f"export {k}='{v}'\n" for k, v in self.environment.items()))

    @property
    def checkout(self) -> Path:
        return self.folder / "src/nearside"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def clone(self, timeline: Timeline) -> None:
        """Clone this repository, as it is committed, to ~/src/nearside."""
        command = ["git", "clone", "-q", REPOSITORY.as_uri(), str(self.checkout)]
        subprocess.run(command, check=True, env=self.environment, timeout=600)
        timeline.step("`git clone` to ~/src/nearside (from this disk)", self.megabytes())

    def has(self, requirement: str, program: str) -> None:
        """Give the user a Python program that the pages take for granted."""
        tools = self.folder / ".tools" / program
        subprocess.run([sys.executable, "-m", "venv", tools], check=True, timeout=600)
        pip = [tools / "bin/python", "-m", "pip", "install", "-q", requirement]
        subprocess.run(pip, check=True, env=self.environment, timeout=600, capture_output=True)
        (self.folder / "bin" / program).symlink_to(tools / "bin" / program)

    def megabytes(self) -> int:
        """What the user has on disk by now, but for the programs that were there before."""
        own = [path for path in self.folder.iterdir() if path.name not in (".tools", "bin", "run")]
        return megabytes(*own)

    def stop_engine(self, program: Path) -> None:
        """End the engine that the server left for other editors."""
        if program.exists():
            command = [program, "engine", "stop"]
            subprocess.run(command, env=self.environment, capture_output=True, timeout=60, check=False)


class Shell:
    """The user's terminal. What is on its screen goes into a timeline."""

    def __init__(self, home: Home, timeline: Timeline) -> None:
        command = ["bash", "--norc", "--noprofile", "-i"]
        tmux_command = [*tmux().command, "-S", str(home.folder / "run/tmux")]
        self.terminal = Terminal(tmux_command, command, home.environment, home.folder)
        self.home = home
        self.timeline = timeline
        self._wait(self._is_waiting)

    def run(self, command: str) -> None:
        """Run a command to its end. Raises GaveUp."""
        self.begin(command)
        self._wait(lambda: self._is_waiting(self._texts()))

    def begin(self, command: str) -> None:
        """Start a command on an empty screen."""
        self.terminal.keys("C-l")
        self.terminal.type(command)
        self.terminal.keys("Enter")
        time.sleep(LOOK)

    def follow(self, seen: Callable[[str], bool]) -> None:
        """Note what comes until something is on the screen, or the command ended. Raises GaveUp."""
        self._wait(lambda: seen(self.terminal.screen()) or self._is_waiting(self._texts()))

    def _wait(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + LONGEST
        while not done():
            self._note()
            if time.monotonic() > end:
                raise GaveUp(self.terminal.screen())
            time.sleep(LOOK)
        self._note()

    def _note(self) -> None:
        self.timeline.saw("terminal", [line for line in self._texts() if not line.startswith(PROMPT)])

    def _texts(self) -> list[str]:
        return [line.strip() for line in self.terminal.screen().splitlines() if line.strip()]

    def _is_waiting(self, texts: list[str] | None = None) -> bool:
        texts = self._texts() if texts is None else texts
        return bool(texts) and texts[-1] == PROMPT
