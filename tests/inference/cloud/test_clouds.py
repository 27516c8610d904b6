"""One request to a hosted model, in each wire format: what leaves, what comes back, and what goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from inference.cloud import connection
from inference.cloud.failures import retry_after
from inference.cloud.types import (
    BadAnswer,
    Cloud,
    CloudError,
    CloudMissing,
    Delta,
    KeyMissing,
    KeyRefused,
    ModelUnknown,
    Overloaded,
    OverQuota,
    RequestRefused,
    Unreachable,
)
from inference.outbound.audit import audit_log
from inference.outbound.findings import WillNotSend
from settings.schema import Settings
from tests.fake_cloud import KEY, FakeCloud, Fault
from tests.inference.cloud.conftest import only, outbound, reaching

ROOT = Path(__file__).parents[3]


async def gathered(cloud: Cloud, request: object = None, deadline: float = 20.0) -> list[Delta]:
    answer = cloud.complete(request or outbound(), max_tokens=64, deadline=deadline)  # type: ignore[arg-type]
    async with contextlib.aclosing(answer) as deltas:
        return [delta async for delta in deltas]


async def failure(settings: Settings, deadline: float = 20.0) -> CloudError:
    with pytest.raises(CloudError) as caught:
        await gathered(only(settings), deadline=deadline)
    line = str(caught.value)
    assert "\n" not in line and KEY not in line and "because" in line and ";" in line
    return caught.value


async def test_an_answer_streams_and_ends_with_what_it_used(server: FakeCloud, settings: Settings) -> None:
    deltas = await gathered(only(settings))
    assert "".join(delta.text for delta in deltas) == server.answer
    assert len([delta for delta in deltas if delta.text]) > 2
    last = deltas[-1]
    assert last.finish == "stop" and last.tokens
    assert last.tokens.output == (len(server.answer) + 3) // 4 and last.tokens.input > 100
    assert all(delta.finish is None for delta in deltas[:-1])
    began = [delta.tokens for delta in deltas[:-1] if delta.tokens]
    says_so = settings.cloud.provider == "anthropic"
    assert [tokens.input for tokens in began] == [last.tokens.input] * says_so


async def test_the_key_goes_into_a_header_and_nowhere_else(server: FakeCloud, settings: Settings) -> None:
    await gathered(only(settings))
    [received] = server.received
    assert KEY.encode() in received.raw and KEY.encode() not in received.body
    assert KEY not in received.path


async def test_what_leaves_is_in_the_log_before_it_leaves(server: FakeCloud, settings: Settings) -> None:
    await gathered(only(settings))
    [entry] = audit_log().read()
    [received] = server.received
    assert (entry["decision"], entry["sha256"]) == ("sent", received.sha256)
    assert entry["size"] == len(received.body)
    assert (entry["provider"], entry["model"]) == (settings.cloud.provider, settings.cloud.model)


async def test_what_cannot_be_logged_stays_here(server: FakeCloud, settings: Settings) -> None:
    request = outbound()
    (audit_log().folder / "sent.jsonl").mkdir(parents=True)
    with pytest.raises(WillNotSend, match="log") as caught:
        await gathered(only(settings), request)
    assert "\n" not in str(caught.value)
    assert server.received == []


async def test_only_a_prepared_request_leaves(server: FakeCloud, settings: Settings) -> None:
    prepared = outbound()
    changed = outbound()
    object.__setattr__(changed, "parts", ("something else",))
    for other in ("text", {"system": "", "parts": ()}, object(), SimpleNamespace(**vars(prepared)), changed):
        with pytest.raises(TypeError):
            await gathered(only(settings), other)
    assert server.received == []


async def test_the_head_of_a_request_says_nothing_it_need_not(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANTHROPIC_CUSTOM_HEADERS", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "x-other: of-another-program")
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "of-another-program")
    await gathered(only(settings))
    [received] = server.received
    assert received.headers.keys() <= connection.HEADERS
    assert b"of-another-program" not in received.raw


async def test_the_stable_part_is_read_from_the_cache_the_second_time(
    server: FakeCloud, settings: Settings
) -> None:
    cloud = only(settings)
    first = (await gathered(cloud, outbound("stable " * 300, "one")))[-1].tokens
    second = (await gathered(cloud, outbound("stable " * 300, "two")))[-1].tokens
    assert first and second and first.cache_read == 0
    if settings.cloud.provider == "anthropic":
        assert first.cache_write == second.cache_read > 500
        [*before, last] = server.received[0].json["messages"][0]["content"]
        assert [("cache_control" in block) for block in before] == [True] and "cache_control" not in last
    elif settings.cloud.provider == "openai":
        assert second.cache_read > 500
        assert server.received[0].json["prompt_cache_key"] == server.received[1].json["prompt_cache_key"]
        assert server.received[0].json["store"] is False


async def test_a_server_that_does_not_stream_is_understood(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fake_cloud import _Handler

    answer = _Handler._answer
    monkeypatch.setattr(
        _Handler,
        "_answer",
        lambda self, cloud, asked, fault: answer(self, cloud, {**asked, "stream": False}, fault),
    )
    [delta] = await gathered(only(settings))
    assert (delta.text, delta.finish) == (server.answer, "stop") and delta.tokens


STATUSES = [
    (Fault(status=401, code="authentication_error"), KeyRefused, False),
    (Fault(status=402, code="billing_error"), OverQuota, False),
    (Fault(status=403, code="permission_error"), KeyRefused, False),
    (Fault(status=403, code="insufficient_quota"), OverQuota, False),
    (
        Fault(status=400, code="invalid_request_error", message="Your credit balance is too low"),
        OverQuota,
        False,
    ),
    (Fault(status=400, code="invalid_request_error", message="def add(secret)"), RequestRefused, False),
    (Fault(status=404, code="not_found_error"), ModelUnknown, False),
    (Fault(status=413, code="request_too_large"), RequestRefused, False),
    (Fault(status=429, code="rate_limit_error"), Overloaded, True),
    (Fault(status=429, code="insufficient_quota"), OverQuota, False),
    (Fault(status=500), Overloaded, True),
    (Fault(status=503), Overloaded, True),
    (Fault(status=529, code="overloaded_error"), Overloaded, True),
    (Fault(status=307, headers={"location": "http://127.0.0.1:9/v1/messages"}), RequestRefused, False),
]


@pytest.mark.parametrize(
    ("fault", "kind", "again"), STATUSES, ids=lambda value: str(getattr(value, "status", ""))
)
async def test_a_refusal_is_one_line_and_costs_nothing(
    fault: Fault, kind: type[CloudError], again: bool, server: FakeCloud, settings: Settings
) -> None:
    server.faults.append(fault)
    error = await failure(settings)
    assert type(error) is kind and error.again is again and error.charged is False
    assert "secret" not in str(error)
    assert len(server.received) == 1, "the library asked again by itself"


async def test_a_gateways_error_may_have_cost_something(server: FakeCloud, settings: Settings) -> None:
    server.faults.append(Fault(status=504))
    assert (await failure(settings)).charged is None


async def test_a_wrong_key_and_a_wrong_model_are_told_apart(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = replace(settings, cloud=replace(settings.cloud, model="no-such-model"))
    assert type(await failure(unknown)) is ModelUnknown
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "SOME_KEY"):
        monkeypatch.setenv(name, "sk-wrong")
    error = await failure(settings)
    assert type(error) is KeyRefused and "sk-wrong" not in str(error)


@pytest.mark.parametrize("how", ["half", "not json", "nonsense"])
async def test_half_an_answer_and_no_answer_are_errors(how, server: FakeCloud, settings: Settings) -> None:
    server.faults.append(Fault(how))
    error = await failure(settings)
    assert isinstance(error, BadAnswer | Unreachable) and error.charged is None


async def test_an_error_inside_the_stream_is_one(server: FakeCloud, settings: Settings) -> None:
    server.faults.append(Fault("error in the stream", code="overloaded_error"))
    error = await failure(settings)
    assert isinstance(error, Overloaded) and error.charged is None


async def test_a_stream_that_stalls_ends_by_the_read_timeout(server: FakeCloud, provider: str) -> None:
    server.faults.append(Fault("stall"))
    error = await failure(reaching(server, provider, read_timeout=1))
    assert isinstance(error, Unreachable) and error.charged is None and "too long" in str(error)


async def test_one_that_only_says_that_it_lives_ends_by_the_deadline(
    server: FakeCloud, settings: Settings
) -> None:
    await gathered(only(settings))  # the library is loaded
    server.faults.append(Fault("pings"))
    error = await failure(settings, deadline=0.7)
    assert isinstance(error, Unreachable) and "longer than" in str(error)


async def test_an_answer_without_end_breaks_off(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LARGEST_ANSWER", 100_000)
    server.faults.append(Fault("endless"))
    assert "larger than" in str(await failure(settings))


async def test_closing_the_answer_closes_the_connection(server: FakeCloud, settings: Settings) -> None:
    server.faults.append(Fault("pings"))
    answer = only(settings).complete(outbound(), max_tokens=9, deadline=20)
    assert isinstance(await anext(answer), Delta)
    await answer.aclose()
    assert await asyncio.to_thread(server.hang_up.wait, 1)


async def test_cancelling_who_waits_closes_the_connection(server: FakeCloud, settings: Settings) -> None:
    server.faults.append(Fault("pings"))
    task = asyncio.create_task(gathered(only(settings)))
    assert await asyncio.to_thread(server.reached.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(server.hang_up.wait, 1)


async def test_nobody_listening_is_unreachable_and_costs_nothing(server: FakeCloud, provider: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        error = await failure(reaching(server, provider, base_url=f"http://127.0.0.1:{port}"))
    assert isinstance(error, Unreachable) and error.charged is False and error.again


async def test_usage_nobody_tells_is_unknown(server: FakeCloud) -> None:
    server.faults.append(Fault("no usage"))
    deltas = await gathered(only(reaching(server, "openai-compatible")))
    assert deltas[-1].finish == "stop" and deltas[-1].tokens is None


async def test_no_key_is_said_before_anything_leaves(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "SOME_KEY"):
        monkeypatch.delenv(name)
    assert isinstance(await failure(settings), KeyMissing)
    monkeypatch.setenv("SOME_KEY", "two\nlines")
    changed = replace(settings, cloud=replace(settings.cloud, api_key_env="SOME_KEY"))
    error = await failure(changed)
    assert isinstance(error, KeyMissing) and "two" not in str(error)
    assert server.received == []


async def test_the_key_of_one_provider_never_goes_to_another(server: FakeCloud) -> None:
    settings = reaching(server, "openai-compatible", api_key_env="")
    assert isinstance(await failure(settings), KeyRefused)
    assert KEY.encode() not in server.received[0].raw


async def test_a_key_comes_from_the_keyring(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring

    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "SOME_KEY"):
        monkeypatch.delenv(name)
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(keyring, "get_password", lambda *names: asked.append(names) or KEY + "\n")
    assert (await gathered(only(settings)))[-1].tokens
    assert asked == [
        ("nearside", {"openai-compatible": "127.0.0.1"}.get(settings.cloud.provider, settings.cloud.provider))
    ]


async def test_the_libraries_log_no_request(
    server: FakeCloud, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await gathered(only(settings), outbound("stable", "a very secret line"))
    assert "very secret line" not in caplog.text and KEY not in caplog.text


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e300"}, 86_400.0),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=10.0) == seconds


async def test_a_library_that_is_missing_is_said_in_one_line(
    server: FakeCloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = "anthropic" if settings.cloud.provider == "anthropic" else "openai"
    monkeypatch.setitem(sys.modules, library, None)
    error = await failure(settings)
    assert isinstance(error, CloudMissing) and str(error).endswith(f"run: pip install {library}")
    assert server.received == [] and error.charged is False


LAZY = """
import sys
from inference.cloud.escalate import Hosted
from inference.outbound.rules import Rules
from tests.inference.cloud.conftest import reaching
class Server: url = "http://127.0.0.1:9"
before = set(sys.modules)
hosted = [Hosted(reaching(Server, provider), Rules()) for provider in ("anthropic", "openai")]
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def test_nothing_is_imported_before_the_first_request() -> None:
    """The tests' own imports do not count, and nothing of the libraries is among them."""
    done = subprocess.run([sys.executable, "-c", LAZY], cwd=ROOT, capture_output=True, text=True, timeout=60)
    loaded = set(done.stdout.split())
    assert done.returncode == 0, done.stderr
    assert loaded & {"anthropic", "openai", "httpx2", "keyring", "detect_secrets", "genai_prices"} == set()
    heavy = "import sys, inference.cloud.escalate; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", heavy], cwd=ROOT, capture_output=True, text=True, timeout=60)
    names = {name.partition(".")[0] for name in done.stdout.split()}
    assert "inference" in names
    assert names & {"anthropic", "openai", "httpx2", "keyring", "detect_secrets", "genai_prices"} == set()
