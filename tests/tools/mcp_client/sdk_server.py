"""A server made with the official SDK, for the tests of our client. Its argument says what it is like."""

from __future__ import annotations

import asyncio
import os
from typing import Literal

from mcp.server.mcpserver import Context, Image, MCPServer
from pydantic import BaseModel

server = MCPServer("tickets")


class Wanted(BaseModel):
    key: str


@server.tool()
def find(query: str, state: Literal["open", "closed"] = "open", limit: int | None = None) -> str:
    """Find tickets.

    A second paragraph that nobody needs.
    """
    return f"{state} tickets about {query}, at most {limit}"


@server.tool()
def add(one: int, other: int) -> int:
    """Add two numbers."""
    return one + other


@server.tool()
def environment() -> str:
    """Show what this process was given."""
    return "\n".join(sorted(os.environ)) + f"\ncwd={os.getcwd()}"


@server.tool()
def fail() -> str:
    """Fail."""
    raise ValueError("never shown")


@server.tool()
def picture() -> Image:
    """Draw."""
    return Image(data=b"\x89PNG", format="png")


@server.tool()
def many(paths: list[str]) -> str:
    """Needs what we do not give."""
    return str(paths)


@server.tool()
async def hang() -> str:
    """Never answer."""
    await asyncio.sleep(3600)
    return ""


@server.tool()
def long() -> str:
    """Answer with half a million characters."""
    return "x" * 500_000


@server.tool()
async def ask(context: Context) -> str:
    """Ask the client for what it does not offer."""
    answers = []
    for wanted in (context.session.list_roots(), context.elicit("Your key?", Wanted)):
        try:
            answers.append(f"got {await wanted}")
        except Exception as error:
            answers.append(type(error).__name__)
    return " ".join(answers)


@server.tool()
def change() -> str:
    """Take tools away and bring another."""
    server.remove_tool("add")
    server.add_tool(lambda: "new", name="brought", description="New.")
    return "changed"


if __name__ == "__main__":
    with open(os.environ["PIDS"], "a") as file:
        file.write(f"{os.getpid()}\n")
    server.run()
