"""A model file that is missing, broken or hostile is answered with one line, and never with anything else."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.gguf import read
from inference.types import ModelError, ModelNotFound, ModelUnreadable
from tests.inference.gguf_files import TINY, gguf, string, write


def refused(path: Path, kind: type[ModelError] = ModelUnreadable) -> str:
    with pytest.raises(kind) as raised:
        read(path)
    line = str(raised.value)
    assert line.startswith("The model was not loaded: ") and "\n" not in line and str(path) in line
    return line


def test_a_header_says_what_the_model_is(tmp_path: Path):
    header = read(write(tmp_path / "m.gguf", data := gguf()))
    assert (header.architecture, header.name, header.version, header.tensors) == ("llama", "tiny", 3, 2)
    assert (header.context_length, header.block_count, header.embedding_length) == (2048, 4, 64)
    assert (header.vocabulary, header.file_size) == (3, len(data))
    assert "tokenizer.ggml.tokens" not in header.metadata  # a vocabulary is counted, not kept


def test_heads_may_differ_by_layer(tmp_path: Path):
    header = read(write(tmp_path / "m.gguf", gguf({**TINY, "llama.attention.head_count_kv": [2, 0, 2, 1]})))
    assert header.by_layer("attention.head_count_kv") == (2, 0, 2, 1)
    assert header.number("attention.head_count_kv") == 2


def test_the_gguf_packages_own_files_are_read(tmp_path: Path):
    gguf_package = pytest.importorskip("gguf")
    numpy = pytest.importorskip("numpy")
    path = tmp_path / "m.gguf"
    writer = gguf_package.GGUFWriter(path, "qwen2")
    writer.add_name("coder")
    writer.add_context_length(32768)
    writer.add_block_count(2)
    writer.add_token_list([f"t{i}" for i in range(5000)])
    writer.add_token_scores([0.5] * 5000)
    for i in range(3):
        writer.add_tensor(f"blk.{i}", numpy.zeros((7, 33), numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    header = read(path)
    assert (header.architecture, header.context_length, header.vocabulary) == ("qwen2", 32768, 5000)
    write(path, path.read_bytes()[:-64])
    assert "truncated" in refused(path)


def test_no_file(tmp_path: Path):
    assert "there is no file" in refused(tmp_path / "none.gguf", ModelNotFound)
    assert "there is no file" in refused(write(tmp_path / "a", b"") / "m.gguf", ModelNotFound)


def test_what_is_no_file(tmp_path: Path):
    assert "is not a file" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "is not a file" in refused(tmp_path / "pipe")  # and it is not waited for


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read(tmp_path: Path):
    path = write(tmp_path / "m.gguf", gguf())
    path.chmod(0)
    assert "permission denied" in refused(path)


def test_an_empty_file(tmp_path: Path):
    assert "is empty" in refused(write(tmp_path / "m.gguf", b""))


@pytest.mark.parametrize("data", [b"G", b"PK\3\4 a zip", b"<!DOCTYPE html>", b"\0" * 4096])
def test_what_is_not_gguf(tmp_path: Path, data: bytes):
    assert "is not a GGUF file" in refused(write(tmp_path / "m.gguf", data))


def test_versions_and_byte_order(tmp_path: Path):
    assert read(write(tmp_path / "m.gguf", gguf(version=2))).version == 2
    assert "version 99" in refused(write(tmp_path / "m.gguf", gguf(version=99)))
    swapped = b"GGUF" + struct.pack(">I", 3) + gguf()[8:]
    assert "big-endian" in refused(write(tmp_path / "m.gguf", swapped))


def test_a_file_cut_anywhere_is_truncated(tmp_path: Path):
    data = gguf()
    for length in range(4, len(data), 7):
        line = refused(write(tmp_path / "m.gguf", data[:length]))
        assert "truncated" in line and "Fetch it again" in line


def test_a_truncated_file_says_how_much_is_missing(tmp_path: Path):
    tensors = {"a": ((1024, 1024), 0)}
    data = gguf(tensors=tensors)
    assert "has 2.0 MiB of 4.0 MiB" in refused(write(tmp_path / "m.gguf", data[: 2 << 20]))


def test_counts_that_cannot_be_are_refused_at_once(tmp_path: Path):
    huge = struct.pack("<Q", 1 << 62)
    head = b"GGUF" + struct.pack("<I", 3)
    one = struct.pack("<Q", 1)
    key = string("general.architecture")
    for data in (
        head + huge + one + bytes(100),
        head + one + huge + bytes(100),
        head + one + one + huge + bytes(100),  # a key's length
        head + one + one + key + struct.pack("<I", 8) + huge,  # a string's length
        head + one + one + key + struct.pack("<II", 9, 8) + huge,  # an array of strings
        head + one + one + key + struct.pack("<II", 9, 0) + huge,  # an array of bytes
        head + one + one + key + struct.pack("<II", 9, 9) + huge,  # an array of arrays
        head + one + one + key + struct.pack("<I", 77),  # no such type
    ):
        refused(write(tmp_path / "m.gguf", data))


def test_a_shape_that_no_disk_could_hold(tmp_path: Path):
    data = gguf()
    shape = struct.pack("<QQ", 64, 3)
    assert data.count(shape) == 1
    hostile = data.replace(shape, struct.pack("<QQ", 1 << 63, 1 << 63))
    assert "larger than any disk" in refused(write(tmp_path / "m.gguf", hostile))


def test_a_file_of_metadata_alone_is_no_model(tmp_path: Path):
    assert "holds no weights" in refused(write(tmp_path / "m.gguf", gguf(tensors={})))
    assert "holds no weights" in refused(write(tmp_path / "m.gguf", gguf({"general.name": "x"})))


def test_alignment_must_make_sense(tmp_path: Path):
    assert "alignment" in refused(write(tmp_path / "m.gguf", gguf({**TINY, "general.alignment": 0})))


HEADER = gguf()


@settings(max_examples=1500, deadline=None)
@given(
    edits=st.lists(st.tuples(st.integers(0, len(HEADER) - 1), st.binary(min_size=1, max_size=9)), max_size=4),
    cut=st.one_of(st.none(), st.integers(0, len(HEADER))),
)
def test_no_mutation_of_a_header_raises_anything_but_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, bytes]], cut: int | None
):
    data = bytearray(HEADER)
    for at, replacement in edits:
        data[at : at + len(replacement)] = replacement
    path = tmp_path_factory.getbasetemp() / "mutated.gguf"
    path.write_bytes(bytes(data[:cut]))
    try:
        read(path)
    except ModelError as error:
        assert "\n" not in str(error).replace(str(path), "")
