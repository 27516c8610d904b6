"""The embedding cache keeps what was embedded, stays within its size, and never stands in the way."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from retrieval.vectors import DAY, VectorCache

SIZE = 64


def units(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    made = np.random.default_rng(seed).standard_normal((count, SIZE)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return {f"{seed}-{number}": row for number, row in enumerate(made)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vectors" / "vectors.sqlite"


def test_what_was_put_is_found_by_another_process_s_cache(file: Path) -> None:
    vectors = units(1200)
    VectorCache(file).put_many("m", vectors)
    found = VectorCache(file).get_many("m", [*vectors, "unknown"])
    assert found.keys() == vectors.keys()
    for key, vector in found.items():
        assert vector.dtype == np.float32
        assert abs(np.linalg.norm(vector) - 1) < 1e-6
        assert vector @ vectors[key] > 0.99999


def test_an_embedder_of_another_identity_finds_nothing(file: Path) -> None:
    cache = VectorCache(file)
    cache.put_many("model@1 int8", units(3))
    assert cache.get_many("model@1 float32", units(3)) == {}


def test_a_vector_put_again_takes_the_older_one_s_place(file: Path) -> None:
    cache = VectorCache(file)
    cache.put_many("m", {"a": np.eye(SIZE)[0]})
    cache.put_many("m", {"a": np.eye(SIZE)[1]})
    assert cache.get_many("m", ["a"])["a"][1] == 1


def test_the_least_lately_used_go_first(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100 * DAY
    monkeypatch.setattr("retrieval.vectors.time.time", lambda: now)
    cache = VectorCache(file, most_bytes=250_000)
    old, used = units(500, 1), units(500, 2)
    cache.put_many("m", old)
    cache.put_many("m", used)
    now += DAY
    assert len(cache.get_many("m", used)) == 500
    new = units(500, 3)
    cache.put_many("m", new)
    assert cache.size() <= 250_000
    left = [len(cache.get_many("m", keys)) for keys in (old, used, new)]
    assert left[0] < 500 and left[1:] == [500, 500]


def test_the_file_becomes_smaller_with_what_goes(file: Path) -> None:
    cache = VectorCache(file, most_bytes=300_000)
    for seed in range(20):
        cache.put_many("m", units(300, seed))
    cache.close()
    assert file.stat().st_size <= 400_000


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_and_begun_anew(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    cache = VectorCache(file)
    cache.put_many("m", units(3))
    assert len(cache.get_many("m", units(3))) == 3
    assert file.with_name("vectors.sqlite.damaged").read_bytes() == content


def test_damage_found_while_reading_empties_the_cache_and_it_goes_on(file: Path) -> None:
    cache = VectorCache(file)
    cache.put_many("m", units(2000))
    cache.close()
    whole = bytearray(file.read_bytes())
    whole[8192:] = b"\xaa" * (len(whole) - 8192)
    file.write_bytes(whole)
    cache = VectorCache(file)
    cache.get_many("m", units(2000))
    cache.put_many("m", units(3))
    cache.put_many("m", units(3))
    assert len(cache.get_many("m", units(3))) == 3


def test_a_database_of_somebody_else_is_set_aside(file: Path) -> None:
    file.parent.mkdir()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE vectors (something TEXT)")
    cache = VectorCache(file)
    cache.put_many("m", units(2))
    cache.put_many("m", units(2))
    assert len(cache.get_many("m", units(2))) == 2


def test_without_a_place_to_write_it_goes_on_empty_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = VectorCache(tmp_path / "file" / "vectors.sqlite")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            cache.put_many("m", units(2))
            assert cache.get_many("m", units(2)) == {}
            assert cache.size() == 0
    assert len(caplog.records) == 1


def test_a_full_disk_loses_nothing_that_was_kept(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = VectorCache(file)
    cache.put_many("m", units(100, 1))
    pages = cache._connect().execute("PRAGMA page_count").fetchone()[0]
    cache._connect().execute(f"PRAGMA max_page_count = {pages + 2}")  # SQLite's own words for a full disk
    cache.put_many("m", units(1000, 2))
    assert "not kept" in caplog.text
    assert len(cache.get_many("m", units(100, 1))) == 100
    assert not file.with_name("vectors.sqlite.damaged").exists()


def test_many_processes_write_at_once_and_nothing_is_lost(file: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from retrieval.vectors import VectorCache\n"
        "from tests.retrieval.test_vectors import units\n"
        "cache = VectorCache(Path(sys.argv[1]))\n"
        "for part in range(10): cache.put_many('m', units(20, int(sys.argv[2]) * 10 + part))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(file), str(number)]) for number in range(4)
    ]
    assert [process.wait(60) for process in running] == [0] * 4
    for seed in range(40):
        assert len(VectorCache(file).get_many("m", units(20, seed))) == 20
