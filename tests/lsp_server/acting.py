"""A client that asks for code actions as editors do, and two small projects with tests."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_server.documents import Document
from tests.lsp_client import LspClient

CAPABILITIES: dict[str, Any] = {
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create", "rename", "delete"],
            "changeAnnotationSupport": {"groupsOnLabel": True},
            "metadataSupport": True,
        },
    },
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor"]}},
            "dataSupport": True,
            "disabledSupport": True,
            "honorsChangeAnnotations": True,
            "resolveSupport": {"properties": ["edit"]},
        }
    },
    "experimental": {"nearside": {"asksInstruction": True}},
}
SUMS = "def add(a, b):\n    return a - b\n\n\ndef double(a):\n    return 2 * a\n\n\ndef half(a):\n    pass\n"
SUMS_TESTS = """\
from sums import add, double


def test_add():
    assert add(2, 3) == 5


def test_double():
    assert double(4) == 8
"""
CART = """\
export function total(prices) {
  return prices.length;
}

export function first(prices) {
  // TODO
}
"""
CART_TESTS = """\
import assert from "node:assert";
import { test } from "node:test";
import { total } from "./cart.js";

test("adds up", () => {
  assert.equal(total([2, 3]), 5);
});
"""
INVOKED, AUTOMATIC = 1, 2


def python_project(root: Path) -> Path:
    (root / "tests").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    (root / "sums.py").write_text(SUMS)
    (root / "tests/test_sums.py").write_text(SUMS_TESTS)
    return root


def javascript_project(root: Path) -> Path:
    root.mkdir(parents=True)
    package = {"name": "cart", "type": "module", "scripts": {"test": "node --test"}}
    (root / "package.json").write_text(json.dumps(package))
    (root / "cart.js").write_text(CART)
    (root / "cart.test.js").write_text(CART_TESTS)
    return root


def without(*path: str) -> dict[str, Any]:
    """Return the capabilities without one of them."""
    capabilities = copy.deepcopy(CAPABILITIES)
    inner = capabilities
    for part in path[:-1]:
        inner = inner[part]
    del inner[path[-1]]
    return capabilities


def opened(
    root: Path | None,
    capabilities: dict[str, Any] | None = None,
    checks: Sequence[str] = ("parse", "lint", "tests"),
    client_name: str = "test",
    **settings: Any,
) -> dict[str, Any]:
    """Return what a client says in `initialize`."""
    return {
        "processId": None,
        "clientInfo": {"name": client_name},
        "rootUri": root.as_uri() if root else None,
        "capabilities": CAPABILITIES if capabilities is None else capabilities,
        "initializationOptions": {
            "retrieval": {"enabled": False},
            "routing": {"actions": {"checks": list(checks), **settings.pop("actions", {})}},
            **settings,
        },
    }


def span(first: int, last: int | None = None, column: int = 0, end: int = 0) -> dict[str, Any]:
    """Return a range: the cursor in a line, or what is selected from one place to another."""
    start = {"line": first, "character": column}
    return {"start": start, "end": start if last is None else {"line": last, "character": end}}


@dataclass
class Acting:
    """What one client does in one file."""

    client: LspClient
    file: Path
    version: int = 1
    diagnostics: list[dict[str, Any]] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return self.file.as_uri()

    def open(self, text: str | None = None, language: str = "") -> Acting:
        language = language or {".py": "python", ".js": "javascript"}.get(self.file.suffix, "plaintext")
        self.client.open(
            self.file.read_bytes().decode() if text is None else text, self.uri, language, self.version
        )
        return self

    async def offered(
        self, where: dict[str, Any], only: list[str] | None = None, trigger: int = INVOKED
    ) -> list[dict[str, Any]]:
        """Return what a menu shows."""
        context: dict[str, Any] = {"diagnostics": self.diagnostics, "triggerKind": trigger}
        if only is not None:
            context["only"] = only
        params = {"textDocument": {"uri": self.uri}, "range": where, "context": context}
        reply = await self.client.request("textDocument/codeAction", params)
        assert reply.error is None, reply.error
        return reply.result

    async def titles(self, where: dict[str, Any], **context: Any) -> list[str]:
        return [action["title"] for action in await self.offered(where, **context)]

    async def one(self, title: str, where: dict[str, Any]) -> dict[str, Any]:
        """Return the action that a title begins with."""
        found = [each for each in await self.offered(where) if each["title"].startswith(title)]
        assert len(found) == 1, found
        return found[0]

    async def resolved(self, title: str, where: dict[str, Any]) -> dict[str, Any] | None:
        """Choose an action and return its edit."""
        action = await self.one(title, where)
        reply = await self.client.request("codeAction/resolve", action)
        assert reply.error is None, reply.error
        return reply.result.get("edit")

    async def acts(self, kind: str, where: dict[str, Any], **more: Any) -> bool:
        """Have the server begin an action by its command."""
        argument = {"kind": kind, "uri": self.uri, "range": where, **more}
        params = {"command": "nearside.act", "arguments": [argument]}
        return (await self.client.request("workspace/executeCommand", params)).result

    async def asked(self, method: str) -> Any:
        """Wait for a request of the server's and return its params."""
        while True:
            for name, params in self.client.requests:
                if name == method:
                    return params
            await self.client.counters()

    async def warned(self) -> str:
        """Wait for a warning and return it; there is only one."""
        await self.client.heard("window/showMessage")
        [said] = self.warnings()
        return said

    def warnings(self) -> list[str]:
        return [
            params["message"] for name, params in self.client.notifications if name == "window/showMessage"
        ]

    def progress(self) -> list[dict[str, Any]]:
        """Return what was shown of the action: its begin, its reports and its end."""
        shown = [params for name, params in self.client.notifications if name == "$/progress"]
        tokens = [one["token"] for one in shown if one["value"].get("cancellable")]
        return [one["value"] for one in shown if one["token"] in tokens]

    def token(self) -> str:
        shown = [params for name, params in self.client.notifications if name == "$/progress"]
        return next(one["token"] for one in reversed(shown) if one["value"].get("cancellable"))


def applied(text: str, edits: Sequence[dict[str, Any]], encoding: Any = "utf-16") -> str:
    """Return a text with a client's view of some edits made."""
    document = Document("file:///a", "", 1, text)
    for edit in sorted(
        edits,
        key=lambda edit: (edit["range"]["start"]["line"], edit["range"]["start"]["character"]),
        reverse=True,
    ):
        places = [
            document.place(edit["range"][end]["line"], edit["range"][end]["character"], encoding)
            for end in ("start", "end")
        ]
        document.replace(places[0], places[1], edit["newText"])
    return document.text
