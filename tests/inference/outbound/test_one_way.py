"""There is one way out: a request that `prepare` made, through `leave`, over the one connection there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from inference.cloud.claude import Claude
from inference.cloud.openai_wire import OpenAI
from inference.cloud.opening import clouds_of
from inference.outbound import request
from inference.outbound.findings import WillNotSend
from settings.schema import Settings
from tests.fake_cloud import FakeCloud
from tests.inference.cloud.conftest import FORMATS, keys, outbound, reaching  # noqa: F401

ROOT = Path(__file__).parents[3]
OURS = ("settings", "syntax", "inference", "retrieval", "lsp_server", "nearside")
HTTP = {"httpx", "httpx2", "httpcore", "httpcore2", "requests", "aiohttp", "urllib3", "http.client",
        "urllib.request", "socket", "ssl", "websockets", "smtplib", "ftplib", "boto3"}  # fmt: skip
MAY_CONNECT = {
    "inference/cloud/connection.py": "hosted models",
    "inference/cloud/failures.py": "the names of errors",
    "inference/client.py": "engines: ours, or the one that model.completion names",
    "inference/rendezvous.py": "the engine's own socket",
    "inference/engine_process.py": "the engine's own socket",
    "inference/launch.py": "the engine's own socket",
    "inference/fetch.py": "nearside models pull",
    "retrieval/embedders/endpoint.py": "the server that retrieval.embedder names",
    "lsp_server/server.py": "imports it early, for inference/client.py",
}


@cache
def modules() -> list[tuple[str, ast.Module]]:
    files = [file for package in OURS for file in sorted((ROOT / package).rglob("*.py"))]
    return [(file.relative_to(ROOT).as_posix(), ast.parse(file.read_text("utf-8"))) for file in files]


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


def test_nothing_else_of_ours_can_connect() -> None:
    found = {
        path
        for path, tree in modules()
        for name in imported(tree)
        if name in HTTP or name.partition(".")[0] in HTTP
    }
    assert found <= MAY_CONNECT.keys(), "a new way out: say what for, and what may go there"


def test_the_libraries_of_hosted_models_are_imported_in_one_place_each() -> None:
    found = {
        (name, path)
        for path, tree in modules()
        for name in imported(tree)
        if name in ("openai", "anthropic")
    }
    assert found == {
        ("openai", "inference/cloud/openai_wire.py"),
        ("anthropic", "inference/cloud/claude.py"),
    }


def calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Outbound", "inference/outbound/request.py"),
        ("sending", "inference/cloud/connection.py"),
        ("AsyncAnthropic", "inference/cloud/claude.py"),
        ("AsyncOpenAI", "inference/cloud/openai_wire.py"),
        ("Claude", "inference/cloud/opening.py"),
        ("OpenAI", "inference/cloud/opening.py"),
        ("Reach", "inference/cloud/opening.py"),
    ],
)
def test_each_step_is_made_in_one_place(name: str, place: str) -> None:
    assert {path for path, tree in modules() if name in calls(tree)} == {place}


def test_one_place_prepares_what_is_asked() -> None:
    found = {
        path
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "prepare"
    }
    assert found == {"inference/cloud/escalate.py"}


def test_no_other_file_touches_what_makes_a_request_one() -> None:
    private = ("_MAKER", "_KEY", "_leaving", "_sealed", "_prepared")
    for path, tree in modules():
        if path != "inference/outbound/request.py" and path.split("/")[1] in ("cloud", "outbound"):
            names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            assert names.isdisjoint(private), path


@pytest.fixture
def server() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        yield cloud


@pytest.fixture(params=FORMATS)
def settings(request: pytest.FixtureRequest, server: FakeCloud) -> Settings:
    return reaching(server, request.param)


async def test_a_providers_client_sends_nothing_that_was_not_prepared(
    server: FakeCloud, settings: Settings
) -> None:
    """Whoever gets hold of the library's own client finds its connection closed."""
    [cloud] = clouds_of(settings)
    assert isinstance(cloud, Claude | OpenAI)
    client = await cloud._connection.client()
    messages = [{"role": "user", "content": "hello"}]
    with pytest.raises(Exception) as caught:
        if isinstance(cloud, Claude):
            await client.messages.create(model=cloud.model, max_tokens=9, messages=messages)
        else:
            await client.chat.completions.create(model=cloud.model, messages=messages)
    causes: list[BaseException | None] = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert any(isinstance(cause, WillNotSend) for cause in causes)
    assert server.received == []


async def test_what_another_request_allowed_allows_no_other_text(
    server: FakeCloud, settings: Settings
) -> None:
    [cloud] = clouds_of(settings)
    assert isinstance(cloud, Claude | OpenAI)
    client = await cloud._connection.client()
    messages = [{"role": "user", "content": "a text that nobody has looked at " * 10}]
    with pytest.raises(Exception), request.sending(outbound(), cloud.provider, cloud.model):  # noqa: B017
        if isinstance(cloud, Claude):
            await client.messages.create(model=cloud.model, max_tokens=9, messages=messages)
        else:
            await client.chat.completions.create(model=cloud.model, messages=messages)
    assert server.received == []
