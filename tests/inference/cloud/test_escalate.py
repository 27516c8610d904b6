"""A task through everything: prepared, asked in each wire format, restored, settled, logged."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from inference.cloud import connection
from inference.cloud.escalate import Hosted
from inference.cloud.types import CloudError, CloudOff, KeyMissing, Unreachable
from inference.outbound import redact, request
from inference.outbound.audit import audit_log
from inference.outbound.findings import WillNotSend
from inference.outbound.request import Kind, OutboundTask, Part
from inference.outbound.rules import Rules
from settings import paths
from settings.schema import Routing, Settings
from tests.fake_cloud import FakeCloud, Fault
from tests.inference.cloud.conftest import SECRET, answered, ledger, reaching, task
from tests.inference.outbound.planted import PLANTED, private_keys

KINDS: tuple[Kind, ...] = ("buffer", "snippet", "diagnostics", "tool")


async def test_a_task_is_answered_restored_settled_and_logged(
    server: FakeCloud, settings: Settings, home: Path
) -> None:
    server.answer = 'client("<AWS_KEY_1>", region="eu")\n'
    hosted = Hosted(settings, Rules(root=home))
    deltas = await answered(hosted, task(f'KEY = "{SECRET}"\nclient = '), suggestion="s-1")
    assert "".join(delta.text for delta in deltas) == f'client("{SECRET}", region="eu")\n'
    last = deltas[-1]
    assert (last.finish, last.model) == ("stop", settings.cloud.model) and last.tokens
    [received] = server.received
    assert SECRET.encode() not in received.raw and b"<AWS_KEY_1>" in received.raw
    [row] = ledger()
    assert (row.state, row.suggestion, row.project) == ("settled", "s-1", "/p")
    assert row.tokens == last.tokens and row.cost == last.cost == server.bill > 0
    [entry] = audit_log().read()
    assert entry["sha256"] == received.sha256 and entry["size"] == len(received.body)
    assert entry["files"] == ["shop/sum.py", "shop/sums.py"] and entry["redacted"] == {"AWS_KEY": 1}
    await hosted.close()


@pytest.mark.parametrize("end", ["<AWS_KEY_1>", "<AWS_KE", '"', "x"])
async def test_no_letter_of_an_answer_is_lost_at_its_end(
    end: str, server: FakeCloud, settings: Settings
) -> None:
    server.answer = "key = " + end
    deltas = await answered(Hosted(settings, Rules()), task(f"KEY = {SECRET!r}"))
    assert "".join(delta.text for delta in deltas) == "key = " + end.replace("<AWS_KEY_1>", SECRET)


async def test_the_logged_hash_is_that_of_the_bytes_whatever_the_text(
    server: FakeCloud, settings: Settings
) -> None:
    server.faults.append(Fault(status=529, headers={"retry-after": "0"}))
    await answered(Hosted(settings, Rules()), task('größe = "😀\u2028\x00\ud800"  # ' + "é" * 20_000))
    entries = list(audit_log().read())
    assert [entry["sha256"] for entry in entries] == [received.sha256 for received in server.received]
    assert [entry["size"] for entry in entries] == [len(received.body) for received in server.received]
    assert len(entries) == 2, "each attempt is a line of its own"


@pytest.mark.parametrize("turn", range(4))
async def test_no_planted_secret_leaves_wherever_it_stands(
    turn: int, server: FakeCloud, settings: Settings
) -> None:
    """Each of the planted secrets stands once in the buffer, a chunk, diagnostics and a tool's output."""
    texts = dict.fromkeys(KINDS, "")
    for number, planted in enumerate(PLANTED):
        texts[KINDS[(number + turn) % 4]] += planted.text + "\n\n"
    parts = tuple(Part(kind, text, f"{kind}.py" if kind != "tool" else "") for kind, text in texts.items())
    await answered(Hosted(settings, Rules()), OutboundTask("/p", "action", "Fix it.", parts))
    [received], [entry] = server.received, audit_log().read()
    assert len(PLANTED) >= 40
    assert [planted.name for planted in PLANTED if planted.secret.encode() in received.raw] == []
    assert sum(entry["redacted"].values()) >= 80 and entry["sha256"] == received.sha256


