"""mcp.servers: tables of servers, exact as written; what is none is one line, and shows no argument."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nearside.show_settings import report
from settings import paths
from settings.layers import Loaded, load
from settings.schema import McpServer


def loaded(toml: str, **environ: str) -> Loaded:
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text(f"[mcp.servers]\n{toml}\n")
    return load(None, environ=environ)


TICKETS = 'tickets = {command = "npx", args = ["-y", "tickets"], env = ["TICKETS_KEY"], tools = ["find"]}'


def test_servers_come_from_the_users_file_and_from_the_environment() -> None:
    tickets = McpServer("tickets", "npx", ("-y", "tickets"), ("TICKETS_KEY",), tools=("find",))
    assert (loaded(TICKETS).settings.mcp.servers, loaded(TICKETS).notes) == ((tickets,), ())
    environ = {"NEARSIDE_MCP_SERVERS": '{"wiki": {"url": "http://localhost:1/mcp"}}'}
    assert loaded(TICKETS, **environ).settings.mcp.servers == (
        McpServer("wiki", url="http://localhost:1/mcp"),
    )


def test_offline_keeps_programs_and_what_is_on_this_machine() -> None:
    toml = f'{TICKETS}\nnear = {{url = "http://127.0.0.1:9/mcp"}}\nfar = {{url = "https://wiki.example/mcp"}}'
    assert [one.name for one in loaded(toml).settings.mcp.servers] == ["tickets", "near", "far"]
    offline = loaded(toml, NEARSIDE_OFFLINE="1")
    assert [one.name for one in offline.settings.mcp.servers] == ["tickets", "near"]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("x = 3", '"x" has not either a command or a url'),
        ("x = {}", "has not either a command or a url"),
        ('x = {command = "a", url = "http://localhost"}', "has not either a command or a url"),
        ('"a b" = {command = "a"}', '"a b" is not a name'),
        (f'{"x" * 33} = {{command = "a"}}', "is not a name"),
        ('x = {command = "a", cwd = "/"}', '"cwd" of "x" is not one of command, args, env, url, tools'),
        ('x = {command = "a", args = "--key s3cret"}', 'args of "x" is not a list of strings'),
        ('x = {command = "a", args = ["s3cret\\u0007"]}', 'args of "x" is not a list of strings'),
        ('x = {command = "a\\nb"}', "is not a string of plain text"),
        ('x = {command = "a", env = {KEY = "s3cret"}}', 'env of "x" is not a list of strings'),
        ('x = {command = "a", env = ["KEY=s3cret"]}', "something else than names of environment variables"),
        ('x = {command = "a", env = [""]}', "something else than names of environment variables"),
        ('x = {url = "file:///etc/passwd"}', "is not an http:// or https:// address"),
        ('x = {url = "https://me:s3cret@wiki.example"}', "is not to hold a password"),
        ("\n".join(f'x{n} = {{command = "a"}}' for n in range(21)), "more than 20 servers"),
    ],
)
def test_what_is_no_server_is_one_line_and_nothing_is_set(toml: str, said: str) -> None:
    result = loaded(toml)
    assert result.settings.mcp.servers == ()
    [note] = result.notes
    assert note.startswith("mcp.servers in ") and said in note and "s3cret" not in note and len(note) < 400


def test_servers_are_shown_with_the_settings(home: Path) -> None:
    loaded(TICKETS)
    shown = json.loads(report(home, True))["settings"]["mcp.servers"]["value"]
    assert shown["tickets"] == {
        "command": "npx", "args": ["-y", "tickets"], "env": ["TICKETS_KEY"], "tools": ["find"]
    }  # fmt: skip
