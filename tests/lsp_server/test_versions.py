"""Whatever the user does while an answer is computed, applying it loses and doubles no character."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator

import pytest
from lsprotocol import types as lsp

from inference import generation
from inference.completer import Completer
from inference.filters import Filtered
from inference.types import CompletionRequest, EngineInfo, Piece, Priority
from lsp_server import sync
from lsp_server.inline_completion import inline_completion
from lsp_server.positions import ENCODINGS, Encoding
from lsp_server.server import create_server
from lsp_server.session import NearsideServer
from settings.schema import Completion
from tests.lsp_server.test_documents import lsp_position

URI = "file:///project/a.txt"
INTERLEAVINGS = 10_000
STEPS = 14


def following(text: str, count: int) -> str:
    """Return what the model says after `text`: each character follows from the three before it."""
    out = text[-3:].rjust(3)
    for _ in range(count):
        out += "abc de\n é😀f"[sum(map(ord, out[-3:])) * 2654435761 % 97 % 11]
    return out[3:]


class SteppedEngine:
    """Gives one token, two characters, each time a test says so."""

    def __init__(self) -> None:
        self.gate = asyncio.Semaphore(0)

    async def info(self) -> EngineInfo:
        return EngineInfo("stepped", "stepped")

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        answer = following(request.prompt.prefix, 16)
        for at in range(0, len(answer), 2):
            if request.priority is Priority.FOREGROUND:
                await self.gate.acquire()
            yield Piece(answer[at : at + 2])

    async def close(self) -> None: ...


class Editor:
    """Reports every edit at once, and puts an item where its range says in the text it has now."""

    def __init__(self, rng: random.Random, server: NearsideServer) -> None:
        self.rng = rng
        self.encoding: Encoding = rng.choice(ENCODINGS)
        self.line_end = rng.choice(["\n", "\n", "\r\n"])
        self.text = "def é(a):\n    x = ab\n\nend\n".replace("\n", self.line_end)
        self.cursor = rng.choice([at for at in range(len(self.text)) if self.text[at] != "\n"])
        self.engine = SteppedEngine()
        self.server = server
        self.server.client.encoding = self.encoding
        self.server.completer = Completer(self.engine, Completion(deadline_ms=60_000, max_lines=3))
        item = lsp.TextDocumentItem(URI, "plaintext", 1, self.text)
        sync.did_open(self.server, lsp.DidOpenTextDocumentParams(item))
        self.version = 1
        self.shown = self.shown_after_typing = 0

    async def play(self) -> None:
        """Do random things, and check every answer that comes."""
        requests = [self.request()]
        for _ in range(STEPS):
            self.rng.choices(
                [self.type_along, self.type, self.backspace, self.paste, self.edit_elsewhere, self.step],
                [8, 2, 2, 1, 1, 8],
            )[0]()
            if self.rng.random() < 0.15:
                requests.append(self.request())
            await settle()
        for _ in range(40):  # more tokens than all calls that were dropped on the way took
            self.step()
            await settle()
        await asyncio.gather(*requests)
        assert self.server.completer
        await self.server.completer.close()

    def request(self) -> asyncio.Task[None]:
        before, after, count = self.text[: self.cursor], self.text[self.cursor :], len(self.text)

        async def answered() -> None:
            document = lsp.TextDocumentIdentifier(URI)
            context = lsp.InlineCompletionContext(lsp.InlineCompletionTriggerKind.Invoked)
            reply = await inline_completion(
                self.server, lsp.InlineCompletionParams(context, document, self.position(len(before)))
            )
            for item in reply.items:
                self.check(before, after, item)
                self.shown += 1
                self.shown_after_typing += len(self.text) != count

        return asyncio.create_task(answered())

    def check(self, before: str, after: str, item: lsp.InlineCompletionItem) -> None:
        """The text with the item in it is the text asked for, with a beginning of the answer at its place."""
        assert item.range and isinstance(item.insert_text, str)
        start, end = self.offset(item.range.start), self.offset(item.range.end)
        result = self.text[:start] + item.insert_text.replace("\n", self.line_end) + self.text[end:]
        assert result.startswith(before) and result.endswith(after) and len(result) > len(self.text)
        middle = plain(result[len(before) : len(result) - len(after)])
        assert following(plain(before), 100).startswith(middle)
        typed = plain(self.text[len(before) : len(self.text) - len(after)])
        assert middle.startswith(typed) and len(middle) > len(typed)

    def type_along(self) -> None:
        self.insert(following(plain(self.text[: self.cursor]), 1).replace("\n", self.line_end))

    def type(self) -> None:
        self.insert(self.rng.choice(["a", "😀", "é", " ", self.line_end + "    "]))

    def paste(self) -> None:
        start = self.place_at_most(max(0, self.cursor - self.rng.randint(0, 4)))
        self.edit(start, self.cursor, "pasted" + self.line_end + "text")
        self.cursor = start + len("pasted" + self.line_end + "text")

    def backspace(self) -> None:
        start = self.place_at_most(max(0, self.cursor - 1))
        self.edit(start, self.cursor, "")
        self.cursor = start

    def edit_elsewhere(self) -> None:
        at = self.place_at_most(self.rng.randint(0, len(self.text)))
        self.edit(at, at, "z")
        if at <= self.cursor:
            self.cursor += 1

    def step(self) -> None:
        self.engine.gate.release()

    def insert(self, text: str) -> None:
        self.edit(self.cursor, self.cursor, text)
        self.cursor += len(text)

    def edit(self, start: int, end: int, text: str) -> None:
        """Change the text and report it in one of the ways clients do, all with the same effect."""
        new = self.text[:start] + text + self.text[end:]
        kind = self.rng.choice(["edit", "edit", "edit", "lines", "comparison", "comparison", "whole"])
        change: lsp.TextDocumentContentChangeEvent
        if kind == "comparison":  # as Neovim does: the first difference decides, however it came about
            while start < len(self.text) and start < len(new) and self.text[start] == new[start]:
                start += 1
            tail = min(len(self.text), len(new)) - start
            while tail and self.text[len(self.text) - tail :] != new[len(new) - tail :]:
                tail -= 1
            end, text = len(self.text) - tail, new[start : len(new) - tail]
            if splits_line_end(self.text, start) or splits_line_end(self.text, end):
                kind = "whole"
        if kind == "lines":
            first = self.text.rfind("\n", 0, start) + 1
            last = self.text.find("\n", end) + 1 or len(self.text)
            text = new[first : len(new) - (len(self.text) - last)]
            start, end = first, last
        if kind == "whole":
            change = lsp.TextDocumentContentChangeWholeDocument(new)
        else:
            where = lsp.Range(self.position(start), self.position(end))
            change = lsp.TextDocumentContentChangePartial(where, text)
        self.version += 1
        document = lsp.VersionedTextDocumentIdentifier(self.version, URI)
        sync.did_change(self.server, lsp.DidChangeTextDocumentParams(document, [change]))
        self.text = new
        assert self.server.documents[URI].text == new

    def position(self, offset: int) -> lsp.Position:
        return lsp.Position(*lsp_position(self.text, offset, self.encoding))

    def offset(self, position: lsp.Position) -> int:
        wanted = position.line, position.character
        return next(
            at for at in range(len(self.text) + 1) if lsp_position(self.text, at, self.encoding) == wanted
        )

    def place_at_most(self, offset: int) -> int:
        return offset - 1 if splits_line_end(self.text, offset) else offset


def plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def splits_line_end(text: str, offset: int) -> bool:
    return text[offset - 1 : offset + 1] == "\r\n"


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_interleaving_loses_or_doubles_a_character(monkeypatch: pytest.MonkeyPatch) -> None:
    # The text is noise: what filters would make of it is their own tests' affair.
    monkeypatch.setattr(generation, "repair", lambda text, context, complete=True: Filtered(text))
    shown = shown_after_typing = 0
    server = create_server(lambda model, on_status: SteppedEngine())
    for seed in range(INTERLEAVINGS):
        editor = Editor(random.Random(seed), server)
        await editor.play()
        shown += editor.shown
        shown_after_typing += editor.shown_after_typing
    assert shown > INTERLEAVINGS / 4
    assert shown_after_typing > INTERLEAVINGS / 10