@pytest.mark.parametrize("kind", KINDS)
async def test_a_private_key_keeps_the_request_here(
    kind: Kind, server: FakeCloud, settings: Settings
) -> None:
    parts = (Part("message", "hello"), Part(kind, private_keys()[0].text))
    with pytest.raises(WillNotSend, match="private key"):
        await answered(Hosted(settings, Rules()), OutboundTask("/p", "action", "", parts))
    assert server.received == [] and ledger() == []
    assert [entry["decision"] for entry in audit_log().read()] == ["blocked"]


async def test_files_that_may_not_leave_do_not(server: FakeCloud, provider: str, tmp_path: Path) -> None:
    settings = reaching(server, provider, never_send=("billing",))
    rules = Rules(tmp_path, ignored=lambda path: path.startswith("build/"))
    marks = {"billing/a.py": "MARK-A", ".env": "MARK-B", "build/c.py": "MARK-C", "../d.py": "MARK-D"}
    parts = tuple(Part("snippet", mark, path) for path, mark in marks.items())
    asked = OutboundTask("/p", "completion", "", (*parts, Part("buffer", "x = 1", "a.py")))
    await answered(Hosted(settings, rules), asked)
    assert b"MARK" not in server.received[0].raw
    [entry] = audit_log().read()
    assert entry["kept_back"].keys() == marks.keys() and entry["files"] == ["a.py"]
    for path in marks:
        with pytest.raises(WillNotSend, match="local model"):
            await answered(Hosted(settings, rules), task(path=path))
    assert len(server.received) == 1


def broken(*args: object) -> object:
    raise RuntimeError("a detector's defect")


async def test_a_detector_that_raises_keeps_the_request_here(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redact, "known_forms", broken)
    with pytest.raises(WillNotSend):
        await answered(Hosted(settings, Rules()))
    assert server.received == [] and ledger() == []


async def test_a_log_that_cannot_be_written_keeps_the_request_here(
    server: FakeCloud, settings: Settings
) -> None:
    (paths.state_dir() / "audit").write_text("in its place")
    with pytest.raises(WillNotSend, match="log"):
        await answered(Hosted(settings, Rules()))
    assert server.received == [] and sum(row.spent for row in ledger()) == 0


async def test_a_check_of_the_bytes_that_raises_keeps_them_here(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request, "of_body", broken)
    with pytest.raises(WillNotSend):
        await answered(Hosted(settings, Rules()))
    assert server.received == [] and sum(row.spent for row in ledger()) == 0


async def test_a_request_that_holds_secrets_stays_here_where_the_user_says_so(
    server: FakeCloud, provider: str
) -> None:
    hosted = Hosted(reaching(server, provider, redaction="block"), Rules())
    with pytest.raises(WillNotSend, match="1 AWS_KEY"):
        await answered(hosted, task(f"KEY = {SECRET!r}"))
    assert server.received == []
    await answered(hosted, task("KEY = None"))


async def test_a_copy_is_kept_where_the_user_wants_one(server: FakeCloud, provider: str) -> None:
    await answered(Hosted(reaching(server, provider, keep_text=True), Rules()))
    [received] = server.received
    assert (audit_log().folder / "texts" / f"{received.sha256}.json").read_bytes() == received.body


CLOSED = [
    (Routing(mode="local-only"), {}, "routing.mode is local-only"),
    (Routing(mode="local-first"), {"provider": "none"}, "cloud.provider is none"),
    (Routing(mode="cloud-first"), {"model": ""}, "cloud.model is not set"),
    (Routing(mode="local-first"), {"provider": "openai-compatible", "base_url": ""}, "cloud.base_url"),
]


