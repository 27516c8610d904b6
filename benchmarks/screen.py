"""python -m benchmarks.screen docs/neovim.svg: Neovim with ghost text from the bundled model, as it happened;
with --scene action docs/action.svg: a failing test that is fixed.

A real Neovim runs in tmux with the plugin, the server and the engine of this checkout. Keys are pressed at a
typist's pace; every change of the screen becomes a frame of one animated SVG.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

from benchmarks.screen_scenes import SCENES, Scene
from tests.scripted_chat import Chats, serving

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT, MARGIN = 8.4, 18.0, 12.0
"""Of a cell and around the screen, in SVG units."""
BACKGROUND, FOREGROUND, CURSOR = "#14161b", "#e0e2ea", "#9b9ea4"
"""Colours of Neovim's own dark scheme."""
KEY_SECONDS = 0.14
"""Between two keys: a practised typist's median."""
LONGEST_START = 60.0
LONGEST_WORK = 60.0
"""Seconds an action may take until its recording is given up."""


@dataclass(frozen=True)
class Frame:
    """The screen from one moment on."""

    at: float
    rows: tuple[str, ...]
    """With ANSI colours."""
    cursor: tuple[int, int]


class Terminal:
    """A tmux session with Neovim in it."""

    def __init__(self, program: Path, folder: Path, scene: Scene, url: str) -> None:
        self._socket, self._rows = str(folder / "tmux"), scene.rows
        self._log = folder / ".local/state/nearside/nearside.log"
        project = folder / "project"
        for path, text in scene.files.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text)
        settings = folder / ".config/nearside/config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(scene.config.format(url=url))
        init = folder / "init.lua"
        command = [sys.executable, "-P", "-m", "nearside", "serve"]
        names = ", ".join(f"[==[{part}]==]" for part in command)
        init.write_text(
            "vim.o.swapfile, vim.o.shadafile, vim.o.termguicolors = false, 'NONE', true\n"
            "vim.o.number, vim.o.ruler, vim.o.showmode = true, false, true\n"
            f"vim.opt.runtimepath:prepend([==[{ROOT / 'editors/nvim'}]==])\n"
            f"{scene.lua}"
            f"require('nearside').setup({{ cmd = {{ {names} }} }})\n"
        )
        environment = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder), "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color", "COLORTERM": "truecolor", **scene.environment,
        }  # fmt: skip
        inside = ["env", "-i", "-C", str(project), *(f"{k}={v}" for k, v in environment.items())]
        inside += [str(program), "-n", "-i", "NONE", "-u", str(init), *scene.command]
        size = ["-x", str(scene.columns), "-y", str(scene.rows)]
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, " ".join(f"'{part}'" for part in inside))
        self._tmux("set", "-g", "status", "off")
        self._tmux("set", "-ga", "terminal-overrides", ",*:Tc")

    def wait_for_model(self) -> None:
        """Return once the server has a model: the recording begins then."""
        until = time.monotonic() + LONGEST_START
        while time.monotonic() < until:
            if self._log.exists() and "Connected to" in self._log.read_text("utf-8"):
                return
            time.sleep(0.1)
        raise SystemExit(f"Nothing was recorded: the server had no model within {LONGEST_START:.0f} s..")

    def keys(self, *keys: str, literal: bool = False) -> None:
        self._tmux("send-keys", *(["-l"] if literal else []), *keys)

    def frame(self, at: float) -> Frame:
        rows = self._tmux("capture-pane", "-e", "-p").split("\n")[: self._rows]
        x, y = self._tmux("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return Frame(at, tuple(rows), (int(x), int(y)))

    def close(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-S", self._socket, *arguments], check=True, capture_output=True, text=True
        ).stdout


def record(program: Path, scene: Scene) -> list[Frame]:
    """Play a scene and return the screen's changes, the first at second 0."""
    chats = Chats(answers=list(scene.answers))
    with tempfile.TemporaryDirectory(prefix="ns-") as name, serving(chats):
        terminal = Terminal(program, Path(name), scene, chats.url)
        try:
            terminal.wait_for_model()
            return _play(terminal, scene, chats)
        finally:
            terminal.close()
            subprocess.run(
                [sys.executable, "-m", "nearside", "engine", "stop"],
                env={**os.environ, "HOME": name}, capture_output=True, check=False,
            )  # fmt: skip


def _play(terminal: Terminal, scene: Scene, chats: Chats) -> list[Frame]:
    frames: list[Frame] = []
    began = time.monotonic()

    def watch(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            frame = terminal.frame(time.monotonic() - began)
            if not frames or (frames[-1].rows, frames[-1].cursor) != (frame.rows, frame.cursor):
                frames.append(frame)
            time.sleep(0.02)

    for step in scene.script:
        if step == "look":
            watch(1.6)
        elif step == "wait":
            watch(0.4)
        elif step == "work":
            watch(LONGEST_WORK, lambda: not chats.answers and scene.done in "".join(frames[-1].rows))
        elif step in ("tab", "esc"):
            terminal.keys({"tab": "Tab", "esc": "Escape"}[step])
            watch(0.6)
        else:
            for key in step:
                special = {"\n": "Enter", "\b": "BSpace"}.get(key)
                terminal.keys(special) if special else terminal.keys(key, literal=True)
                watch(KEY_SECONDS)
    watch(1.5)
    return frames


def svg(frames: list[Frame], seconds: float, scene: Scene) -> str:
    """One animated SVG: every frame is shown for its time, in a loop of `seconds`."""
    width, height = 2 * MARGIN + scene.columns * WIDTH, 2 * MARGIN + scene.rows * HEIGHT
    rules, groups, lines = [], [], {}
    for number, frame in enumerate(frames):
        begin = 100 * frame.at / seconds
        end = 100 * (frames[number + 1].at if number + 1 < len(frames) else seconds) / seconds
        before = f"0%,{begin - 0.001:.3f}%{{visibility:hidden}}" if number else ""
        after = f"{end:.3f}%,100%{{visibility:hidden}}" if number + 1 < len(frames) else ""
        rules.append(
            f"@keyframes f{number}{{{before}{begin:.3f}%,{end - 0.001:.3f}%{{visibility:visible}}{after}}}"
            f"#f{number}{{animation:f{number} {seconds:.2f}s step-end infinite}}"
        )
        shown = "".join(
            f'<use href="#{lines.setdefault((row, line), f"r{len(lines)}")}"/>'
            for row, line in enumerate(frame.rows)
            if line.strip()
        )
        groups.append(f'<g id="f{number}">{_cursor(*frame.cursor)}{shown}</g>')
    style = "text{font:14px ui-monospace,Menlo,Consolas,monospace;white-space:pre}" + "".join(rules)
    defined = "".join(
        f'<g id="{name}">{_row(row, line, scene.columns)}</g>' for (row, line), name in lines.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}">'
        f"<title>{escape(scene.title)}</title>"
        f"<style>{style}</style><defs>{defined}</defs>"
        f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>{"".join(groups)}</svg>\n'
    )


def _cursor(x: int, y: int) -> str:
    place = f'x="{MARGIN + x * WIDTH:.1f}" y="{MARGIN + y * HEIGHT:.1f}"'
    return f'<rect {place} width="{WIDTH}" height="{HEIGHT}" fill="{CURSOR}"/>'


def _row(row: int, line: str, columns: int) -> str:
    """One row of the screen, drawn once however many frames it stands in."""
    parts, at = [], 0
    for segment in Text.from_ansi(line).render(Console(color_system="truecolor", width=columns)):
        parts.append(_span(segment.text, segment.style or Style(), at, row))
        at += len(segment.text)
    return "".join(parts)


def _span(text: str, style: Style, column: int, row: int) -> str:
    """One run of a row: its background where it has one of its own, and its text unless that is blank."""
    fore, back = _hex(style.color, FOREGROUND), _hex(style.bgcolor, BACKGROUND)
    if style.reverse:
        fore, back = back, fore
    x, y = MARGIN + column * WIDTH, MARGIN + row * HEIGHT
    out = ""
    if back != BACKGROUND and text != "\n":
        out = (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{len(text) * WIDTH:.1f}" height="{HEIGHT}" fill="{back}"/>'
        )
    if text.strip():
        length = f'textLength="{len(text) * WIDTH:.1f}"'
        out += f'<text x="{x:.1f}" y="{y + 13:.1f}" fill="{fore}" {length}>{escape(text)}</text>'
    return out


def _hex(color: Color | None, default: str) -> str:
    return default if color is None or color.is_default else color.get_truecolor().hex


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--nvim", type=Path, help="the Neovim to record; the one on PATH by default")
    parser.add_argument("--scene", choices=list(SCENES), default="completion")
    arguments = parser.parse_args()
    program = arguments.nvim or shutil.which("nvim")
    if not program or not shutil.which("tmux"):
        print("Nothing was recorded: Neovim and tmux are needed. Install them.", file=sys.stderr)
        return 1
    scene = SCENES[arguments.scene]
    frames = record(Path(program), scene)
    arguments.output.write_text(svg(frames, frames[-1].at + 2.5, scene), "utf-8")
    print(f"{len(frames)} frames, {frames[-1].at:.1f} s, in {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
