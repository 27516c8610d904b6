"""Hosted answers to what the local model drafted: asked after it is shown, put where the next request looks.

A keystroke never waits for any of this. The draft stays until a better text is there, and whatever fails.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from inference.types import NearsideError
from lsp_server.documents import Document

if TYPE_CHECKING:
    from inference.cloud.escalate import Hosted
    from inference.routing.decision import Decision
    from inference.routing.router import Router
    from lsp_server.session import NearsideServer
    from lsp_server.suggestions import Draft
    from settings.schema import Settings

log = logging.getLogger("nearside.escalation")

REFRESH = "nearside/refresh"
"""Tells a client of ours that asking again at this place brings something better."""
MOST_TOKENS = 256
"""Of one hosted completion, some 25 lines."""
MOST_LINES = 30
STUDY_EVERY = 600.0
"""Seconds until what the ledger teaches is looked up again."""
SLACK = 0.02
"""Seconds by which a timer may be early: a pause is one all the same."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was decided about the last draft of a document, for who wants to know."""

    decision: Decision
    model: str = ""
    """The hosted model that was asked."""
    done: bool = False
    """Its answer is there."""


class Escalation:
    """One session's way to a hosted model for completions."""

    def __init__(self, ls: NearsideServer) -> None:
        self._ls = ls
        self.told: dict[str, Told] = {}
        self._router: Router | None = None
        self._hosted: Hosted | None = None
        self._why_closed = ""
        self._settings: Settings | None = None
        self._studied = float("-inf")
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        """Documents whose last draft is decided on at the next pause."""
        self._asking: dict[str, tuple[Draft, asyncio.Task[None]]] = {}
        self._typed_over: set[str] = set()
        """Documents in which a draft was seen and something else was typed."""
        self._unnamed = 0

    @property
    def hosted(self) -> Hosted | None:
        """The hosted model; None where nothing may be sent."""
        return self._hosted

    @property
    def why_closed(self) -> str:
        """Why nothing may be sent, as words that follow `because`."""
        return self._why_closed if self._router else "routing.mode is local-only"

    async def follow(self) -> None:
        """Put the settings in force."""
        settings = self._ls.settings
        if self._settings and _reach(settings) == _reach(self._settings):
            if self._router:
                self._router.settings = settings.routing
            self._settings = settings
            return
        await self.close()
        self._settings = settings
        if settings.routing.mode == "local-only":
            return
        from inference.cloud.escalate import Hosted
        from inference.cloud.reach import closed
        from inference.outbound.rules import Rules
        from inference.routing.router import Router

        self._router = Router(settings.routing)
        self._why_closed = closed(settings)
        if not self._why_closed:
            workspace = self._ls.client.workspace
            ignored = partial(_ignored, workspace) if workspace else None
            self._hosted = Hosted(settings, Rules(workspace, ignored=ignored))
            log.info("Drafts may be bettered by %s", self._hosted.model)

    async def close(self) -> None:
        """Stop what runs; what it cost so far is in the ledger."""
        for timer in self._waiting.values():
            timer.cancel()
        for _, task in self._asking.values():
            task.cancel()
        if self._asking:
            await asyncio.wait([task for _, task in self._asking.values()], timeout=2)
        self._waiting.clear()
        self._asking.clear()
        hosted, self._hosted, self._router = self._hosted, None, None
        if hosted:
            await hosted.close()

    def drafted(self, draft: Draft) -> None:
        """Decide about a draft once the user pauses, or at once where it was asked for by hand."""
        self._stop_waiting(draft.document)
        if self._router is None:
            return
        from inference.routing.decision import PAUSE_MS

        loop = asyncio.get_running_loop()
        delay = 0.0 if draft.by_hand else PAUSE_MS / 1000 + SLACK
        uri = draft.document.uri
        self._waiting[uri] = loop.call_later(delay, self._paused, draft, loop.time())

    def changed(self, document: Document) -> None:
        """The user types: no pause, and an answer on its way is of use only to who types along it."""
        self._stop_waiting(document)
        if found := self._asking.get(document.uri):
            draft, task = found
            if document.typed_since(draft.revision, draft.place) is None:
                task.cancel()

    def typed_over(self, uri: str) -> None:
        """Note that a draft was seen and something else was typed there."""
        if self._router:
            self._typed_over.add(uri)

    def closed(self, document: Document) -> None:
        self.changed(document)
        self.told.pop(document.uri, None)
        self._typed_over.discard(document.uri)

    def _stop_waiting(self, document: Document) -> None:
        if timer := self._waiting.pop(document.uri, None):
            timer.cancel()

    def _paused(self, draft: Draft, since: float) -> None:
        uri = draft.document.uri
        self._waiting.pop(uri, None)
        if uri in self._asking or self._ls.documents.get(uri) is not draft.document:
            return
        pause = 1000 * (asyncio.get_running_loop().time() - since)
        task = self._ls.run_in_background(self._decide(draft, pause))
        self._asking[uri] = draft, task
        task.add_done_callback(lambda _: self._forget(uri, task))

    def _forget(self, uri: str, task: asyncio.Task[None]) -> None:
        if uri in self._asking and self._asking[uri][1] is task:
            del self._asking[uri]

    async def _decide(self, draft: Draft, pause: float) -> None:
        from inference.routing.decision import Moment

        router, hosted, uri = self._router, self._hosted, draft.document.uri
        if router is None:
            return
        await self._learn(router, draft)
        over = uri in self._typed_over
        self._typed_over.discard(uri)
        moment = Moment(
            self._ls.outcomes.latest(draft.document) if draft.placed else self._name(),
            "invoked" if draft.by_hand else "automatic",
            draft.suggestion.confidence if draft.suggestion.texts else 0.0,
            pause,
            over,
        )
        closed, left = self._why_closed, None
        if hosted:
            closed, left = await self._may_not_leave(hosted, draft), await self._left(hosted)
        decision = router.decide(moment, left=left, closed=closed)
        self._note(draft, decision)
        if not (decision.send and hosted):
            return
        try:
            text = await self._answer(hosted, draft, decision)
        except NearsideError as error:
            log.warning("The draft stays: %s", error)
            self._ls.status.note(str(error))
            self._note(draft, decision.failed(str(error)), hosted.model)
            return
        self._note(draft, decision, hosted.model, done=True)
        if decision.explore:
            self._compare(draft, decision, text)
        elif text:
            self._offer(draft, text, hosted.model)

    async def _answer(self, hosted: Hosted, draft: Draft, decision: Decision) -> str:
        """Return what a hosted model writes at the draft's place, fit to be shown."""
        from inference.cloud.infill import infill_task, infilled
        from inference.filters import repair
        from inference.generation import clean
        from inference.prompts import fim_prompt

        context = draft.context
        prompt = fim_prompt(context)
        task = infill_task(prompt, str(self._ls.client.workspace or ""), context.language)
        text = ""
        answer = hosted.answer(task, max_tokens=MOST_TOKENS, suggestion=decision.suggestion)
        async with aclosing(infilled(answer, prompt)) as deltas:
            async for delta in deltas:
                text += delta.text
        return repair(clean(text, MOST_LINES), context, complete=True).text

    def _offer(self, draft: Draft, text: str, model: str) -> None:
        """Have the next request at the draft's place find a text, and a client of ours make that request."""
        document, completer = draft.document, self._ls.completer
        if completer is None or self._ls.documents.get(document.uri) is not document:
            return
        moved = document.typed_since(draft.revision, draft.place)
        if moved is None or not text.startswith(moved[0]) or text == moved[0]:
            log.info("A hosted answer came too late: the text has changed")
            return
        completer.remember(draft.context, (text, *draft.suggestion.texts), model)
        self._ls.protocol.notify(REFRESH, {"uri": document.uri, "byHand": draft.by_hand})

    def _compare(self, draft: Draft, decision: Decision, text: str) -> None:
        """Note whether a text that is not shown is the draft's, and later whether the user wrote it."""
        from inference.routing.exploration import agree

        outcomes = self._ls.outcomes
        if outcomes.ledger is None:
            return
        outcomes.ledger.compared(decision, agree(draft.suggestion.text, text))
        if text and draft.document.typed_since(draft.revision, draft.place) is not None:
            outcomes.compare(draft.document, draft.place, text, partial(self._label, decision))

    def _label(self, decision: Decision, right: bool) -> None:
        if self._ls.outcomes.ledger:
            self._ls.outcomes.ledger.compared(decision, hosted_right=right)

    def _note(self, draft: Draft, decision: Decision, model: str = "", done: bool = False) -> None:
        from inference.routing.reasons import sentence

        self.told[draft.document.uri] = Told(decision, model, done)
        log.info("%s", sentence(decision))
        if self._ls.outcomes.ledger and decision.rule not in ("mode", "moment"):
            self._ls.outcomes.ledger.decided(decision)

    async def _learn(self, router: Router, draft: Draft) -> None:
        """Look up now and then what the ledger teaches, off the loop."""
        from inference.confidence import version
        from inference.routing.study import study

        now, ledger = asyncio.get_running_loop().time(), self._ls.outcomes.ledger
        if ledger is None or not draft.suggestion.model:
            return
        if now - self._studied < STUDY_EVERY and router.study.model == draft.suggestion.model:
            return
        self._studied = now
        project = str(self._ls.client.workspace or "")
        model = draft.suggestion.model
        router.learned(await asyncio.to_thread(study, ledger.path, project, model, version()))

    async def _left(self, hosted: Hosted) -> Decimal | None:
        """Return the US dollars that are left; None where nobody knows, and then nothing is sent."""
        try:
            return (await asyncio.to_thread(hosted.left)).least
        except NearsideError as error:
            self._ls.status.note(str(error))
            return None

    async def _may_not_leave(self, hosted: Hosted, draft: Draft) -> str:
        """Return why the document's text may not leave, or an empty string."""
        path = draft.context.path
        why = await asyncio.to_thread(hosted.why_not, path)
        return f"{path} {why}" if why else ""

    def _name(self) -> str:
        self._unnamed += 1
        return f"{self._ls.outcomes.session}-asked-{self._unnamed}"


def _reach(settings: Settings) -> tuple[object, ...]:
    """What a connection depends on."""
    none = Decimal(0)
    routing = replace(settings.routing, keep_local=none, min_quality=none, exploration=none)
    return routing, settings.cloud, settings.cost.prices


def _ignored(workspace: Path, path: str) -> bool:
    from retrieval.walk import is_ignored  # here: it is not needed before a hosted model is

    return is_ignored(workspace, path)
