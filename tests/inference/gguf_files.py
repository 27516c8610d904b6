"""Small GGUF files, whole and broken."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

TINY = {
    "general.architecture": "llama",
    "general.name": "tiny",
    "llama.context_length": 2048,
    "llama.block_count": 4,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.tokens": ["a", "b", "<|fim_prefix|>"],
}


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def value(item: Any) -> bytes:
    """Write a value after its type."""
    if isinstance(item, bool):
        return struct.pack("<I?", 7, item)
    if isinstance(item, int):
        return struct.pack("<II", 4, item)
    if isinstance(item, float):
        return struct.pack("<If", 6, item)
    if isinstance(item, str):
        return struct.pack("<I", 8) + string(item)
    kind = value(item[0])[:4]
    return struct.pack("<I", 9) + kind + struct.pack("<Q", len(item)) + b"".join(value(x)[4:] for x in item)


def gguf(
    metadata: dict[str, Any] | None = None,
    tensors: dict[str, tuple[tuple[int, ...], int]] | None = None,
    *,
    version: int = 3,
) -> bytes:
    """Return a file with zeros for weights; tensors are a shape and a ggml type (0 is f32, 8 is Q8_0)."""
    metadata = TINY if metadata is None else metadata
    tensors = {"token_embd.weight": ((64, 3), 0), "blk.0": ((64, 64), 8)} if tensors is None else tensors
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    out += b"".join(string(key) + value(item) for key, item in metadata.items())
    offset = 0
    for name, (shape, kind) in tensors.items():
        out += string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
        elements = 1
        for size in shape:
            elements *= size
        offset += -(-(elements * 4 if kind == 0 else elements // 32 * 34) // 32) * 32
    return out + bytes(-len(out) % 32) + bytes(offset)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def with_template(model: Path, template: str) -> bytes:
    """Return a real model as a file that also has a chat template."""
    data = model.read_bytes()
    count = struct.unpack_from("<Q", data, 16)[0]
    added = string("tokenizer.chat_template") + value(template) + string("test.padding")
    # Weights begin where they did, modulo the alignment: 12 is the padding's own type and length.
    added += value(" " * (-(len(added) + 12) % 32))
    return data[:16] + struct.pack("<Q", count + 2) + added + data[24:]
