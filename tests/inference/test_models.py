"""A model's name leads to one file or to one line that says what to do; nothing is fetched on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference import memory, models
from inference.fim import family_of
from inference.gguf import read
from inference.models import CATALOGUE, HubFile, local_path, on_hub, resolve
from inference.types import ModelNotFound, ModelTooLarge, ModelUnreadable
from settings.schema import Endpoint, Model
from tests.inference.gguf_files import TINY, gguf, write


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def refused(name: str) -> str:
    with pytest.raises(ModelNotFound) as raised:
        resolve(name)
    line = str(raised.value)
    assert line.startswith("The model was not loaded: ") and "\n" not in line
    return line


def test_auto_is_the_bundled_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(tmp_path / "x.gguf", gguf())
    monkeypatch.setattr(models, "BUNDLED", str(path))
    assert resolve("auto") == path
    monkeypatch.setattr(models, "BUNDLED", "models/none.gguf")
    assert "lacks the bundled model" in refused("auto")


def test_a_path_may_begin_with_the_home_folder(home: Path):
    write(home / "m.gguf", gguf())
    assert resolve("~/m.gguf") == home / "m.gguf"
    assert resolve(str(home / "m.gguf")) == home / "m.gguf"


def test_a_path_that_leads_nowhere(home: Path):
    assert f"there is no file {home}/none.gguf" in refused("~/none.gguf")
    assert "cannot be reached" in refused("~no-such-user/m.gguf")
    assert "there is no file" in refused("a\0.gguf")


def test_a_mistyped_name_is_answered_with_the_nearest():
    assert "Did you mean qwen2.5-coder-1.5b?" in refused("qwen-2.5-coder-1.5b")
    assert "nearside models list" in refused("xyzzy")


def test_a_hub_name_has_a_place_in_the_cache_and_is_not_fetched(home: Path):
    name = "hf:owner/some.repo/sub/m-q8_0.gguf@v1.0"
    assert "`nearside models pull " + name in refused(name)
    path = home / "cache/nearside/models/owner--some.repo/v1.0/sub/m-q8_0.gguf"
    path.parent.mkdir(parents=True)
    write(path, gguf())
    assert resolve(name) == path


def test_a_catalogue_name_stands_for_its_file():
    hub = on_hub("qwen2.5-coder-1.5b")
    assert hub == HubFile("ggml-org/Qwen2.5-Coder-1.5B-Q8_0-GGUF", "qwen2.5-coder-1.5b-q8_0.gguf")
    assert "nearside models pull qwen2.5-coder-1.5b" in refused("qwen2.5-coder-1.5b")


@pytest.mark.parametrize(
    "name",
    [
        "hf:", "hf:m.gguf", "hf:owner/m.gguf", "hf:owner/repo/m.bin", "hf:owner/repo/../../m.gguf",
        "hf:../repo/m.gguf", "hf:owner/repo/m.gguf@", "hf:owner/repo/m.gguf@../x", "hf:owner/repo//m.gguf",
        "hf:/owner/repo/m.gguf", "hf:owner/repo/m.gguf@a@b", "hf:owner/repo/a b.gguf", "hf:a\\b/c/m.gguf",
    ],
)  # fmt: skip
def test_what_names_no_file_of_the_hub_is_refused(name: str):
    assert "hf:owner/repo/file.gguf" in refused(name)


def test_every_entry_of_the_catalogue_names_a_file_and_a_family():
    for name, known in CATALOGUE.items():
        assert on_hub(str(known.hub)) == known.hub
        assert family_of(name) and family_of(known.hub.file)
        assert known.size < known.memory(context=256, documents=1) < known.memory()


def test_the_settings_are_narrowed_to_what_memory_holds(home: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(home / "m.gguf", gguf({**TINY, "llama.embedding_length": 4096, "llama.block_count": 64}))
    model = Model(completion=str(path), context=4096, documents=4)
    whole = memory.memory_needed(read(path), 4096, 4)
    monkeypatch.setattr(memory, "memory_available", lambda: whole)
    assert local_path(model) == (path, model)
    monkeypatch.setattr(memory, "memory_available", lambda: whole - 1)
    assert local_path(model)[1].documents == 3
    monkeypatch.setattr(memory, "memory_available", lambda: 1 << 20)
    with pytest.raises(ModelTooLarge):
        local_path(model)
    assert local_path(model, offloads=True) == (path, model)


def test_a_file_that_is_no_model_and_a_model_that_is_elsewhere(home: Path):
    with pytest.raises(ModelUnreadable):
        local_path(Model(completion=str(write(home / "m.gguf", b"zip"))))
    with pytest.raises(ModelNotFound, match="at http://x, not on this machine"):
        local_path(Model(completion=Endpoint("http://x")))
