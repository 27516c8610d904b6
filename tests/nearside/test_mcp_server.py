"""`nearside mcp`, driven by the protocol's own client over standard streams."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp_types import CallToolResult, TextContent

from settings import paths

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
async def client(project: Path, *options: str) -> AsyncIterator[Client]:
    async with Client(parameters(project, *options), read_timeout_seconds=30) as connected:
        yield connected


def text(result: CallToolResult) -> str:
    assert len(result.content) == 1 and isinstance(result.content[0], TextContent)
    return result.content[0].text


async def test_every_tool_is_listed_and_answers(project: Path) -> None:
    async with client(project) as agent:
        listed = {one.name: one for one in (await agent.list_tools()).tools}
        assert sorted(listed) == [
            "explain_routing",
            "list_references",
            "outline_file",
            "read_documentation",
            "read_symbol",
            "search_project",
        ]
        found = await agent.call_tool("search_project", {"query": "where are prices rounded"})
        assert "shop/money.py, from line 1\ndef round_price" in text(found)
