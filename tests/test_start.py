"""The server answers every real client's `initialize`, and has loaded nothing heavy by then."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.installed import Installed, serving

RECORDED = sorted((Path(__file__).parent / "data" / "initialize").glob("*.json"))
HEAVY = {
    "llama_cpp", "numpy", "torch", "transformers", "huggingface_hub", "starlette", "uvicorn", "rich", "typer",
    "httpx2", "anthropic", "openai", "genai_prices", "lancedb", "sentence_transformers", "tree_sitter",
}  # fmt: skip
"""Top-level modules nobody waits for: they load when they are first needed, or in another process."""


def modules(importtime: str) -> set[str]:
    """Return the top-level names of what Python says it imported (-X importtime)."""
    return {
        line.group(1) for line in re.finditer(r"^import time:.*\| +([A-Za-z0-9_]+)", importtime, re.MULTILINE)
    }


@pytest.mark.parametrize("message", RECORDED, ids=lambda path: path.stem)
async def test_initialize_is_answered_and_nothing_heavy_is_loaded(
    message: Path, installed: Installed, home: Path
) -> None:
    errors = home / "stderr"
    command = [installed.python, "-X", "importtime", "-P", "-m", "nearside", "serve"]
    async with serving(command, home, errors) as client:
        answer = (await client.request("initialize", json.loads(message.read_text()))).result
        loaded = modules(errors.read_text())
        status = await client.stop()
    assert answer["serverInfo"]["name"] == "nearside"
    assert answer["capabilities"]["inlineCompletionProvider"] is not None
    assert {"nearside", "lsp_server", "pygls"} <= loaded, "the measurement itself is broken"
    assert loaded & HEAVY == set()
    assert status == 0


def test_a_heavy_module_would_be_seen() -> None:
    log = "import time:       123 |        456 |     numpy.linalg\nimport time: 1 | 2 | rich\n"
    assert modules(log) & HEAVY == {"numpy", "rich"}
