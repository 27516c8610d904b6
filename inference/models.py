"""What a model is called and where its file is. Nothing here opens a connection; fetching is in fetch.py.

A name is "auto" (the bundled model), a path, hf:owner/repo/file.gguf[@revision], or a name of CATALOGUE.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from inference.types import ModelNotFound, ModelTooLarge
from settings import paths
from settings.schema import Model

BUNDLED = "models/nearside-fim.gguf"
GIB = 1 << 30

_HUB_NAME = re.compile(
    r"hf:(?P<repo>[\w.-]+/[\w.-]+)/(?P<file>(?:[\w.+-]+/)*[\w.+-]+\.gguf)(?:@(?P<revision>[\w./-]+))?"
)


@dataclass(frozen=True)
class HubFile:
    """One file of a repository on the hub."""

    repo: str
    file: str
    revision: str = "main"

    @property
    def path(self) -> Path:
        """Where it lies once it is fetched."""
        folder = paths.cache_dir() / "models" / self.repo.replace("/", "--")
        return folder / self.revision.replace("/", "--") / self.file

    def __str__(self) -> str:
        at = "" if self.revision == "main" else f"@{self.revision}"
        return f"hf:{self.repo}/{self.file}{at}"


@dataclass(frozen=True)
class Known:
    """A model trained to fill in the middle, and what it takes."""

    hub: HubFile
    size: float
    """GiB of weights."""
    kv_kib: int
    """KiB of KV cache a token, in f16: layers x key/value heads x head width x 2 x 2 bytes."""
    about: str
    licence: str

    def memory(self, context: int = 4096, documents: int = 4) -> float:
        """GiB it takes when run: weights, KV cache, and half a GiB of buffers."""
        return self.size + self.kv_kib * context * documents / (1 << 20) + 0.5


def _known(repo: str, file: str, size: float, kv_kib: int, about: str, licence: str) -> Known:
    return Known(HubFile(repo, file), size, kv_kib, about, licence)


CATALOGUE: Mapping[str, Known] = {
    "qwen2.5-coder-0.5b": _known(
        "ggml-org/Qwen2.5-Coder-0.5B-Q8_0-GGUF", "qwen2.5-coder-0.5b-q8_0.gguf",
        0.5, 12, "for a CPU", "Apache-2.0",
    ),
    "qwen2.5-coder-1.5b": _known(
        "ggml-org/Qwen2.5-Coder-1.5B-Q8_0-GGUF", "qwen2.5-coder-1.5b-q8_0.gguf",
        1.5, 28, "for a fast CPU or any GPU", "Apache-2.0",
    ),
    "qwen2.5-coder-3b": _known(
        "ggml-org/Qwen2.5-Coder-3B-Q8_0-GGUF", "qwen2.5-coder-3b-q8_0.gguf",
        3.1, 36, "for a GPU of 6 GB", "Qwen Research (not commercial)",
    ),
    "qwen2.5-coder-7b": _known(
        "ggml-org/Qwen2.5-Coder-7B-Q8_0-GGUF", "qwen2.5-coder-7b-q8_0.gguf",
        7.5, 56, "for a GPU of 12 GB", "Apache-2.0",
    ),
    "qwen2.5-coder-7b-q4": _known(
        "Qwen/Qwen2.5-Coder-7B-Instruct-GGUF", "qwen2.5-coder-7b-instruct-q4_k_m.gguf",
        4.4, 56, "for a GPU of 8 GB", "Apache-2.0",
    ),
    "starcoder2-3b": _known(
        "second-state/StarCoder2-3B-GGUF", "starcoder2-3b-Q8_0.gguf",
        3.0, 30, "600 languages", "BigCode OpenRAIL-M",
    ),
    "deepseek-coder-1.3b": _known(
        "TheBloke/deepseek-coder-1.3b-base-GGUF", "deepseek-coder-1.3b-base.Q8_0.gguf",
        1.3, 192, "small, with a large KV cache", "DeepSeek",
    ),
    "deepseek-coder-6.7b": _known(
        "TheBloke/deepseek-coder-6.7B-base-GGUF", "deepseek-coder-6.7b-base.Q4_K_M.gguf",
        3.8, 512, "with a very large KV cache", "DeepSeek",
    ),
    "granite-8b-code": _known(
        "ibm-granite/granite-8b-code-base-4k-GGUF", "granite-8b-code-base.Q4_K_M.gguf",
        4.6, 144, "permissively licensed data", "Apache-2.0",
    ),
    "seed-coder-8b": _known(
        "mradermacher/Seed-Coder-8B-Base-GGUF", "Seed-Coder-8B-Base.Q4_K_M.gguf",
        4.7, 128, "for a GPU of 8 GB", "MIT",
    ),
    "codestral-22b": _known(
        "bartowski/Codestral-22B-v0.1-GGUF", "Codestral-22B-v0.1-Q4_K_M.gguf",
        12.4, 224, "for a GPU of 24 GB", "Mistral Non-Production",
    ),
}  # fmt: skip
"""A short list to start from. The names of repositories and files were written down without a hub in reach:
they have NOT been verified, and sizes are rounded. A name that is wrong shows as "no repository" or "no file"
in `nearside models pull`; hf:owner/repo/file.gguf names any other file."""


def bundled() -> Path:
    """Return the model that is shipped with the program. Raises ModelNotFound where it was left out."""
    from importlib.resources import files

    path = Path(str(files("inference").joinpath(BUNDLED)))
    if path.is_file():
        return path
    raise ModelNotFound(
        "The model was not loaded: this installation lacks the bundled model. "
        "Install nearside again, or name another model in model.completion."
    )


def on_hub(name: str) -> HubFile | None:
    """Return the file a hf: or catalogue name stands for, None for any other name."""
    if name in CATALOGUE:
        return CATALOGUE[name].hub
    if not name.startswith("hf:"):
        return None
    match = _HUB_NAME.fullmatch(name)
    parts = re.split(r"[/:@]", name)
    if not match or any(part in ("", ".", "..") for part in parts):
        raise ModelNotFound(
            f"The model was not loaded: {name!r} names no file of the hub. "
            "Write hf:owner/repo/file.gguf, with @revision for one that is not main."
        )
    return HubFile(match["repo"], match["file"], match["revision"] or "main")


def resolve(name: str) -> Path:
    """Return the file of a model on this machine. Never fetches; raises ModelNotFound with what to do."""
    if name == "auto":
        return bundled()
    if hub := on_hub(name):
        if hub.path.is_file():
            return hub.path
        raise ModelNotFound(
            f"The model was not loaded: {name} is not fetched yet. Run `nearside models pull {name}`."
        )
    try:
        path = Path(name).expanduser().absolute()
        found = path.exists()
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelNotFound(
            f"The model was not loaded: {name!r} cannot be reached ({error}). Correct model.completion."
        ) from None
    if not found and not re.search(r"[/\\]|\.gguf$", name):
        near = difflib.get_close_matches(name.lower(), CATALOGUE, 1, 0.4)
        hint = f"Did you mean {near[0]}?" if near else "`nearside models list` shows those there are."
        raise ModelNotFound(f"The model was not loaded: there is no model named {name!r}. {hint}")
    if not found:
        raise ModelNotFound(
            f"The model was not loaded: there is no file {path}. Correct the path in model.completion."
        )
    return path


def local_path(model: Model, *, offloads: bool = False) -> tuple[Path, Model]:
    """Return the file to load and the settings to load it with: as many documents as memory allows.

    Raises ModelNotFound, ModelUnreadable or ModelTooLarge. With `offloads` the weights go to a GPU, whose
    memory only llama.cpp knows, so nothing is refused here.
    """
    from inference import gguf, memory

    if not isinstance(model.completion, str):
        raise ModelNotFound(
            f"The model was not loaded: it is at {model.completion.base_url}, not on this machine. "
            "Set model.completion to a file."
        )
    path = resolve(model.completion)
    header = gguf.read(path)
    if offloads and model.gpu_layers != 0:
        return path, model
    for documents in range(model.documents, 0, -1):
        try:
            memory.check_fits(header, model.context, documents, model.kv_type)
        except ModelTooLarge:
            if documents == 1:
                raise
        else:
            return path, replace(model, documents=documents)
    return path, model
