"""What the user consented to: one server in one project, by exactly this command or at this address."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from settings import trust
from settings.schema import McpServer

PROJECT = "{project}"
"""Stands for the project's folder in the arguments of a server."""


def given(root: Path, server: McpServer) -> bool:
    """Tell whether the user consented to this server here, as it is configured now."""
    return trust.granted(root, _table(root, server), _what(server.name))


def refused(root: Path, server: McpServer) -> bool:
    """Tell whether the user wants no question about this server here again."""
    return trust.declined(root, _table(root, server), _what(server.name))


def give(root: Path, server: McpServer) -> None:
    """Remember the user's consent. Raises OSError."""
    trust.grant(root, _table(root, server), _what(server.name))


def refuse(root: Path, server: McpServer) -> None:
    """Remember that the user said no for good. Raises OSError."""
    trust.decline(root, _table(root, server), _what(server.name))


def take_back(root: Path, name: str) -> bool:
    """Forget a consent, and say whether there was one. Raises OSError."""
    return trust.revoke(root, _what(name))


def command(root: Path, server: McpServer) -> list[str]:
    """Return the command that starts a server in a project."""
    arguments = [one.replace(PROJECT, str(root)) for one in server.args]
    return [os.path.expanduser(server.command), *arguments]


def told(root: Path, server: McpServer) -> str:
    """Return what the user consents to, in a line: all that is run or reached, and what it is given."""
    if server.url:
        return f"connects to {server.url}"
    given = f", and gives it {', '.join(server.env)}" if server.env else ""
    return f"runs {shlex.join(command(root, server))}{given}"


def _table(root: Path, server: McpServer) -> dict[str, object]:
    """Return what makes a server another one; which of its tools are used does not."""
    return {"command": command(root, server), "env": server.env, "url": server.url}


def _what(name: str) -> str:
    return f"mcp {name}"
