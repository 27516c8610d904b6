"""On PYTHONPATH this writes down what each Python process connects to; tests read it afterwards."""

import os
import sys

_FILE = os.environ.get("CONNECTIONS", "")


def _note(event: str, arguments: tuple) -> None:
    if event in ("socket.connect", "socket.sendto"):
        where = arguments[1]
    elif event == "socket.getaddrinfo":
        where = arguments[:2]
    else:
        return
    with open(_FILE, "a", encoding="utf-8") as file:
        file.write(f"{event} {where!r}\n")


if _FILE:
    sys.addaudithook(_note)
