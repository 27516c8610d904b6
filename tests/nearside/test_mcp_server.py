"""`nearside mcp`, driven by the protocol's own client over standard streams."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp_types import TextContent

from nearside import cli, mcp_server
from nearside.mcp_server import MOST_SYMBOLS, Index, served, tools
from settings import paths
from settings.layers import load
from tests.processes import runs
from tools.toolbox import Found, tool

ROOT = Path(__file__).parents[2]
CART = '''\
"""What a customer wants to buy."""

from shop.money import round_price


class Cart:
    """The things in one basket."""

    def total(self, prices):
        """Add the prices up and take the discount off."""
        return round_price(sum(prices) * 0.9)
'''
MONEY = '''\
def round_price(amount):
    """Round to whole cents, halves up."""
    return int(amount * 100 + 0.5) / 100
'''


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "project"
    (folder / "shop").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "shop" / "cart.py").write_text(CART)
    (folder / "shop" / "money.py").write_text(MONEY)
    (folder / ".env").write_text("PRICE_API_TOKEN=round_price\n")
    (folder / ".gitignore").write_text("generated/\n")
    (folder / "generated").mkdir()
    (folder / "generated" / "out.py").write_text("def round_price_generated():\n    pass\n")
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text('[retrieval]\nembedder = "none"\n')
    return folder


def parameters(project: Path, *options: str) -> StdioServerParameters:
    ours = {name: value for name, value in os.environ.items() if name.startswith("XDG_") or name == "HOME"}
    return StdioServerParameters(
        command=sys.executable,
        args=["-P", "-m", "nearside", *options, "mcp", str(project)],
        env=ours | {"PYTHONPATH": str(ROOT)},
        cwd="/",
    )


@asynccontextmanager
async def agent(project: Path) -> AsyncIterator[Client]:
    """Yield a client of a server in this process."""
    settings = load(project).settings
    index = Index(project, settings.retrieval)
    try:
        async with Client(served(tools(project, settings, index))) as connected:
            yield connected
    finally:
        await index.close()


async def asked(agent: Client, wanted: str, /, **arguments: Any) -> str:
    """Return the text of a tool's answer; behind `Error: ` where it is one."""
    result = await agent.call_tool(wanted, arguments)
    assert len(result.content) == 1 and isinstance(result.content[0], TextContent)
    return "Error: " * bool(result.is_error) + result.content[0].text


@pytest.mark.parametrize(("mode", "options"), [("auto", ()), ("legacy", ("--offline",))])
async def test_every_tool_is_listed_and_answers(project: Path, mode: str, options: tuple[str, ...]) -> None:
    async with Client(parameters(project, *options), read_timeout_seconds=30, mode=mode) as agent:
        assert agent.server_info and agent.server_info.name == "nearside"
        listed = {one.name: one for one in (await agent.list_tools()).tools}
        assert sorted(listed) == [
            "explain_routing",
            "list_references",
            "outline_file",
            "read_documentation",
            "read_symbol",
            "search_project",
        ]
        for one in listed.values():
            assert one.annotations and one.annotations.read_only_hint and one.description
            assert one.input_schema["additionalProperties"] is False
        assert listed["search_project"].input_schema["required"] == ["query"]
        found, symbol, uses, outline, doc, routing = await asyncio.gather(
            asked(agent, "search_project", query="where are prices rounded"),
            asked(agent, "read_symbol", name="Cart.total"),
            asked(agent, "list_references", name="round_price"),
            asked(agent, "outline_file", path="shop/cart.py"),
            asked(agent, "read_documentation", name="json.dumps"),
            asked(agent, "explain_routing", decisions=2),
        )
    assert "shop/money.py, from line 1\ndef round_price(amount):" in found
    assert symbol.startswith("shop/cart.py, from line 9\n    def total(self, prices):") and "0.9)" in symbol
    assert "shop/cart.py:11: return round_price(sum(prices) * 0.9)" in uses
    assert outline == "shop/cart.py\n6-11 class Cart\n9-11   method Cart.total"
    assert "dumps(obj" in doc and "Serialize" in doc
    assert routing.startswith("No hosted model is asked, because routing.mode is local-only.\n")
    assert "What each share to keep local comes to" in routing


async def test_what_is_private_ignored_or_outside_is_not_there(project: Path, home: Path) -> None:
    (home / "outside.py").write_text("def outside():\n    pass\n")
    (project / "link.py").symlink_to(home / "outside.py")
    async with agent(project) as one:
        for query in ("round_price", "PRICE_API_TOKEN", "outside"):
            for name, key in (
                ("search_project", "query"),
                ("list_references", "name"),
                ("read_symbol", "name"),
            ):
                text = await asked(one, name, **{key: query})
                assert "generated" not in text and ".env" not in text and "link.py" not in text
        for path in (
            ".env",
            "generated/out.py",
            "link.py",
            "../outside.py",
            str(home / "outside.py"),
            "",
            "a\0b",
        ):
            assert (await asked(one, "outline_file", path=path)).startswith("Error: No outline, because ")


