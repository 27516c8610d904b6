"""The real process with the real embedder on real code: our own package of settings."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import settings
from retrieval.client import start
from settings.schema import Retrieval

PATIENCE = 120.0


async def test_real_code_is_found_by_what_it_means_and_a_cursor_sees_its_signatures(home: Path) -> None:
    root = home / "project"
    shutil.copytree(
        Path(settings.__file__).parent, root / "settings", ignore=shutil.ignore_patterns("__pycache__")
    )
    ready = asyncio.Event()

    def told(method: str, params: dict) -> None:
        if method == "ready" and params["stage"] == "ready":
            ready.set()

    client = await start(root, Retrieval(), told)
    try:
        async with asyncio.timeout(PATIENCE):
            await ready.wait()
        status = await client.request("status", {}, PATIENCE)
        assert status["vectors"] == status["embedded"] > 50
        found = await client.request("search", {"query": "files that contain passwords or keys"}, PATIENCE)
        assert not found["words_only"]
        assert any(hit["path"] == "settings/private.py" for hit in found["hits"][:3])
        assert any("meaning" in hit["why"] for hit in found["hits"])
        text = "from settings.layers import load\n\n\ndef show(root):\n    loaded = "
        cursor = {"path": "show.py", "language": "python"}
        client.notify("edited", {**cursor, "text": text})
        answer = await client.request(
            "context", {**cursor, "prefix": text, "suffix": "\n", "budget": 2_000}, PATIENCE
        )
        assert any("def load(" in one["text"] for one in answer["signatures"])
    finally:
        await client.close()
