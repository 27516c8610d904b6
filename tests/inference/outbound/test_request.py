"""The one function that builds a request, and the one that lets its bytes go: both fail closed."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from inference.outbound import redact, request
from inference.outbound.audit import AuditLog
from inference.outbound.findings import WillNotSend
from inference.outbound.redact import Vault
from inference.outbound.request import Outbound, OutboundTask, Part, leave, prepare, sending
from inference.outbound.rules import Rules
from tests.inference.outbound.planted import private_keys

AWS = "AKIA" + "J4Q7ZP2MXV8KD5RT"


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit")


def task(*parts: Part, system: str = "You write code.") -> OutboundTask:
    return OutboundTask("/p", "completion", system, parts or (Part("buffer", "x = 1\n", "a.py"),))


def body(outbound: Outbound) -> bytes:
    return json.dumps({"model": "m", "system": outbound.system, "parts": outbound.parts}).encode()


def prepared(log: AuditLog, *parts: Part, rules: Rules | None = None, **how: str) -> Outbound:
    return prepare(task(*parts), rules or Rules(), Vault(), log, **how)


def test_a_request_holds_what_may_leave_the_stable_parts_first(log: AuditLog, tmp_path: Path) -> None:
    outbound = prepared(
        log,
        Part("buffer", "buffer", str(tmp_path / "a.py")),
        Part("snippet", "kept", "b.py", stable=True),
        Part("snippet", "private", ".env"),
        Part("snippet", "named", "c/d.py"),
        Part("snippet", "ignored", "e.py"),
        Part("diagnostics", "a.py:1: error"),
        rules=Rules(tmp_path, never_send=("c",), ignored=lambda path: path == "e.py"),
    )
    assert outbound.parts == ("kept", "buffer", "a.py:1: error") and outbound.stable == 1
    assert outbound.files == ("b.py", "a.py")
    assert outbound.kept_back.keys() == {".env", "c/d.py", "e.py"}


@pytest.mark.parametrize("path", [".env", "c/d.py", "/etc/passwd"])
def test_nothing_leaves_where_the_buffer_may_not(path: str, log: AuditLog, tmp_path: Path) -> None:
    parts = (Part("snippet", "kept", "b.py"), Part("buffer", "x", path))
    with pytest.raises(WillNotSend) as caught:
        prepared(log, *parts, rules=Rules(tmp_path, never_send=("c",)))
    assert path in str(caught.value) and "local model" in str(caught.value)
    [entry] = log.read()
    assert entry["decision"] == "blocked" and entry["sha256"] == "" and path in entry["reason"]


def test_secrets_are_replaced_or_block_as_the_user_said(log: AuditLog) -> None:
    parts = (Part("buffer", f"key = {AWS!r}"), Part("tool", f"said {AWS}"))
    outbound = prepared(log, *parts)
    assert outbound.parts == ("key = '<AWS_KEY_1>'", "said <AWS_KEY_1>")
    assert outbound.redacted == {"AWS_KEY": 1}
    assert outbound.restore("f('<AWS_KEY_1>')") == f"f({AWS!r})"
    with pytest.raises(WillNotSend, match="1 AWS_KEY") as caught:
        prepared(log, *parts, redaction="block")
    assert AWS not in str(caught.value)


@pytest.mark.parametrize("kind", ["buffer", "snippet", "diagnostics", "tool", "message"])
def test_a_private_key_in_any_part_blocks(kind, log: AuditLog) -> None:
    with pytest.raises(WillNotSend, match="private key"):
        prepared(log, Part("message", "hello"), Part(kind, private_keys()[0].text))


def test_a_secret_in_the_instructions_is_replaced_too(log: AuditLog) -> None:
    outbound = prepare(task(system=f"Use {AWS}."), Rules(), Vault(), log)
    assert outbound.system == "Use <AWS_KEY_1>."


def broken(*args: object) -> object:
    raise RuntimeError(f"cannot parse {AWS}")


@pytest.mark.parametrize("detector", ["known_forms", "by_library", "assigned", "holds_private_key"])
def test_a_detector_that_raises_keeps_the_request_here(
    detector: str, log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redact, detector, broken)
    with pytest.raises(WillNotSend, match="could not be checked") as caught:
        prepared(log)
    assert AWS not in str(caught.value) and caught.value.__cause__ is None
    assert [entry["decision"] for entry in log.read()] == ["blocked"]


def test_without_the_library_nothing_leaves(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*args: object) -> object:
        raise ImportError("No module named 'detect_secrets'")

    monkeypatch.setattr(redact, "by_library", missing)
    with pytest.raises(WillNotSend, match="pip install detect-secrets"):
        prepared(log)


def test_parts_without_text_are_left_out_and_nothing_is_not_sent(log: AuditLog) -> None:
    outbound = prepared(log, Part("snippet", " \n", "b.py", stable=True), Part("buffer", "x", "a.py"))
    assert (outbound.parts, outbound.stable, outbound.files) == (("x",), 0, ("a.py",))
    with pytest.raises(WillNotSend, match="nothing that may leave"):
        prepared(log, Part("buffer", "", "a.py"), Part("snippet", "x", ".env"))


def test_too_much_text_stays_here(log: AuditLog) -> None:
    with pytest.raises(WillNotSend, match="characters"):
        prepared(log, Part("buffer", "x" * 2_000_001))


def test_half_a_surrogate_pair_leaves_as_a_question_mark(log: AuditLog) -> None:
    assert prepared(log, Part("buffer", "a\ud800b")).parts == ("a?b",)


def test_only_prepare_makes_a_request(log: AuditLog) -> None:
    outbound = prepared(log)
    with pytest.raises((TypeError, ValueError)):
        replace(outbound, parts=("more",))
    with pytest.raises((TypeError, pickle.PicklingError, AttributeError)):
        pickle.loads(pickle.dumps(outbound))
    changed = copy.copy(outbound)
    object.__setattr__(changed, "parts", ("more",))
    with pytest.raises(TypeError, match="changed"), sending(changed, "p", "m"):
        pass
    values = {name: getattr(outbound, name) for name in outbound.__dataclass_fields__ if name != "made_by"}
    with pytest.raises(TypeError):
        Outbound(**{**values, "made_by": object()})


def test_bytes_leave_once_they_are_in_the_log(log: AuditLog) -> None:
    outbound = prepared(log)
    with sending(outbound, "anthropic", "m"):
        leave(body(outbound))
        leave(body(outbound))  # a second attempt is a second line
    entries = list(log.read())
    assert [entry["decision"] for entry in entries] == ["sent", "sent"]
    assert entries[0]["sha256"] == request.of_body(body(outbound))[0]


def test_bytes_of_nobody_stay_here(log: AuditLog) -> None:
    with pytest.raises(WillNotSend, match="not prepared"):
        leave(body(prepared(log)))
    with sending(prepared(log), "p", "m"):
        pass
    with pytest.raises(WillNotSend, match="not prepared"):
        leave(b"{}")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (lambda outbound: json.dumps({"text": f"a secret: {AWS}"}).encode(), "secret"),
        (lambda outbound: json.dumps({"text": outbound.parts[0], "more": "y" * 101}).encode(), "not checked"),
        (lambda outbound: b'{"text": "' + AWS.encode() + b'"', "secret"),
        (lambda outbound: b"not json", "could not be checked"),
    ],
)
def test_bytes_that_hold_something_else_stay_here(data, why: str, log: AuditLog) -> None:
    outbound = prepared(log, Part("buffer", f"key = {AWS!r}"))
    with sending(outbound, "p", "m"), pytest.raises(WillNotSend, match=why):
        leave(data(outbound))
    assert "sent" not in [entry["decision"] for entry in log.read()]


def test_a_log_that_cannot_be_written_keeps_the_bytes_here(log: AuditLog) -> None:
    outbound = prepared(log)
    log.folder.write_text("no folder")
    with sending(outbound, "p", "m"), pytest.raises(WillNotSend, match="log"):
        leave(body(outbound))


def test_a_request_shows_no_text_in_logs_and_tracebacks(log: AuditLog) -> None:
    outbound = prepared(log, Part("buffer", "a line of the user's"))
    assert "a line of" not in repr(outbound) + repr(task(Part("buffer", "a line of the user's")))
