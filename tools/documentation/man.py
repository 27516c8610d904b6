"""Manual pages of commands and of C's functions, by `man` itself: fixed arguments, no shell, no pager."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from tools.documentation.doc import Deadline, Doc, plain

NAME = re.compile(r"([A-Za-z0-9_][\w.+-]{0,60})(?:\((\d)[a-z]*\))?$")
SECONDS = 5.0
MOST_BYTES = 200_000
_SECTION = re.compile(r"^[A-Z][A-Z &]+$", re.M)
_STRUCK = re.compile(r".\x08")


def is_command(name: str) -> bool:
    """Tell whether a name is surely one of a manual page: a section is named, or there is such a program."""
    found = NAME.match(name)
    return bool(found and (found[2] or shutil.which(found[1])))


class Man:
    """This machine's manual pages."""

    def __init__(self, project: Path) -> None:
        self.project = project

    def look(self, name: str, deadline: Deadline) -> Doc | None:
        """Return the page of `ls` or `printf(3)`; None where there is none."""
        found = NAME.match(name)
        program = self._program() if found else None
        if not found or not program:
            return None
        page, section = found[1], found[2] or ""
        asked = [section] if section else []
        path = _run([program, "-w", *asked, "--", page]).split("\n")[0].strip()
        if not path:
            return None
        text = _STRUCK.sub("", _run([program, "-P", "cat", *asked, "--", page]))
        deadline.check()
        if not text.strip():
            return None
        parts = dict(_sections(text))
        synopsis = plain(_flush_left(parts.get("SYNOPSIS", "")), 1000)
        about = "\n\n".join(
            _flush_left(parts[title])
            for title in ("NAME", "DESCRIPTION", "RETURN VALUE", "ERRORS", "EXAMPLES")
            if title in parts
        )
        title = text.strip().split("\n")[0].split()[0]
        return Doc(title, synopsis, plain(about or text), "", path, "man page")

    def _program(self) -> str:
        """Return the system's man; a project's own program of that name is not run."""
        folders = os.environ.get("PATH", "").split(os.pathsep)
        root = os.path.realpath(self.project)
        outside = [
            one
            for one in folders
            if one.startswith("/") and not Path(os.path.realpath(one)).is_relative_to(root)
        ]
        return shutil.which("man", path=os.pathsep.join(outside)) or ""


def _run(command: list[str]) -> str:
    """Return what a command prints; nothing if it fails or takes too long."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "MANPATH") if name in os.environ}
    plain_output = {"MANPAGER": "cat", "PAGER": "cat", "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=kept | plain_output | {"MANROFFOPT": "-c", "MAN_KEEP_FORMATTING": ""},
            cwd="/",
            start_new_session=True,
        )
    except OSError:
        return ""
    try:
        output, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return ""
    return output[:MOST_BYTES].decode("utf-8", "replace") if process.returncode == 0 else ""


def _sections(text: str) -> list[tuple[str, str]]:
    """Return a page's sections by their titles."""
    marks = list(_SECTION.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return [(mark[0], text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]


def _flush_left(text: str) -> str:
    import textwrap

    return textwrap.dedent(text.strip("\n"))
