"""A model is fetched once, whole and verified, or there is one line and nothing that passes for a model."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference import fetch
from inference.fetch import pull
from inference.models import resolve
from inference.types import ModelError, ModelNotFound, ModelUnreadable
from tests.inference.hub import Hub, hub

NAME = "hf:owner/repo/m.gguf"
BROKEN = [0] * 20
"""More breaks without a byte between them than anybody waits for."""
DATA = random.Random(1).randbytes(1 << 20)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one file; blocks are small, so that a cut loses little of it."""
    from huggingface_hub import constants

    with hub() as state:
        state.files["owner/repo/main/m.gguf"] = DATA
        for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HF_ENDPOINT", state.url)
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1 << 14)
        sleep = time.sleep  # the hub's library waits a second after each break, and so do we
        monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.01)))
        yield state


def refused(name: str = NAME, kind: type[ModelError] = ModelNotFound) -> str:
    with pytest.raises(kind) as raised:
        pull(name)
    line = str(raised.value)
    assert line.startswith("Nothing was fetched: ") and "\n" not in line
    with pytest.raises(ModelNotFound):
        resolve(name)  # nothing stands where the model would
    return line


def left_over() -> list[Path]:
    return list(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.part"))


def test_a_file_is_fetched_once_with_progress_and_then_found(there: Hub):
    seen: list[tuple[int, int]] = []
    path = pull(NAME, lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == DATA and path == resolve(NAME)
    assert seen[0] == (0, len(DATA)) and seen[-1] == (len(DATA), len(DATA)) and seen == sorted(seen)
    assert len(seen) > 30
    asked = there.heads
    assert pull(NAME) == path
    assert there.heads == asked and len(there.gets) == 1
    assert left_over() == []


def test_a_revision_has_a_place_of_its_own(there: Hub):
    there.files["owner/repo/v2/sub/m.gguf"] = DATA[::-1]
    first, second = pull(NAME), pull("hf:owner/repo/sub/m.gguf@v2")
    assert first.read_bytes() == DATA and second.read_bytes() == DATA[::-1]


def test_a_connection_that_breaks_is_taken_up_where_it_broke(there: Hub):
    there.cuts = [300_000, 100_000]
    assert pull(NAME).read_bytes() == DATA
    starts = [int(wanted.removeprefix("bytes=").rstrip("-") or 0) for wanted in there.gets]
    assert starts[0] == 0 and 250_000 < starts[1] <= 300_000 and starts[1] + 50_000 < starts[2] <= 400_000


def test_what_a_killed_download_left_is_continued_by_the_next(there: Hub):
    there.cuts = [400_000, *BROKEN]
    assert "run the same command again" in refused()
    (part,) = left_over()
    kept = part.stat().st_size
    assert 350_000 < kept <= 400_000
    seen: list[int] = []
    there.cuts = []
    assert pull(NAME, lambda done, total: seen.append(done)).read_bytes() == DATA
    assert seen[0] == kept and there.gets[-1] == f"bytes={kept}-"


def test_a_server_that_ignores_ranges_is_read_from_the_start(there: Hub):
    there.cuts, there.ignore_range = [400_000], True
    assert pull(NAME).read_bytes() == DATA


def test_a_file_that_changed_at_the_hub_is_not_continued(there: Hub):
    there.cuts = [400_000, *BROKEN]
    refused()
    there.cuts, there.files["owner/repo/main/m.gguf"] = [], DATA[::-1]
    assert pull(NAME).read_bytes() == DATA[::-1]


def test_a_damaged_file_is_deleted_and_refused(there: Hub):
    there.damage = True
    assert "arrived damaged" in refused(kind=ModelUnreadable)
    assert left_over() == []
    there.damage = False
    assert pull(NAME).read_bytes() == DATA


def test_a_damaged_rest_of_an_earlier_download_is_noticed(there: Hub):
    there.cuts = [400_000, *BROKEN]
    refused()
    there.cuts = []
    (part,) = left_over()
    part.write_bytes(b"x" + part.read_bytes()[1:])
    assert "arrived damaged" in refused(kind=ModelUnreadable)
    assert pull(NAME).read_bytes() == DATA


def test_a_hub_without_checksums_is_not_trusted(there: Hub):
    there.etag = 'W/"abc"'
    assert "to verify it by" in refused(kind=ModelUnreadable)
    assert there.gets == []


def test_a_small_file_has_gits_own_checksum(there: Hub):
    there.etag = hashlib.sha1(b"blob %d\0" % len(DATA) + DATA).hexdigest()
    assert pull(NAME).read_bytes() == DATA


def test_what_the_hub_does_not_have_is_named(there: Hub):
    assert "there is no repository nobody/nothing, or it is private" in refused("hf:nobody/nothing/m.gguf")
    assert "has no file x.gguf" in refused("hf:owner/repo/x.gguf")
    assert "has no revision v9" in refused("hf:owner/repo/m.gguf@v9")


def test_gated_private_and_broken_hubs_are_told_apart(there: Hub):
    there.refuse = (403, "GatedRepo")
    assert "asks for consent" in refused()
    there.refuse = (403, "")
    assert "refused access" in refused()
    there.refuse = (418, "")
    assert "answered 418" in refused()


def test_a_token_opens_a_private_repository_and_is_not_shown_to_the_content_server(
    there: Hub, monkeypatch: pytest.MonkeyPatch
):
    there.token = "hf_secret"
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "HF_TOKEN" in refused()
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert pull(NAME).read_bytes() == DATA
    assert there.leaked == []


def test_no_network(there: Hub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "there is no connection to 127.0.0.1:9" in refused()


def test_offline_by_the_hubs_own_switch(there: Hub, monkeypatch: pytest.MonkeyPatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE forbids it" in refused()


def test_a_full_disk_is_noticed_before_and_during(there: Hub, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(fetch.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000})())
        assert "the disk is full (1.0 MiB are needed, 1000 bytes are free)" in refused()
        assert there.gets == []
    if Path("/dev/full").exists():
        real = fetch.io.FileIO
        monkeypatch.setattr(fetch.io, "FileIO", lambda path, mode: real("/dev/full", mode))
        assert "the disk is full" in refused()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_one_may_not_write(there: Hub):
    (Path(os.environ["XDG_CACHE_HOME"]) / "nearside/models").mkdir(parents=True, mode=0o500)
    assert "permission denied" in refused()


def test_a_file_where_the_folder_should_be(there: Hub):
    folder = Path(os.environ["XDG_CACHE_HOME"]) / "nearside/models"
    folder.parent.mkdir(parents=True)
    folder.write_text("")
    assert f"{folder}/owner--repo/main cannot be written (not a directory)" in refused()


def test_two_at_once_fetch_it_once(there: Hub):
    done: list[Path] = []
    threads = [threading.Thread(target=lambda: done.append(pull(NAME))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(done) == 3 and len(there.gets) == 1


def test_a_path_is_nothing_to_fetch(there: Hub):
    with pytest.raises(ModelNotFound, match="names no file of the hub"):
        pull("/models/m.gguf")


def test_the_hub_is_imported_only_to_fetch():
    code = (
        "import sys, inference.fetch; print([m for m in ('huggingface_hub', 'httpx2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
