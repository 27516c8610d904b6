"""The log file: one JSON object per line, rotated, never the user's text at info level, never on stdout."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

from settings.log_format import KEPT, SIZE, JsonLines

OTHERS = {"pygls": logging.ERROR, "httpx2": logging.WARNING, "httpcore2": logging.WARNING}
"""What libraries may log; below these pygls logs every message and httpx2 every request."""


def hold() -> None:
    """Keep what is logged before the settings name a file off stderr, where clients show it to the user."""
    logging.getLogger().addHandler(logging.NullHandler())


def start(file: Path, level: str) -> str:
    """Log to `file` from now on; return what the user should know if that cannot be, else an empty string."""
    stop()
    root = logging.getLogger()
    root.setLevel(level.upper())
    for name, least in OTHERS.items():
        logging.getLogger(name).setLevel(least)
    logging.raiseExceptions = False  # a full disk is no reason to write tracebacks anywhere
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(file, "a", SIZE, KEPT, encoding="utf-8")
    except OSError as error:
        root.addHandler(logging.NullHandler())
        reason = error.strerror or type(error).__name__
        return f"Nothing is logged: {file} cannot be written ({reason}). Set log.file to a path that can."
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    return ""


def stop() -> None:
    """Close the log file, if there is one."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, (logging.handlers.RotatingFileHandler, logging.NullHandler)):
            root.removeHandler(handler)
            handler.close()
