"""Whether a model fits: weights + KV cache + buffers against the memory there is. Estimates only."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from inference.gguf import Header, amount
from inference.types import ModelTooLarge

KV_BYTES = {"f16": 2.0, "bf16": 2.0, "f32": 4.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes of one number in the KV cache."""
BATCH = 512
"""Tokens in one llama.cpp micro-batch; its buffers grow with it."""
PROCESS = 150 << 20
"""What the engine process takes without a model: Python, the library, the HTTP server."""


def weights(header: Header) -> int:
    """Bytes of the model's file, or of all its parts where it is split (name-00001-of-00003.gguf)."""
    split = re.fullmatch(r"(.*)-\d{5}(-of-\d{5}\.gguf)", header.path.name)
    if not split:
        return header.file_size
    parts = header.path.parent.glob(f"{glob.escape(split[1])}-[0-9][0-9][0-9][0-9][0-9]{split[2]}")
    return sum(part.stat().st_size for part in parts)


def kv_cache(header: Header, tokens: int, kv_type: str) -> int:
    """Bytes of a KV cache of `tokens` cells: heads x (key + value width) x layers."""
    layers = header.block_count
    heads = header.by_layer("attention.head_count_kv") or header.by_layer("attention.head_count") or (0,)
    per_layer = heads if len(heads) == layers else heads[:1] * layers
    width = header.embedding_length // max(1, header.number("attention.head_count", 1))
    both = header.number("attention.key_length", width) + header.number("attention.value_length", width)
    return int(tokens * sum(per_layer) * both * KV_BYTES.get(kv_type, 2.0))


def memory_needed(header: Header, context: int, sequences: int, kv_type: str = "f16") -> int:
    """Bytes for weights, a KV cache of `sequences` x `context` tokens, and the buffers of one batch.

    Buffers: logits of a batch (vocabulary), and activations that live at once, about twelve times the width.
    """
    buffers = BATCH * 4 * (header.vocabulary + 12 * header.embedding_length)
    return weights(header) + kv_cache(header, context * sequences, kv_type) + buffers + PROCESS


def memory_available(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes this process may still take, from the kernel and from its control group; None where unknown."""
    free = [value for value in (_meminfo(proc), *_limits(proc, cgroup)) if value is not None]
    return min(free, default=None)


def check_fits(
    header: Header, context: int, sequences: int, kv_type: str = "f16", available: int | None = None
) -> None:
    """Raise ModelTooLarge with figures and what to do. Unknown memory is not checked."""
    available = memory_available() if available is None else available
    needed = memory_needed(header, context, sequences, kv_type)
    if available is None or needed <= available:
        return
    cache = kv_cache(header, context * sequences, kv_type)
    smaller = "a smaller model or quantisation"
    if needed - cache <= available:
        smaller = f"a smaller model.context (now {context}), kv_type q8_0, or " + smaller
    raise ModelTooLarge(
        f"The model was not loaded: {header.path.name} needs {amount(needed)} "
        f"({amount(weights(header))} weights, {amount(cache)} KV cache), "
        f"and {amount(max(0, available))} of memory is free. Choose {smaller}."
    )


def _meminfo(proc: Path) -> int | None:
    try:
        text = (proc / "meminfo").read_text()
        line = next(line for line in text.splitlines() if line.startswith("MemAvailable:"))
        return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def _limits(proc: Path, cgroup: Path) -> list[int]:
    """Return what each control group above this process has left; droppable page cache counts as free."""
    found: list[int] = []
    for group in _groups(proc, cgroup):
        for limit, used, reclaimable in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            try:
                most, now = int((group / limit).read_text()), int((group / used).read_text())
            except (OSError, ValueError):  # "max" is no limit
                continue
            if most < 1 << 60:  # version 1 writes a huge number for none
                found.append(most - now + _statistic(group / "memory.stat", reclaimable))
    return found


def _groups(proc: Path, cgroup: Path) -> list[Path]:
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return []
    groups: list[Path] = []
    for line in lines:
        _, controllers, path = (line.split(":", 2) + ["", ""])[:3]
        if controllers and "memory" not in controllers.split(","):
            continue
        root = cgroup / "memory" if controllers else cgroup
        inside = root / path.lstrip("/")
        groups += [folder for folder in (inside, *inside.parents) if folder.is_relative_to(root)]
    return groups


def _statistic(path: Path, name: str) -> int:
    try:
        line = next(line for line in path.read_text().splitlines() if line.split()[:1] == [name])
        return int(line.split()[1])
    except (OSError, ValueError, IndexError, StopIteration):
        return 0
