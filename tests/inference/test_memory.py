"""A model that does not fit is refused with figures before anything is loaded."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from inference.gguf import Header, read
from inference.memory import check_fits, kv_cache, memory_available, memory_needed, weights
from inference.types import ModelTooLarge
from tests.inference.gguf_files import gguf, write

GIB = 1 << 30

QWEN_7B = Header(
    Path("qwen2.5-coder-7b-q4_k_m.gguf"), 3, int(4.36 * GIB), 339, int(4.36 * GIB),
    {
        "general.architecture": "qwen2", "qwen2.block_count": 28, "qwen2.embedding_length": 3584,
        "qwen2.attention.head_count": 28, "qwen2.attention.head_count_kv": 4,
    },
    {"tokenizer.ggml.tokens": 152064},
)  # fmt: skip


def test_the_kv_cache_of_qwen_7b_takes_56_kib_a_token():
    assert kv_cache(QWEN_7B, 1, "f16") == 56 * 1024
    assert kv_cache(QWEN_7B, 4096, "q8_0") == 4096 * 56 * 1024 * 34 // 64


def test_layers_without_attention_take_no_cache():
    hybrid = {**QWEN_7B.metadata, "qwen2.attention.head_count_kv": (4, 0) * 14}
    assert kv_cache(replace(QWEN_7B, metadata=hybrid), 1, "f16") == 28 * 1024


def test_explicit_head_widths_win():
    wide = {**QWEN_7B.metadata, "qwen2.attention.key_length": 256, "qwen2.attention.value_length": 256}
    assert kv_cache(replace(QWEN_7B, metadata=wide), 1, "f16") == 2 * 56 * 1024


def test_weights_cache_and_buffers_add_up():
    one, four = (memory_needed(QWEN_7B, 4096, count) for count in (1, 4))
    assert four - one == 3 * 4096 * 56 * 1024
    assert 4.36 * GIB + 4096 * 56 * 1024 < one < 5.5 * GIB


def test_all_parts_of_a_split_model_count(tmp_path: Path):
    for part in (1, 2, 3):
        write(tmp_path / f"big[q8]-0000{part}-of-00003.gguf", data := gguf())
    write(tmp_path / "other-00001-of-00003.gguf", data)
    assert weights(read(tmp_path / "big[q8]-00001-of-00003.gguf")) == 3 * len(data)


def test_what_fits_is_let_through():
    check_fits(QWEN_7B, 4096, 4, available=8 * GIB)


def test_what_does_not_fit_is_refused_with_figures_and_what_to_do():
    with pytest.raises(ModelTooLarge) as raised:
        check_fits(QWEN_7B, 4096, 4, available=3 * GIB)
    line = str(raised.value)
    assert re.search(
        r"needs 5\.\d GiB \(4\.4 GiB weights, 896\.0 MiB KV cache\), and 3\.0 GiB of memory", line
    )
    assert "Choose a smaller model or quantisation." in line and "\n" not in line


def test_where_only_the_cache_is_too_large_the_context_is_named():
    with pytest.raises(ModelTooLarge, match=r"smaller model.context \(now 131072\), kv_type q8_0"):
        check_fits(QWEN_7B, 131072, 4, available=8 * GIB)


def machine(tmp_path: Path, available_kib: int, cgroup: str, files: dict[str, str]) -> int | None:
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(f"MemTotal: 99 kB\nMemAvailable:   {available_kib} kB\n")
    (proc / "self" / "cgroup").write_text(cgroup)
    for name, text in files.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(text)
    return memory_available(proc, groups)


def test_without_a_limit_the_kernels_figure_counts(tmp_path: Path):
    files = {"user/memory.max": "max\n", "user/memory.current": "5\n"}
    assert machine(tmp_path, 4096, "0::/user\n", files) == 4096 * 1024


def test_the_narrowest_control_group_counts_and_droppable_cache_is_free(tmp_path: Path):
    files = {
        "a/memory.max": "3000000",
        "a/memory.current": "1500000",
        "a/memory.stat": "anon 1\ninactive_file 500000\n",
        "a/b/memory.max": "max",
        "a/b/memory.current": "1000",
    }
    assert machine(tmp_path, 4096, "0::/a/b\n", files) == 2_000_000


def test_version_one_of_control_groups(tmp_path: Path):
    files = {
        "memory/docker/memory.limit_in_bytes": "1000000",
        "memory/docker/memory.usage_in_bytes": "400000",
        "memory/memory.limit_in_bytes": str((1 << 63) - 4096),
        "memory/memory.usage_in_bytes": "1",
    }
    assert machine(tmp_path, 4096, "5:cpu:/x\n4:memory,hugetlb:/docker\n", files) == 600_000


def test_where_nothing_is_known_nothing_is_refused(tmp_path: Path):
    assert memory_available(tmp_path, tmp_path) is None
