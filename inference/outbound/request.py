"""The one function that builds a request to a hosted model, and the one that lets its bytes go.

`prepare` leaves out files that may not leave, takes secrets out, and seals what is left. A provider's client
reads the sealed `Outbound` inside `sending`, and calls `leave` with the exact bytes right before they go.
Whatever fails on the way keeps the request here (WillNotSend).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import InitVar, dataclass, field, replace
from typing import Any, Literal

from inference.outbound.audit import AuditLog, Entry, of_body
from inference.outbound.findings import WillNotSend
from inference.outbound.redact import Restorer, Vault
from inference.outbound.rules import Rules

LARGEST = 2_000_000
"""Characters of one request: about half a million tokens, more than any model takes."""
SHORT = 100
"""Characters of a text in a request's bytes that need not be one of its parts: names, types, cache keys."""

Kind = Literal["instructions", "buffer", "snippet", "diagnostics", "tool", "message"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a request, and where it is from."""

    kind: Kind
    text: str = field(repr=False)
    path: str = ""
    """The file its text is from, relative to the project or absolute; empty where it is from none."""
    stable: bool = False
    """Whether the next request begins with it too: such parts go first, for the provider's prompt cache."""


@dataclass(frozen=True, slots=True)
class OutboundTask:
    """What is to be asked of a hosted model, before anything was checked."""

    project: str
    """The workspace's path, for the log."""
    purpose: str
    """'completion', or an action's kind."""
    system: str = field(repr=False)
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Outbound:
    """A request that may leave. Only `prepare` makes one, and nobody can change one unseen."""

    project: str
    purpose: str
    system: str = field(repr=False)
    parts: tuple[str, ...] = field(repr=False)
    """The texts of the user's message, the stable ones first."""
    stable: int
    """How many parts stand before the boundary of the prompt cache; `system` stands before it too."""
    files: tuple[str, ...]
    """Files whose text is in it."""
    kept_back: Mapping[str, str]
    """Files that were left out, and why."""
    redacted: Mapping[str, int]
    """How many secrets of each kind were replaced."""
    vault: Vault = field(repr=False, compare=False)
    log: AuditLog = field(repr=False, compare=False)
    made_by: InitVar[object]
    seal: str = field(default="", repr=False)

    def __post_init__(self, made_by: object) -> None:
        if made_by is not _MAKER:
            raise TypeError("an Outbound is made by prepare alone")
        object.__setattr__(self, "seal", _sealed(self))

    @property
    def sha256(self) -> str:
        """Of its texts, whatever provider they go to."""
        return hashlib.sha256(_content(self)).hexdigest()

    def restore(self, text: str) -> str:
        """Put the secrets back into an answer; see Vault.restore for where that may be shown."""
        return self.vault.restore(text)

    def restorer(self) -> Restorer:
        """Return what does so for an answer that comes in pieces."""
        return Restorer(self.vault)


_MAKER = object()
_KEY = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class _Leaving:
    outbound: Outbound
    provider: str
    model: str


_leaving: ContextVar[_Leaving | None] = ContextVar("leaving", default=None)


def prepare(
    task: OutboundTask, rules: Rules, vault: Vault, log: AuditLog, *, redaction: str = "replace"
) -> Outbound:
    """Build a request out of what may leave of `task`. Blocks for up to some tens of milliseconds.

    A file that may not leave is left out and named in `kept_back`; if it is the buffer that is edited,
    nothing leaves. `vault` is the conversation's, so that placeholders stay the same; `redaction` "block"
    refuses a request in which a secret was found. Raises WillNotSend, whatever goes wrong.
    """
    try:
        return _prepared(task, rules, vault, log, redaction)
    except WillNotSend as refusal:
        blocked = refusal
    except ImportError:
        blocked = WillNotSend("detect-secrets is not installed or broken", "run: pip install detect-secrets")
    except Exception as error:  # not chained: the text of an error may quote what it stumbled over
        blocked = WillNotSend(
            f"it could not be checked ({type(error).__name__})", "please report this, with the file's kind"
        )
    with contextlib.suppress(WillNotSend):
        log.write(Entry("blocked", str(task.project), str(task.purpose), reason=blocked.reason))
    raise blocked from None


def _prepared(task: OutboundTask, rules: Rules, vault: Vault, log: AuditLog, redaction: str) -> Outbound:
    kept_back: dict[str, str] = {}
    parts: list[Part] = []
    for part in task.parts:
        if why := rules.why_not(part.path) if part.path else "":
            shown = rules.shown(part.path)
            if part.kind == "buffer":
                raise WillNotSend(f"{shown} {why}", "work on it with the local model")
            kept_back[shown] = why
        elif part.text.strip():  # a provider takes no empty text
            parts.append(replace(part, path=rules.shown(part.path) if part.path else ""))
    if not parts:
        raise WillNotSend("nothing that may leave is in it", "ask about other files")
    parts.sort(key=lambda part: not part.stable)
    texts = [task.system, *(part.text for part in parts)]
    if (size := sum(map(len, texts))) > LARGEST:
        raise WillNotSend(f"it holds {size:,} characters, and {LARGEST:,} is the most", "send less of it")
    (system, *clean), redacted = vault.redact([_whole(text) for text in texts])
    if redacted and redaction != "replace":
        kinds = ", ".join(f"{count} {kind}" for kind, count in redacted.items())
        raise WillNotSend(f"it holds secrets ({kinds})", 'take them out, or set cloud.redaction to "replace"')
    return Outbound(
        project=task.project,
        purpose=task.purpose,
        system=system,
        parts=tuple(clean),
        stable=sum(part.stable for part in parts),
        files=tuple(dict.fromkeys(part.path for part in parts if part.path)),
        kept_back=kept_back,
        redacted=redacted,
        vault=vault,
        log=log,
        made_by=_MAKER,
    )


def checked(outbound: object) -> Outbound:
    """Return a request that may be sent. Raises TypeError for anything that was not made here as it is."""
    if type(outbound) is not Outbound:
        raise TypeError(f"only a prepared request may leave, not a {type(outbound).__name__}")
    if not hmac.compare_digest(outbound.seal, _sealed(outbound)):
        raise TypeError("a prepared request was changed after it was checked")
    return outbound


@contextlib.contextmanager
def sending(outbound: Outbound, provider: str, model: str) -> Iterator[None]:
    """Say which request the bytes belong to that `leave` gets, in this task or thread. Raises TypeError."""
    token = _leaving.set(_Leaving(checked(outbound), provider, model))
    try:
        yield
    finally:
        _leaving.reset(token)


def leave(body: bytes) -> None:
    """Let the exact bytes of a request's body go: once they are in the log, and only if they are its own.

    Call it right before they are sent, for each attempt; it blocks for some milliseconds. Raises WillNotSend.
    """
    leaving = _leaving.get()
    if leaving is None:
        raise WillNotSend("it was not prepared", "please report this")
    try:
        outbound = checked(leaving.outbound)
        digest, size = of_body(body)
        entry = Entry(
            "sent",
            outbound.project,
            outbound.purpose,
            leaving.provider,
            leaving.model,
            digest,
            size,
            outbound.files,
            outbound.kept_back,
            outbound.redacted,
        )
        if why := _foreign(outbound, body):
            with contextlib.suppress(WillNotSend):
                outbound.log.write(replace(entry, decision="blocked", reason=why))
            raise WillNotSend(why, "please report this")
        outbound.log.write(entry, body)
    except WillNotSend:
        raise
    except Exception as error:
        raise WillNotSend(f"it could not be checked ({type(error).__name__})", "please report this") from None


def _foreign(outbound: Outbound, body: bytes) -> str:
    """Return what is in the bytes that was not in the request, or an empty string."""
    if outbound.vault.leaks(body):
        return "a secret is in it after all"
    own = {outbound.system, *outbound.parts, "".join(outbound.parts)}
    if any(len(text) > SHORT and text not in own for text in _texts(json.loads(body))):
        return "it holds text that was not checked"
    return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)


def _whole(text: str) -> str:
    """Return a text that can be sent: a half of a surrogate pair has no bytes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _content(outbound: Outbound) -> bytes:
    return json.dumps([outbound.system, list(outbound.parts)]).encode()


def _sealed(outbound: Outbound) -> str:
    known = [
        outbound.project,
        outbound.purpose,
        outbound.stable,
        list(outbound.files),
        dict(outbound.kept_back),
        dict(outbound.redacted),
        id(outbound.vault),
        id(outbound.log),
    ]
    return hmac.new(_KEY, _content(outbound) + json.dumps(known).encode(), "sha256").hexdigest()
