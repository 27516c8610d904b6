"""The session's engine: made when settings name a model, asked about itself once, and closed."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from inference.completer import Completer
from inference.counted import Counted
from inference.types import Engine, EngineInfo, NearsideError, Usage

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.engine")


async def connect(ls: NearsideServer) -> None:
    """Replace the engine by one for the settings' model. It starts, or loads, in the background."""
    await disconnect(ls)
    await asyncio.to_thread(_import_what_answers_need)
    try:
        ls.engine = await asyncio.to_thread(ls.engine_factory, ls.settings.model, ls.status.report)
    except NearsideError as error:
        ls.status.failed(error)
        return
    counted = Counted(ls.engine, lambda usage: _worked(ls, usage))
    ls.completer = Completer(counted, ls.settings.completion, ls.mechanisms)
    ls.introduction = ls.run_in_background(_introduce(ls, ls.engine, ls.completer))


def _worked(ls: NearsideServer, usage: Usage) -> None:
    """Note what the engine did for this session, for the cost report."""
    if ls.outcomes.ledger and ls.completer:
        ls.outcomes.ledger.worked(ls.outcomes.project, ls.completer.model, usage)


def _import_what_answers_need() -> None:
    """Import tree-sitter and the filters while the engine loads: the first keystroke would wait for it."""
    from inference.filters import pipeline  # noqa: F401
    from syntax.languages import parse

    parse("", "python")


async def disconnect(ls: NearsideServer) -> None:
    """Cancel what runs and let go of the engine, which other sessions may still use."""
    if ls.introduction:
        ls.introduction.cancel()
    completer, ls.completer, ls.info = ls.completer, None, None
    engines, ls.engine, ls.chat_engine = (ls.engine, ls.chat_engine), None, None
    if completer:
        await completer.close()
    for engine in engines:
        if engine:
            with suppress(NearsideError):
                await engine.close()


def meet(ls: NearsideServer) -> None:
    """Ask the engine about itself again, where it could not answer when the session began."""
    if ls.engine and ls.completer and (ls.introduction is None or ls.introduction.done()):
        ls.introduction = ls.run_in_background(_introduce(ls, ls.engine, ls.completer))


async def for_chat(ls: NearsideServer) -> Engine | None:
    """Return the engine of code actions; one of its own is made when it is first asked for."""
    wanted = ls.settings.model.for_chat
    if wanted == ls.settings.model:
        return ls.engine
    if ls.chat_engine is None:
        ls.chat_engine = await asyncio.to_thread(ls.engine_factory, wanted, ls.status.report)
    return ls.chat_engine


async def _introduce(ls: NearsideServer, engine: Engine, completer: Completer) -> None:
    """Wait until the engine is there, and tell the user what it cannot do."""
    try:
        async with ls.status.progress("Nearside: loading the model", "The model is ready."):
            info: EngineInfo = await engine.info()
    except NearsideError as error:
        ls.status.failed(error)
        return
    completer.model, ls.info = info.model, info
    ls.context.tokens = info.context
    log.info("Connected to %s with model %s", info.engine, info.model)
    for limit in info.limits:
        ls.status.log(limit)
