"""Packages import one way only, and a heavy or editor-bound library stays in the one place that owns it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = (
    "settings",
    "syntax",
    "inference",
    "retrieval",
    "tools",
    "actions",
    "lsp_server",
    "nearside",
    "training",
    "benchmarks",
    "tests",
)

# Who may import which of our packages, besides itself.
ALLOWED = {
    "settings": (),
    "syntax": (),
    "inference": ("settings", "syntax"),
    "retrieval": ("settings", "syntax", "inference.types"),
    "tools": ("settings", "syntax", "inference.types", "retrieval"),
    "actions": ("settings", "syntax", "inference", "retrieval", "tools"),
    "lsp_server": ("settings", "syntax", "inference", "retrieval", "tools", "actions"),
    "nearside": ("settings", "syntax", "inference", "retrieval", "tools", "actions", "lsp_server"),
}

# Which files may import a library at all.
OWNERS = {
    "pygls": ("lsp_server/*",),
    "lsprotocol": ("lsp_server/*",),
    "llama_cpp": ("inference/llama*.py",),
    "jinja2": ("inference/chat_template.py",),
    "tree_sitter": ("syntax/*",),
    "tree_sitter_language_pack": ("syntax/*",),
    "torch": (),
    "transformers": (),
    "lancedb": ("retrieval/store*.py",),
    "pyarrow": ("retrieval/store*.py",),
    "onnxruntime": ("retrieval/embedders/*",),
    "tokenizers": ("retrieval/embedders/*",),
    "watchfiles": ("retrieval/watch.py",),
    "sentence_transformers": ("retrieval/embedders/*",),
    "griffe": ("tools/documentation/python_reader.py",),
    "mcp": ("tools/mcp_client/*", "nearside/mcp_server.py"),
    "mcp_types": ("tools/mcp_client/*", "nearside/mcp_server.py"),
    "trafilatura": ("tools/web/extract.py",),
    "hishel": ("tools/web/cache.py",),
    "httpcore2": ("tools/web/*",),
    "ddgs": ("tools/web/engines/duck.py",),
    "genai_prices": ("inference/cost/prices.py",),
    "detect_secrets": ("inference/outbound/*",),
    "anthropic": ("inference/cloud/claude.py",),
    "openai": ("inference/cloud/openai_wire.py",),
    "keyring": ("settings/keys.py",),
    "pynvml": ("inference/cost/energy.py",),
    "typer": ("nearside/*",),
    "rich": ("nearside/*",),
}


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the dotted name of everything a module imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, [package if node.level else "", node.module or ""]))
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield node.args[0].value


def breaches(root: Path) -> list[str]:
    """Return every import under `root` that breaks a rule, as 'file imports name'."""
    found = []
    for package, allowed in ALLOWED.items():
        for file in sorted((root / package).rglob("*.py")):
            path = file.relative_to(root).as_posix()
            for name in imported(
                ast.parse(file.read_text("utf-8"), path), path.rpartition("/")[0].replace("/", ".")
            ):
                top = name.partition(".")[0]
                inside = any(name == other or name.startswith(other + ".") for other in (package, *allowed))
                owned = top not in OWNERS or any(fnmatch(path, pattern) for pattern in OWNERS[top])
                if (top in OURS and not inside) or not owned:
                    found.append(f"{path} imports {name}")
    return found


def test_every_package_keeps_to_the_one_way_rule() -> None:
    assert breaches(ROOT) == []


def test_the_rule_covers_every_package_that_is_shipped() -> None:
    shipped = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests", "training", "benchmarks"}
    assert shipped <= ALLOWED.keys()


@pytest.mark.parametrize(
    ("path", "line", "breach"),
    [
        ("settings/x.py", "import inference.types", "inference.types"),
        ("settings/x.py", "from nearside import cli", "nearside.cli"),
        ("inference/x.py", "from lsp_server.documents import Document", "lsp_server.documents.Document"),
        ("inference/x.py", "def f():\n    import nearside.cli", "nearside.cli"),
        ("inference/x.py", "import tests.conftest", "tests.conftest"),
        ("inference/client.py", "import llama_cpp.llama_cpp as api", "llama_cpp.llama_cpp"),
        ("inference/x.py", "import importlib\nimportlib.import_module('llama_cpp')", "llama_cpp"),
        ("inference/deep/x.py", "from pygls.lsp import server", "pygls.lsp.server"),
        ("nearside/x.py", "import lsprotocol", "lsprotocol"),
        ("lsp_server/x.py", "import typer", "typer"),
        ("retrieval/x.py", "from inference.client import HttpEngine", "inference.client.HttpEngine"),
        ("tools/x.py", "from inference import client", "inference.client"),
        ("lsp_server/x.py", "import torch", "torch"),
    ],
)
def test_a_planted_breach_is_found(path: str, line: str, breach: str, tmp_path: Path) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(line)
    assert breaches(tmp_path) == [f"{path} imports {breach}"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("lsp_server/x.py", "from lsprotocol import types\nfrom inference import types as t"),
        ("inference/llama_native.py", "import llama_cpp"),
        ("retrieval/x.py", "from inference.types import Snippet"),
        ("retrieval/x.py", "from . import chunks\nfrom .chunks import Chunk"),
        ("nearside/x.py", "import typer, inference.client, lsp_server.server"),
    ],
)
def test_what_is_allowed_is_not_reported(path: str, line: str, tmp_path: Path) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(line)
    assert breaches(tmp_path) == []