@pytest.mark.parametrize(("routing", "cloud", "why"), CLOSED, ids=[why for _, _, why in CLOSED])
async def test_without_an_opt_in_there_is_no_hosted_model(
    routing: Routing, cloud: dict, why: str, server: FakeCloud, provider: str
) -> None:
    opted_in = reaching(server, provider)
    settings = replace(opted_in, routing=routing, cloud=replace(opted_in.cloud, **cloud))
    with pytest.raises(CloudOff, match=why) as caught:
        Hosted(settings, Rules())
    assert "\n" not in str(caught.value)
    with pytest.raises(CloudOff):
        Hosted(Settings(), Rules())


async def test_the_event_loop_goes_on_while_the_library_loads(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, ticks = asyncio.Event(), 0
    loop, made = asyncio.get_running_loop(), connection.Connection._made
    started = asyncio.Event()

    def slow(self: connection.Connection) -> object:
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(loaded.wait(), loop).result(10)
        return made(self)

    monkeypatch.setattr(connection.Connection, "_made", slow)
    asking = asyncio.create_task(answered(Hosted(settings, Rules())))
    await started.wait()
    for _ in range(100):
        await asyncio.sleep(0)
        ticks += 1
    loaded.set()
    await asking
    assert ticks == 100


async def test_a_keyring_that_never_answers_holds_nobody(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def waiting(cloud: object) -> str:
        asyncio.run_coroutine_threadsafe(unlocked.wait(), loop).result(20)
        raise KeyMissing("not unlocked")

    monkeypatch.setattr("inference.cloud.reach.key_of", waiting)
    with pytest.raises(Unreachable, match="unlock the keyring"):
        await answered(Hosted(settings, Rules()), deadline=0.2)
    unlocked.set()
    assert server.received == [] and ledger() == []


async def test_whoever_stops_waiting_while_the_library_loads_has_spent_nothing(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, go_on = asyncio.Event(), asyncio.Event()
    loop, made = asyncio.get_running_loop(), connection.Connection._made

    def slow(self: connection.Connection) -> object:
        loop.call_soon_threadsafe(loading.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(20)
        return made(self)

    monkeypatch.setattr(connection.Connection, "_made", slow)
    hosted = Hosted(settings, Rules())
    asking = asyncio.create_task(answered(hosted))
    await loading.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    go_on.set()
    assert server.received == [] and ledger() == []
    assert (await answered(hosted))[-1].finish == "stop"


async def test_whoever_stops_waiting_before_anything_left_sends_nothing(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(*args: object) -> object:
        loop.call_soon_threadsafe(reached.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(20)
        return ()

    monkeypatch.setattr(redact, "known_forms", slow)
    asking = asyncio.create_task(answered(Hosted(settings, Rules())))
    await reached.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    go_on.set()
    assert server.received == [] and ledger() == []


async def test_what_was_said_before_it_broke_off_is_given_and_then_the_error(
    server: FakeCloud, settings: Settings
) -> None:
    server.answer = "first line\n" * 20
    server.faults.append(Fault("half"))
    given = ""
    with pytest.raises(CloudError):
        async with contextlib.aclosing(Hosted(settings, Rules()).answer(task(), max_tokens=64)) as deltas:
            async for delta in deltas:
                given += delta.text
    assert given and server.answer.startswith(given)
    assert len(server.received) == 1, "what has begun is not asked again"


async def test_waiting_for_a_busy_server_ends_with_the_time_there_is(
    server: FakeCloud, settings: Settings
) -> None:
    server.always = Fault(status=429, headers={"retry-after": "30"})
    with pytest.raises(CloudError, match="asks us to wait for 30 s") as caught:
        await answered(Hosted(settings, Rules()), deadline=5)
    assert "\n" not in str(caught.value) and len(server.received) == 1


async def test_the_wait_a_server_asks_for_is_kept(server: FakeCloud, settings: Settings) -> None:
    server.faults.append(Fault(status=429, headers={"retry-after-ms": "300"}))
    started = asyncio.get_running_loop().time()
    await answered(Hosted(settings, Rules()))
    assert asyncio.get_running_loop().time() - started >= 0.3 and len(server.received) == 2
