"""The header of a GGUF file, read without trusting it: metadata and tensor shapes, never tensor data.

llama.cpp reads the file for itself; checked here is what it would answer with a crash or an unclear line.
"""

from __future__ import annotations

import math
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from inference.types import ModelNotFound, ModelUnreadable

Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...]

MOST_ENTRIES = 1 << 16
"""Metadata entries or tensors; the largest known models have 3,000."""
LONGEST_HEADER = 256 << 20
"""Bytes; a vocabulary of 262,144 tokens with its merges takes 20 MB."""
LONGEST_STRING = 16 << 20
LARGEST_FILE = 1 << 50
KEPT_ARRAY = 1024
"""Arrays up to this length are kept (heads by layer); longer ones (the vocabulary) only leave a length."""

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

_BLOCKS: Mapping[int, tuple[int, int]] = {
    # ggml type: elements in a block, bytes of a block
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of its model."""

    path: Path
    version: int
    file_size: int
    tensors: int
    data_end: int
    """Where the last tensor ends, in bytes from the start of the file."""
    metadata: dict[str, Value] = field(default_factory=dict)
    array_lengths: dict[str, int] = field(default_factory=dict)

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    @property
    def name(self) -> str:
        return str(self.metadata.get("general.name") or self.path.stem)

    @property
    def vocabulary(self) -> int:
        return self.array_lengths.get("tokenizer.ggml.tokens", 0)

    @property
    def context_length(self) -> int:
        return self.number("context_length")

    @property
    def block_count(self) -> int:
        return self.number("block_count")

    @property
    def embedding_length(self) -> int:
        return self.number("embedding_length")

    def number(self, key: str, default: int = 0) -> int:
        """Return a whole number of the architecture's own keys; the largest where it differs by layer."""
        return max(self.by_layer(key), default=default)

    def by_layer(self, key: str) -> tuple[int, ...]:
        """Return a number of the architecture, one value or one for each layer; empty where it is missing."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        values = value if isinstance(value, tuple) else (value,)
        return tuple(int(item) for item in values if isinstance(item, int) and 0 <= item < 1 << 40)


def read(path: Path) -> Header:
    """Read and check a header. Raises ModelNotFound or ModelUnreadable, one line each."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelUnreadable(f"The model was not loaded: {path} is not a file. Name a GGUF file.")
        with path.open("rb") as file:
            header = _read(path, file, status.st_size)
    except (FileNotFoundError, NotADirectoryError):
        raise ModelNotFound(
            f"The model was not loaded: there is no file {path}. Correct the path in model.completion."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ModelUnreadable(
            f"The model was not loaded: {path} cannot be opened ({reason}). Check its permissions."
        ) from None
    if header.data_end > header.file_size:
        raise ModelUnreadable(
            f"The model was not loaded: {path} is truncated, it has {amount(header.file_size)} of "
            f"{amount(header.data_end)}. Fetch it again."
        )
    return header


def _read(path: Path, file: BinaryIO, size: int) -> Header:
    if size == 0:
        raise ModelUnreadable(f"The model was not loaded: {path} is empty. Fetch it again.")
    reader = _Reader(path, file, size)
    magic = reader.take(min(4, size))
    if magic != b"GGUF":
        raise ModelUnreadable(
            f"The model was not loaded: {path} is not a GGUF file. Name a file that llama.cpp can read."
        )
    version = reader.number("I")
    if version not in (2, 3):
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big") in (1, 2, 3)
        why = "is in big-endian byte order" if swapped else f"has GGUF version {version}, known are 2 and 3"
        raise ModelUnreadable(f"The model was not loaded: {path} {why}. Fetch a current version of it.")
    tensors, entries = reader.count(), reader.count()
    metadata: dict[str, Value] = {}
    lengths: dict[str, int] = {}
    for _ in range(entries):
        key = reader.string()
        value, length = reader.value(reader.number("I"))
        if length is not None:
            lengths[key] = length
        if value is not None:
            metadata[key] = value
    ends = [0]
    for _ in range(tensors):
        reader.string()
        dimensions = reader.number("I")
        if dimensions > 8:
            raise reader.corrupt(f"a tensor of {dimensions} dimensions")
        shape = [reader.number("Q") for _ in range(dimensions)]
        kind, offset = reader.number("I"), reader.number("Q")
        elements, size_of_block = _BLOCKS.get(kind, (1, 0))  # a type newer than this table ends at its start
        ends.append(offset + math.prod(shape) // elements * size_of_block)
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
        raise reader.corrupt(f"an alignment of {alignment!r}")
    data_start = -(-reader.position // alignment) * alignment
    data_end = data_start + max(ends) if tensors else reader.position
    if data_end > LARGEST_FILE:
        raise reader.corrupt("a tensor larger than any disk")
    header = Header(path, version, size, tensors, data_end, metadata, lengths)
    if not header.architecture or not tensors:
        raise ModelUnreadable(
            f"The model was not loaded: {path} holds no weights or no architecture. Name a model's GGUF file."
        )
    return header


class _Reader:
    """Reads little-endian values one after the other and never past the end of the file."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self.position = 0
        self._path = path
        self._file = file
        self._size = min(size, LONGEST_HEADER)
        self._whole = size

    def corrupt(self, what: str) -> ModelUnreadable:
        return ModelUnreadable(f"The model was not loaded: {self._path} is damaged ({what}). Fetch it again.")

    def take(self, count: int) -> bytes:
        self._advance(count)
        data = self._file.read(count)
        if len(data) != count:  # it has become shorter since it was opened
            raise self._ends()
        return data

    def skip(self, count: int) -> None:
        self._advance(count)
        self._file.seek(count, 1)

    def number(self, form: str) -> int:
        return struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]

    def count(self) -> int:
        count = self.number("Q")
        if count > MOST_ENTRIES:
            raise self.corrupt(f"it claims {count} entries")
        return count

    def string(self) -> str:
        return self.take(self._length()).decode("utf-8", "replace")

    def value(self, kind: int) -> tuple[Value | None, int | None]:
        """Return a value, and its length where it is an array; None for the values of a long array."""
        if kind in _SCALARS:
            return self._scalar(kind), None
        if kind == _STRING:
            return self.string(), None
        if kind != _ARRAY:
            raise self.corrupt(f"a value of unknown type {kind}")
        kind, count = self.number("I"), self.number("Q")
        if kind in _SCALARS:
            if count <= KEPT_ARRAY:
                return tuple(self._scalar(kind) for _ in range(count)), count
            self.skip(count * struct.calcsize(_SCALARS[kind]))
        elif kind == _STRING:
            if count > self._size // 8:  # each string takes at least its length
                raise self._ends()
            for _ in range(count):
                self.skip(self._length())
        else:
            raise self.corrupt(f"an array of unknown type {kind}")
        return None, count

    def _scalar(self, kind: int) -> Scalar:
        return struct.unpack("<" + _SCALARS[kind], self.take(struct.calcsize(_SCALARS[kind])))[0]

    def _length(self) -> int:
        length = self.number("Q")
        if length > LONGEST_STRING:
            raise self.corrupt(f"a string of {length} bytes")
        return length

    def _advance(self, count: int) -> None:
        self.position += count
        if self.position > self._size:
            raise self._ends()

    def _ends(self) -> ModelUnreadable:
        if self._whole > self._size:
            return self.corrupt(f"its header is longer than {amount(LONGEST_HEADER)}")
        return ModelUnreadable(
            f"The model was not loaded: {self._path} is truncated, its header does not end within "
            f"its {amount(self._whole)}. Fetch it again."
        )


def amount(size: float) -> str:
    """Write a number of bytes for people."""
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size:.0f} bytes"
