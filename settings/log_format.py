"""How server and engine write their logs: one JSON object a line, in files that do not grow without end."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime

SIZE, KEPT = 1_000_000, 3
"""Bytes of one log file, and how many older ones are kept."""


class JsonLines(logging.Formatter):
    """Renders a record as a JSON object; of other people's records only what cannot hold the user's text."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.startswith(("nearside", "inference", "settings"))
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage() if ours else str(record.msg),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])
            ]
        return json.dumps(line, ensure_ascii=False)