async def test_what_cannot_be_answered_is_one_line(project: Path) -> None:
    async with agent(project) as one:
        wrong = [
            ("search_project", {"query": " "}, "the query is empty"),
            ("search_project", {}, "search_project was not called, because search_project needs query"),
            ("search_project", {"query": 3}, "query must be a text"),
            ("search_project", {"query": "x" * 100_000}, "query has more than 200 characters"),
            ("search_project", {"query": "x", "tool": "answer"}, "takes no tool"),
            ("explain_routing", {"decisions": -1}, "decisions must be a whole number"),
            ("read_symbol", {"name": "no_such_thing"}, "nothing is called no_such_thing"),
            ("outline_file", {"path": "shop/gone.py"}, "there is no file shop/gone.py"),
            ("read_documentation", {"name": "jsn.dumps"}, "jsn"),
        ]
        for name, arguments, said in wrong:
            result = await one.call_tool(name, arguments)
            [content] = result.content
            assert result.is_error and isinstance(content, TextContent)
            assert said in content.text and "\n" not in content.text and len(content.text) < 400
        with pytest.raises(MCPError, match="There is no tool 'rm'; there are search_project"):
            await one.call_tool("rm", {})


async def test_a_long_answer_is_cut(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "big.py").write_text("".join(f"def function_{n}():\n    pass\n" for n in range(3_000)))
    async with agent(project) as one:
        outline = await asked(one, "outline_file", path="big.py")
        assert outline.count("\n") == MOST_SYMBOLS + 1 and outline.endswith("… and 2,600 more")
        monkeypatch.setattr(mcp_server, "MOST_TEXT", 100)
        outline = await asked(one, "outline_file", path="big.py")
        assert len(outline) < 200 and " more characters; ask for less)" in outline


async def test_an_index_that_dies_is_started_again(project: Path) -> None:
    index = Index(project, load(project).settings.retrieval)
    try:
        first = await index.look("symbol", {"name": "round_price"}, 5.0)
        killed = index.process
        assert killed
        os.kill(killed, signal.SIGKILL)
        again = await asyncio.gather(
            *(index.look("symbol", {"name": "round_price"}, 5.0) for _ in range(3)), return_exceptions=True
        )
        assert first["symbols"] and await index.look("symbol", {"name": "round_price"}, 5.0) == first
        assert index.process != killed and len(again) == 3
    finally:
        await index.close()


async def test_a_call_that_is_withdrawn_ends_and_the_others_go_on(project: Path) -> None:
    reached, left = asyncio.Event(), asyncio.Event()

    async def wait() -> list[Found]:
        """Wait."""
        reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        return []

    async def answer() -> list[Found]:
        """Answer."""
        return [Found("here", "text")]

    async with Client(served([tool(wait), tool(answer)]), mode="legacy") as one:
        waiting = asyncio.create_task(one.call_tool("wait", {}))
        await reached.wait()
        assert await asked(one, "answer") == "here\ntext"
        waiting.cancel()
        await left.wait()
        assert await asked(one, "answer") == "here\ntext"


@pytest.mark.parametrize("how", ["its client closes", "it is killed"])
async def test_it_ends_with_its_client_and_the_index_with_it(project: Path, how: str) -> None:
    one = parameters(project)
    process = await asyncio.create_subprocess_exec(
        one.command, *one.args, env=one.env, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd="/"
    )
    assert process.stdin and process.stdout and process.stderr
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    look = {"name": "read_symbol", "arguments": {"name": "round_price"}}
    for message in (
        {"id": 1, "method": "initialize", "params": hello},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": look},
    ):
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    answers = [json.loads(await process.stdout.readline()) for _ in range(2)]
    assert [one["id"] for one in answers] == [1, 2]
    assert answers[0]["result"]["protocolVersion"] == "2025-06-18"
    assert "def round_price" in answers[1]["result"]["content"][0]["text"]
    [index] = children(process.pid)
    if how == "it is killed":
        process.kill()
    process.stdin.close()
    rest, said = await process.stdout.read(), await process.stderr.read()
    assert (await process.wait(), rest, said) == (0 if how == "its client closes" else -9, b"", b"")
    while runs(index):
        await asyncio.sleep(0.02)


def children(process: int) -> list[int]:
    return [int(one) for task in Path(f"/proc/{process}/task").iterdir()
            for one in (task / "children").read_text().split()]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [("gone", 2, "is not a folder"), (".", 1, "is no project; name a project's folder")],
)
def test_where_nothing_can_be_served_is_one_line(
    path: str, status: int, said: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["mcp", str(home / path)]) == status
    printed = capsys.readouterr()
    assert said in printed.err and printed.err.count("\n") == 1 and printed.out == ""
