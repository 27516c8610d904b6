"""Settings while the server runs: read in layers, read again when one of them changes, and put in force."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from lsp_server import consent, engine, hover, logs, recording
from lsp_server.status import PATIENCE
from settings import layers, paths
from settings.schema import Settings

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.configuration")

SECTION = "nearside"
PROJECT_FILES = (".nearside.toml", "pyproject.toml")
POLL_SECONDS = 2.0


async def load(ls: NearsideServer) -> None:
    """Read every layer and put the result in force. Reading happens in a thread: files may be far away."""
    async with ls.loading:  # one after the other, or an older reading could end last
        editor = _merged(ls.client.options, ls.editor_settings)
        await _enforce(ls, await asyncio.to_thread(layers.load, ls.client.workspace, editor))


async def _enforce(ls: NearsideServer, loaded: layers.Loaded) -> None:
    first, previous = ls.completer is None, ls.settings
    ls.settings = loaded.settings
    if first or loaded.settings.log != previous.log:
        await _start_log(ls, loaded.settings)
    if first or loaded.settings.ledger != previous.ledger:
        await recording.follow(ls)
    question = loaded.refused and await asyncio.to_thread(consent.wanted, ls, loaded.refused)
    for note in (*loaded.notes, *paths.notes()):
        if not (question and loaded.refused and note == loaded.refused.note):
            ls.status.note(note)
    if question and loaded.refused:
        ls.run_in_background(consent.ask(ls, loaded.refused))
    if ls.completer:
        ls.completer.settings = loaded.settings.completion
    if first or loaded.settings.model != previous.model:
        await engine.connect(ls)
    elif loaded.settings != previous:
        log.info("Settings have changed")
    await ls.escalation.follow()
    await ls.project.follow()
    hover.offer(ls)


async def _start_log(ls: NearsideServer, settings: Settings) -> None:
    file = await asyncio.to_thread(paths.log_file, settings)
    if problem := logs.start(file, settings.log.level):
        ls.status.note(problem)


async def did_change_configuration(ls: NearsideServer, params: lsp.DidChangeConfigurationParams) -> None:
    """Take the editor's settings: from the message, or by asking where the message carries none."""
    given = plain(params.settings)
    ls.editor_settings = await pull(ls) or section(given)
    await load(ls)


async def did_change_watched_files(ls: NearsideServer, params: lsp.DidChangeWatchedFilesParams) -> None:
    ls.project.files_changed([change.uri for change in params.changes])
    if any(change.uri.endswith(("config.toml", *PROJECT_FILES)) for change in params.changes):
        await load(ls)


def section(given: object) -> dict[str, Any]:
    """Return our part of an editor's settings, which may be all of them with the part inside."""
    if isinstance(given, dict):
        given = given.get(SECTION, given)
    return given if isinstance(given, dict) else {}


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(old[key], new[key])
        for key in old.keys() & new.keys()
        if isinstance(old[key], Mapping) and isinstance(new[key], Mapping)
    }
    return {**old, **new, **both}


async def pull(ls: NearsideServer) -> dict[str, Any]:
    """Ask the client for its settings of our section; empty where it cannot say."""
    workspace = ls.client.capabilities.workspace
    if not (workspace and workspace.configuration):
        return {}
    try:
        items = [lsp.ConfigurationItem(section=SECTION)]
        async with asyncio.timeout(PATIENCE):
            answers = await ls.workspace_configuration_async(lsp.ConfigurationParams(items))
    except (JsonRpcException, TimeoutError):
        return {}
    return section(plain(answers[0])) if answers else {}


async def watch(ls: NearsideServer) -> None:
    """Have the client watch the files where it can, and look at their times for those where it cannot."""
    files = _files(ls.client.workspace)
    await _register(ls)
    seen = await asyncio.to_thread(_times, files)
    while True:
        await asyncio.sleep(POLL_SECONDS)
        times = await asyncio.to_thread(_times, files)
        if times != seen:
            seen = times
            await load(ls)


async def _register(ls: NearsideServer) -> None:
    workspace = ls.client.capabilities.workspace
    files = workspace.did_change_watched_files if workspace else None
    settings = workspace.did_change_configuration if workspace else None
    wanted = []
    if files and files.dynamic_registration:
        watchers = [lsp.FileSystemWatcher(f"**/{name}") for name in PROJECT_FILES]
        options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers)
        wanted.append(lsp.Registration("nearside-files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
    if settings and settings.dynamic_registration:
        section = lsp.DidChangeConfigurationRegistrationOptions(SECTION)
        wanted.append(lsp.Registration("nearside-settings", lsp.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
    if wanted:
        try:
            async with asyncio.timeout(PATIENCE):
                await ls.client_register_capability_async(lsp.RegistrationParams(wanted))
        except (JsonRpcException, TimeoutError):
            log.info("The client would not register; files are polled all the same")


def _files(workspace: Path | None) -> list[Path]:
    project = [workspace / name for name in PROJECT_FILES] if workspace else []
    return [paths.config_file(), *project]


def _times(files: list[Path]) -> list[tuple[float, int] | None]:
    def time_of(file: Path) -> tuple[float, int] | None:
        try:
            status = file.stat()
        except OSError:
            return None
        return status.st_mtime, status.st_size

    return [time_of(file) for file in files]


def plain(value: Any) -> Any:
    """Return JSON as dicts and lists, whatever pygls made of it (named tuples where it knows no type)."""
    if hasattr(value, "_asdict"):
        return {key: plain(item) for key, item in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
