"""A streamed HTTP answer as well-formed pieces: lines, events, whole characters, no more text than wanted.

What the events of each server hold is in events.py.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from inference.types import EngineRefused, Piece, Usage

LINE_LIMIT = 4 << 20
"""Longest line of a stream in bytes; what is longer is no event of a completion."""

DONE: dict[str, Any] = {"done mark": True}
"""What `events` yields for the stream's own end mark, `data: [DONE]`; compare by identity."""


async def lines(chunks: AsyncIterator[bytes], server: str) -> AsyncIterator[bytes]:
    """Cut a byte stream into lines. Cutting before decoding keeps characters whole that chunks split."""
    rest = bytearray()
    async for chunk in chunks:
        rest += chunk
        if b"\n" in chunk:
            *whole, last = bytes(rest).split(b"\n")
            rest = bytearray(last)
            for line in whole:
                yield line.rstrip(b"\r")
        if len(rest) > LINE_LIMIT:
            raise garbled(server)
    if rest.strip():
        yield bytes(rest).rstrip(b"\r")


async def events(chunks: AsyncIterator[bytes], server: str) -> AsyncIterator[dict[str, Any]]:
    """Yield each event's JSON object, and DONE for the end mark.

    Server-sent events and bare JSON lines (Ollama) are both read. Comments and fields other than data are
    skipped; data that cannot be read is an error, since its text would be missing in the answer.
    """
    async for line in lines(chunks, server):
        if line.startswith(b"error:"):  # llama-server before 2025
            line = b'{"error":' + line[6:] + b"}"
        data = line[5:].strip() if line.startswith(b"data:") else line if line.startswith(b"{") else b""
        if data == b"[DONE]":
            yield DONE
        elif data:
            try:
                event = json.loads(data)
            except (ValueError, RecursionError) as error:
                raise garbled(server) from error
            if not isinstance(event, dict):
                raise garbled(server)
            yield event


def garbled(server: str) -> EngineRefused:
    return EngineRefused(
        f"No completion: the answer of {server} cannot be read. Check that it speaks the OpenAI wire format."
    )


class AnswerStream:
    """Puts the pieces of one answer in order.

    Text is whole characters and ends before an end token or one line too many; usage comes once, at the end.
    """

    def __init__(self, alternatives: int = 1, max_lines: int = 0, ends: tuple[str, ...] = ()) -> None:
        self._open = set(range(max(1, alternatives)))
        self._max_lines = max_lines
        self._ends = ends
        self._text: dict[int, str] = {}  # what was handed out so far, by alternative
        self._held: dict[int, str] = {}  # first half of a character whose second half is still to come
        self._usage: Usage | None = None
        self._generated = 0
        self._cuts = 0
        self.has_logprobs = False

    @property
    def complete(self) -> bool:
        """Whether nothing more is to come: every alternative asked for has ended, and the cost is known."""
        return not self._open and self._usage is not None

    @property
    def was_cut(self) -> bool:
        """Whether every alternative has ended and the server, not knowing that, may go on."""
        return not self._open and self._cuts > 0

    @property
    def begun_are_finished(self) -> bool:
        """Whether every alternative that was begun has ended; some servers send fewer than asked for."""
        return bool(self._text) and not (self._open & self._text.keys())

    @property
    def has_text(self) -> bool:
        return any(self._text.values())

    def take(self, piece: Piece) -> Iterator[Piece]:
        """Yield what of a piece is to be passed on; its usage is kept for the end."""
        self._usage = piece.usage or self._usage
        index = piece.index
        if index not in self._open:
            return
        self._generated += max(len(piece.logprobs), 1 if piece.text else 0)
        before = self._text.setdefault(index, "")
        held = self._held.pop(index, "")
        text, self._held[index] = whole_characters(held + piece.text, last=bool(piece.finish))
        kept = self._cut(before, text)
        finish = "stop" if len(kept) < len(text) else piece.finish
        self._text[index] = before + kept
        self.has_logprobs |= bool(piece.logprobs)
        self._cuts += len(kept) < len(text)
        if finish:
            self._open.discard(index)
        if kept or piece.logprobs or finish:
            yield replace(piece, text=kept, finish=finish, usage=None)

    def last(self) -> Piece:
        """Return the piece that ends the answer and carries what it cost."""
        return Piece(usage=self._usage or Usage(generated_tokens=self._generated))

    def _cut(self, before: str, text: str) -> str:
        """Shorten `text` to where an end token or one line too many begins."""
        for end in self._ends:
            text = text.partition(end)[0]
        if not self._max_lines:
            return text
        # A completion often starts with the line break of the cursor's own line, which is no line of its own.
        counted = (before + text).lstrip("\r\n")
        beyond = counted.split("\n", self._max_lines)[self._max_lines :]
        return text[: len(text) - len(beyond[0]) - 1] if beyond else text


def whole_characters(text: str, last: bool) -> tuple[str, str]:
    """Split off a trailing half of a surrogate pair, join the pairs and replace halves that stand alone."""
    held = ""
    if text and "\ud800" <= text[-1] <= "\udbff" and not last:
        text, held = text[:-1], text[-1]
    if any("\ud800" <= character <= "\udfff" for character in text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text, held
