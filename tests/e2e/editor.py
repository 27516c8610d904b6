"""One running Neovim with our plugin, driven over RPC as a user's keys would drive it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pynvim

REPOSITORY = Path(__file__).parents[2]
PLUGIN = REPOSITORY / "editors/nvim"
NATIVE, OURS = "nvim.lsp.inline_completion", "nearside.ghost"
T = TypeVar("T")


class Editor:
    """A Neovim process with folders of its own for everything it and its children write.

    It is configured by `options` for the plugin and Lua that runs before, or by a whole configuration.
    """

    def __init__(
        self,
        program: Path,
        folder: Path,
        *,
        options: Mapping[str, Any] | None = None,
        configuration: str | None = None,
        environment: Mapping[str, str] | None = None,
        before_setup: str = "",
        columns: int = 100,
    ) -> None:
        init = folder / "init.lua"
        settings = json.dumps(options)
        ours = (
            "vim.o.swapfile, vim.o.shadafile, vim.o.termguicolors = false, 'NONE', true\n"
            "vim.cmd('filetype plugin indent off') -- a Tab stays a tab\n"
            f"vim.o.columns = {columns}\n"
            f"vim.opt.runtimepath:prepend([==[{PLUGIN}]==])\n"
            f"{before_setup}\n"
            f"require('nearside').setup(vim.json.decode([==[{settings}]==]))\n"
        )
        init.write_text(ours if configuration is None else configuration, encoding="utf-8")
        self.environment = {  # and no other: what the user's environment holds must not decide a test
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(folder / "home"),
            **{
                f"XDG_{kind}_HOME": str(folder / kind.lower())
                for kind in ("CONFIG", "DATA", "STATE", "CACHE")
            },
            **(environment or {}),
        }
        (folder / "home").mkdir(exist_ok=True)
        command = [
            "env",
            "-i",
            *(f"{name}={value}" for name, value in self.environment.items()),
            str(program),
        ]
        command += ["--embed", "--headless", "-n", "-i", "NONE", "-u", str(init)]
        self.nvim = pynvim.attach("child", argv=command)

    def close(self) -> None:
        with suppress(Exception):
            self.nvim.command("qall!")
        with suppress(Exception):
            self.nvim.close()

    def open(self, path: Path) -> None:
        """Edit a file and wait until a server is attached to it."""
        self.nvim.command(f"edit {path}")
        self.until("a server is attached", self.is_served)

    def is_served(self) -> bool:
        """Return whether a server that answered `initialize` is attached to the current buffer."""
        return bool(
            self.lua(
                "local client = vim.lsp.get_clients({ name = 'nearside', bufnr = 0 })[1]\n"
                "return client and client.initialized"
            )
        )

    def keys(self, keys: str) -> None:
        """Press keys, in Vim's notation, without waiting for what they do."""
        self.nvim.input(keys)

    def until(self, what: str, check: Callable[[], T], limit: float = 15) -> T:
        """Poll until a check returns something true and return that; fail if it does not in time."""
        end = time.monotonic() + limit
        while True:
            if self.nvim.api.get_mode()["blocking"]:
                raise AssertionError(f"Neovim waits for a key instead of: {what}")
            found = check()
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"not within {limit} s: {what}\n{self.describe()}")
            time.sleep(0.02)

    def shows(self, text: str) -> None:
        """Wait until exactly this ghost text is on screen; an empty one is none."""
        self.until(f"ghost text {text!r}", lambda: self.ghost() == text)

    def reads(self, *lines: str) -> None:
        """Wait until the buffer holds exactly these lines."""
        self.until(f"the buffer reads {lines}", lambda: self.lines() == list(lines))

    def describe(self) -> str:
        return f"lines: {self.lines()}\nghost: {self.ghost()!r}\nmessages: {self.messages()}"

    def lines(self) -> list[str]:
        return list(self.nvim.current.buffer[:])

    def cursor(self) -> tuple[int, int]:
        row, column = self.nvim.current.window.cursor
        return row, column

    def messages(self) -> str:
        return str(self.nvim.command_output("messages"))

    def ghost(self) -> str:
        """Return the ghost text on screen, whoever draws it; two at once are joined and never expected."""
        parts = [*self.marks(NATIVE), *self.marks(OURS)]
        return " AND ".join(parts)

    def marks(self, namespace: str) -> list[str]:
        """Return the text of each extmark of a namespace."""
        marks = self.nvim.exec_lua(
            "local ns = vim.api.nvim_create_namespace(...)"
            "return vim.api.nvim_buf_get_extmarks(0, ns, 0, -1, { details = true })",
            namespace,
        )
        texts = []
        for _, _, _, details in marks:
            rows = [details.get("virt_text", []), *details.get("virt_lines", [])]
            texts.append("\n".join("".join(chunk[0] for chunk in row) for row in rows))
        return texts

    def lua(self, code: str, *arguments: Any) -> Any:
        return self.nvim.exec_lua(code, *arguments)

    def command_server(self, command: str, *arguments: Any) -> None:
        """Have the server execute one of its commands."""
        self.lua(
            "local command, arguments = ...\n"
            "local client = vim.lsp.get_clients({ name = 'nearside' })[1]\n"
            "client:exec_cmd({ title = '', command = command, arguments = arguments }, {}, function() end)",
            command,
            list(arguments),
        )


class Script:
    """What the scripted server will answer, and what it was sent."""

    def __init__(self, folder: Path) -> None:
        self.rules = folder / "script.json"
        self.log = folder / "server.log"
        self.rules.write_text("[]")
        self.log.touch()

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-P", str(Path(__file__).with_name("scripted_server.py"))]

    @property
    def environment(self) -> dict[str, str]:
        return {"SCRIPT": str(self.rules), "LOG": str(self.log)}

    def answers(self, *rules: Mapping[str, Any]) -> None:
        """Replace the rules; a new file is moved into place, so that no half of one is read."""
        fresh = self.rules.with_suffix(".new")
        fresh.write_text(json.dumps(rules), encoding="utf-8")
        fresh.replace(self.rules)

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [event for event in map(json.loads, lines) if event["event"] in kinds]


Open = Callable[..., Editor]
"""Opens text in an editor of its own and presses keys; the fixture `open_file`."""
