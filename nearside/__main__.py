"""Where `nearside` starts: no module of a user's project is imported; what editors wait for comes first."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line and return its exit status."""
    _import_only_what_is_installed()
    arguments = sys.argv[1:]
    if "--offline" in arguments[:2] or os.environ.get("NEARSIDE_OFFLINE"):
        arguments = _offline(arguments)
    wants_help = any(word in ("-h", "--help") for word in arguments)
    # These answer before the command line's own libraries would be loaded.
    if arguments[:1] == ["serve"] and not wants_help:
        from lsp_server.server import main as serve
        from nearside import __version__

        return serve(arguments[1:], version=__version__)
    if arguments[:2] == ["engine", "run"] and not wants_help:
        from nearside.engine import run

        return run(arguments[2:])
    if arguments[:2] == ["index", "--stdio"] and not wants_help:
        from retrieval.service import main as index

        return index(arguments[1:])
    from nearside.cli import run as command_line

    return command_line(arguments)


def _offline(arguments: list[str]) -> list[str]:
    """Take the network away, where it is asked for, and return the other arguments."""
    from settings import offline

    asked = "--offline" in arguments[:2]  # in front of a command, or right behind it
    if asked or offline.wanted():
        offline.begin()
    if asked:
        arguments = list(arguments)
        arguments.remove("--offline")
    return arguments


def _import_only_what_is_installed() -> None:
    """Take the folders of a user's project off the import path: its `tools` or `settings` are not ours."""
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    ours = {home, os.path.dirname(os.path.realpath(os.__file__))}
    if "site" in sys.modules:
        ours.update(map(os.path.realpath, sys.modules["site"].getsitepackages()))
    theirs = {
        os.path.realpath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry
    }
    try:
        theirs.add(os.path.realpath(os.getcwd()))
    except OSError:  # it was deleted under us
        theirs.add("")
    sys.path[:] = [
        entry
        for entry in sys.path
        if os.path.realpath(entry) in ours or (entry and os.path.realpath(entry) not in theirs)
    ]


if __name__ == "__main__":
    sys.exit(main())
