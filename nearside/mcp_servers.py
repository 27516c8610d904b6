"""`nearside mcp --list`, `--allow` and `--revoke`: the servers of tools in the settings."""

from __future__ import annotations

import shlex
from pathlib import Path

from inference.cost.tables import printable
from inference.types import SettingsError
from settings.schema import Mcp, McpServer
from tools.mcp_client import Standing, servers
from tools.mcp_client import consent as consents


async def listing(root: Path, settings: Mcp) -> list[str]:
    """Return a line about each server, after starting those that may be."""
    if not settings.servers:
        return ["There are no servers; name some under [mcp.servers] in your settings."]
    async with servers(settings, root, consented(root)) as ours:
        return [line for one in await ours.standing() for line in _lines(root, one)]


def allow(root: Path, settings: Mcp, name: str) -> str:
    """Remember the user's consent to a server in a project, and say what it covers. Raises SettingsError."""
    server = next((one for one in settings.servers if one.name == name), None)
    if server is None:
        known = ", ".join(one.name for one in settings.servers) or "none"
        raise SettingsError(f"Nothing was allowed, because mcp.servers names no {name!r}; it names {known}.")
    try:
        consents.give(root, server)
    except OSError as error:
        raise SettingsError(_not_kept(error)) from error
    return f"Allowed in {root}: {name} {consents.told(root, server)}. A change to it asks again."


def revoke(root: Path, name: str) -> str:
    """Forget the consent and say what that means. Raises SettingsError."""
    try:
        had = consents.take_back(root, name)
    except OSError as error:
        raise SettingsError(_not_kept(error)) from error
    return f"No longer allowed in {root}: {name}." if had else f"{name} was not allowed; nothing changed."


def consented(root: Path):
    """Return the answer to whether a server may be started here, as it was given before."""

    async def answer(server: McpServer) -> bool:
        return consents.given(root, server)

    return answer


def _lines(root: Path, one: Standing) -> list[str]:
    server = one.server
    if not one.consented:
        how = f"nearside mcp --allow {server.name} {shlex.quote(str(root))}"
        return [
            printable(
                f"{server.name}: not allowed here. It {consents.told(root, server)}; to allow it: {how}"
            )
        ]
    if one.problem:
        return [printable(f"{server.name}: {one.problem}")]
    names = ", ".join(tool.name for tool in one.tools) or "no tool"
    return [f"{server.name}: {names}", *(printable(f"  {note}") for note in one.notes)]


def _not_kept(error: OSError) -> str:
    reason = (error.strerror or type(error).__name__).lower()
    return f"Nothing changed, because the record of consents cannot be written ({reason}); make room for it."
