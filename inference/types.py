"""What passes between server and engine: requests, pieces of an answer, and the errors either may raise.

NearsideError                 one line for the user: what did not happen, why, what to do
+-- ModelError
|   +-- ModelNotFound         no file, no such repository, or not fetched yet
|   +-- ModelUnreadable       truncated, not GGUF, or an architecture llama.cpp does not know
|   +-- ModelTooLarge         weights + KV cache + buffers exceed the memory there is
|   `-- CannotInfill          the model has no fill-in-the-middle tokens
+-- EngineError
|   +-- EngineUnavailable     not running, not startable, or unreachable
|   `-- EngineRefused         it answered, and the answer was a refusal
+-- SettingsError             a setting nobody can act on
+-- UnknownPrice              nobody knows what a hosted model costs (cost/prices.py)
+-- ComparisonError           no cost can be reckoned from this (cost/comparison.py)
`-- LedgerUnusable            what was or is spent cannot be read or written down (calls.py)
Cancelled                     not an error: the request was withdrawn or superseded
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol


class NearsideError(Exception):
    """An error whose text is fit to be shown: what did not happen, why, what to do."""


class ModelError(NearsideError): ...


class ModelNotFound(ModelError): ...


class ModelUnreadable(ModelError): ...


class ModelTooLarge(ModelError): ...


class CannotInfill(ModelError): ...


class EngineError(NearsideError): ...


class EngineUnavailable(EngineError): ...


class EngineRefused(EngineError): ...


class SettingsError(NearsideError): ...


class Cancelled(Exception):
    """The request was withdrawn or superseded; nobody waits for its answer."""


class Priority(IntEnum):
    """Who is served first; a lower number pre-empts a higher one between two slices of work."""

    FOREGROUND = 0
    SPECULATIVE = 1
    CHAT = 2
    WARMUP = 3


@dataclass(frozen=True)
class Snippet:
    """Text of another file shown to the model as context."""

    path: str
    text: str


Members = tuple[tuple[str, tuple[str, ...]], ...]
"""Receivers as they are written at the cursor (`self`, `client`, `this.repo`) and their members, the nearest
first; each is a name, alone or with its signature: `limit: int`, `get(key: str) -> Row`, `Store(…)`."""


@dataclass(frozen=True)
class FimPrompt:
    """The text around the cursor and what stands before it in the prompt.

    `prefix` starts at an anchored line (prompts.py), so that its beginning stays put while the user types.
    """

    prefix: str
    suffix: str
    path: str = ""
    repository: str = ""
    snippets: tuple[Snippet, ...] = ()
    members: Members = ()
    """Raised while the model writes a name after one of these receivers (guide.py); no part of the tokens."""


@dataclass(frozen=True)
class CompletionRequest:
    """One fill-in-the-middle request. Requests of one (client, document) supersede each other."""

    prompt: FimPrompt
    client: str = ""
    document: str = ""
    priority: Priority = Priority.FOREGROUND
    max_tokens: int = 64
    """Tokens to generate at most; 0 evaluates the prompt only and leaves it in the KV cache."""
    max_lines: int = 0
    """Stop after this many lines; 0 is no limit."""
    alternatives: int = 1
    """Branches of one prefill; branch i starts with the i-th likeliest first token."""
    temperature: float = 0.0
    least: float = 0.0
    """The answer ends where a line becomes less probable than this, in [0, 1]: it would not be shown."""
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChatRequest:
    """Turns of a conversation, as (role, content); the answer is the next one of the assistant's."""

    turns: tuple[tuple[str, str], ...]
    client: str = ""
    document: str = ""
    """Requests of one (client, document) supersede each other, unless both are empty."""
    max_tokens: int = 2048
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    schema: Mapping[str, object] | None = None
    """JSON schema of the answer. A server that cannot hold its model to one answers freely."""


@dataclass(frozen=True)
class Usage:
    """What one request cost. Tokens are the engine's own."""

    evaluated_tokens: int = 0
    """Prompt tokens run through the model."""
    reused_tokens: int = 0
    """Prompt tokens found in the KV cache."""
    generated_tokens: int = 0
    queue_ms: float = 0.0
    prefill_ms: float = 0.0
    decode_ms: float = 0.0
    drafted_tokens: int = 0
    """Guesses evaluated together with a generated token."""
    accepted_tokens: int = 0
    """Of those, the right ones; they are among the generated tokens."""
    joules: float | None = None
    """Energy of the machine's counters over prefill and decode; None where it has none it may read."""


@dataclass(frozen=True)
class Piece:
    """A part of an answer as it is generated. Text is always whole characters."""

    text: str = ""
    index: int = 0
    """Which alternative it belongs to."""
    logprobs: tuple[float, ...] = ()
    """Natural-log probability of each token behind `text`, whatever the temperature; empty if unknown. Under
    the model's distribution, with known names raised where the request has `members`."""
    margins: tuple[float, ...] = ()
    """p(first) - p(second) per token; empty if unknown."""
    finish: str | None = None
    """Why this alternative ended: 'stop' (end token or stop rule), 'length', 'unsure' (a line less probable
    than asked for), 'cancelled'."""
    usage: Usage | None = None
    """Set once, on the last piece of the whole answer."""


@dataclass(frozen=True)
class EngineInfo:
    """What the engine says of itself."""

    engine: str
    """'nearside', 'llama-server', 'ollama', 'vllm' or 'openai-compatible'."""
    model: str
    context: int = 0
    """Tokens one request may hold, 0 if unknown."""
    infill: bool = True
    logprobs: bool = True
    chats: bool = True
    """Whether it continues a conversation; of a server of others nobody knows before it is asked."""
    limits: tuple[str, ...] = ()
    """What this server cannot do, as sentences for the user."""
    details: dict[str, object] = field(default_factory=dict)


class Engine(Protocol):
    """Where completions come from. Every failure is an EngineError or a ModelError."""

    async def info(self) -> EngineInfo: ...

    def complete(self, request: CompletionRequest) -> AsyncIterator[Piece]:
        """Stream the answer. Closing the iterator cancels the work at the engine."""
        ...

    async def close(self) -> None: ...


class ChatEngine(Protocol):
    """Where the turns of conversations come from; most engines are both."""

    async def info(self) -> EngineInfo: ...

    def chat(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """Stream the assistant's next turn. Closing the iterator cancels the work at the engine."""
        ...

    async def close(self) -> None: ...
