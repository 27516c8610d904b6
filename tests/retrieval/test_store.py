"""The store finds by words and by vector, other processes see its commits, and damage is found and named."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from retrieval import store as module
from retrieval import store_tables
from retrieval.store import (
    Row,
    Store,
    StoreDamaged,
    StoreFull,
    StoreMissing,
    StoreNewer,
    StoreReadOnly,
    StoreUnreachable,
)
from retrieval.store_errors import translated
from retrieval.store_exact import Exact

SIZE = 16


def row(path: str, number: int = 0, words: str = "", *, version: str = "1", private: bool = False) -> Row:
    key = f"{path}:{number}:{version}"
    text = f"def f{number}(): pass"
    return Row(
        path, f"file {version}", key, "python", f"f{number}", path, number, number, private, text,
        words or f"f{number} common",
    )  # fmt: skip


def axis(number: int) -> np.ndarray:
    return np.eye(SIZE, dtype=np.float32)[number]


def filled(folder: Path, files: int = 3, each: int = 4, *, seed: int = 0) -> Store:
    store = Store.open(folder, "m", SIZE, create=True)
    rows = [row(f"p{file}.py", number) for file in range(files) for number in range(each)]
    store.replace({one.path for one in rows}, rows)
    vectors = np.random.default_rng(seed).standard_normal((len(rows), SIZE)).astype(np.float32)
    store.set_vectors([one.hash for one in rows], vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def store(folder: Path) -> Store:
    return Store.open(folder, "m", SIZE, create=True)


def test_words_find_rows_before_there_is_any_vector(store: Store) -> None:
    store.replace(["a.py"], [row("a.py", 0, "getusername get user name"), row("a.py", 1, "other")])
    (hit,) = store.words("get user name", 5)
    assert (hit.path, hit.symbol, hit.first, hit.last, hit.language) == ("a.py", "f0", 0, 0, "python")
    assert hit.score > 0
    assert store.nearest(axis(0), 5) == []


def test_words_are_stemmed_and_stop_words_do_not_count(store: Store) -> None:
    store.replace(["a.py"], [row("a.py", 0, "parse configuration"), row("a.py", 1, "the and of")])
    assert [hit.symbol for hit in store.words("the parsing of configurations", 5)] == ["f0"]


@pytest.mark.parametrize("query", ["", " ", '"', "a AND (b", "x:y*~^", "\0", "\udc80", "'; DROP", "日本"])
def test_any_text_is_a_safe_query(store: Store, query: str) -> None:
    store.replace(["a.py"], [row("a.py")])
    assert isinstance(store.words(query, 5), list)


def test_vectors_that_follow_are_found_in_order_of_their_cosine(store: Store) -> None:
    store.replace(["a.py"], [row("a.py", number) for number in range(3)])
    assert store.pending() == [("a.py", f"a.py:{number}:1") for number in range(3)]
    store.set_vectors(["a.py:0:1", "a.py:2:1"], np.stack([axis(0), (axis(0) + axis(1)) / 2**0.5]))
    assert store.pending() == [("a.py", "a.py:1:1")]
    hits = store.nearest(axis(1), 2)
    assert [hit.symbol for hit in hits] == ["f2", "f0"]
    assert hits[0].score == pytest.approx(0.7071, abs=1e-3)


def test_of_some_hashes_those_without_a_vector_are_told_in_their_order(store: Store) -> None:
    store.replace([], [row("a.py", number) for number in range(4)])
    store.set_vectors(["a.py:1:1"], axis(1)[None])
    assert store.lacking(["a.py:3:1", "a.py:1:1", "a.py:0:1", "a.py:3:1"]) == ["a.py:3:1", "a.py:0:1"]
    assert store.lacking([]) == []


def test_hashes_come_in_the_order_of_the_rows_they_stand_for(folder: Path) -> None:
    store = filled(folder, 5)
    store.replace(["q.py"], [row("q.py", 9, "seldom common"), row("q.py", 8, "seldom seldom common")])
    assert (
        store.matching("seldom", 5)
        == [hit.hash for hit in store.words("seldom", 5)]
        == [
            "q.py:8:1",
            "q.py:9:1",
        ]
    )
    for number in range(SIZE):
        assert store.near(axis(number), 6) == [hit.hash for hit in store.nearest(axis(number), 6)]
    assert store.matching(" ", 5) == [] and store.matching("absent", 5) == []


def test_equal_content_in_two_files_needs_one_vector_and_gives_two_hits(store: Store) -> None:
    same = [Row(path, "f", "same", "python", "f", "", 0, 1, False, "text", "w") for path in ("b.py", "a.py")]
    store.replace(["a.py", "b.py"], same)
    assert len(store.pending()) == 1
    store.set_vectors(["same"], axis(3)[None])
    assert [hit.path for hit in store.nearest(axis(3), 5)] == ["a.py", "b.py"]


def test_replacing_a_file_leaves_nothing_of_its_older_state(store: Store) -> None:
    store.replace(["a.py"], [row("a.py", 0, "older"), row("a.py", 1, "older")])
    store.set_vectors(["a.py:0:1", "a.py:1:1"], np.stack([axis(0), axis(1)]))
    store.replace(["a.py"], [row("a.py", 0, "newest", version="2")])
    assert store.words("older", 5) == [] and store.nearest(axis(0), 5) == []
    assert [hit.hash for hit in store.words("newest", 5)] == ["a.py:0:2"]
    assert store.contents() == {"a.py": "file 2"}


def test_dropped_files_are_gone_and_others_are_not(folder: Path) -> None:
    store = filled(folder)
    store.drop(["p0.py", "p2.py", "never.py"])
    assert store.contents().keys() == {"p1.py"}
    assert {hit.path for hit in store.nearest(axis(0), 50)} == {"p1.py"}


def test_dropped_neighbours_take_no_places_of_those_that_are_left(store: Store) -> None:
    rows = [row(f"p{number}.py", 0) for number in range(90)]
    store.replace([one.path for one in rows], rows)
    store.set_vectors([one.hash for one in rows], np.stack([axis(0)] * 89 + [axis(1)]))
    store.drop([one.path for one in rows[:89]])
    assert [hit.path for hit in store.nearest(axis(0), 3)] == ["p89.py"]


def test_tidying_forgets_vectors_nobody_has_and_changes_no_answer(folder: Path) -> None:
    store = filled(folder)
    store.drop(["p0.py"])
    before = store.nearest(axis(0), 5), store.words("f1", 5)
    store.optimise()
    assert store.counts() == module.Counts(8, 8)
    assert (store.nearest(axis(0), 5), store.words("f1", 5)) == before


def test_many_edits_do_not_fill_the_disk(folder: Path) -> None:
    store = filled(folder, 500)
    store.optimise()
    fresh = store.size()
    for number in range(100):
        path = f"p{number % 5}.py"
        rows = [row(path, at, version=f"{number}") for at in range(4)]
        store.replace([path], rows)
        store.set_vectors([one.hash for one in rows], np.stack([axis(0)] * 4))
    assert store.size() > 3 * fresh
    for _ in range(2):  # what the first time replaces, the second removes
        store.optimise(timedelta(microseconds=1))
    assert store.size() <= 1.5 * fresh


def test_above_the_limit_an_index_finds_what_the_exact_search_finds(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(folder, 200)
    exact = [[hit.hash for hit in store.nearest(axis(number), 20)] for number in range(SIZE)]
    monkeypatch.setattr(module, "EXACT_ROWS", 300)
    store.optimise()
    monkeypatch.setattr(Exact, "nearest", None)
    found = [[hit.hash for hit in store.nearest(axis(number), 20)] for number in range(SIZE)]
    kept = sum(len(set(a) & set(b)) for a, b in zip(exact, found, strict=True))
    assert kept >= 0.95 * 20 * SIZE


def test_names_with_quotes_and_bytes_that_are_no_utf8_come_back_as_they_were(store: Store) -> None:
    names = ["it's.py", 'say "x".py', "b\udcffd.py", "новый.py", "a\nb.py", "50%.py"]
    store.replace(names, [row(name) for name in names])
    assert store.contents().keys() == set(names)
    assert {hit.path for hit in store.words("common", 10)} == set(names)
    store.drop(names)
    assert store.contents() == {}


def test_private_rows_are_marked(store: Store) -> None:
    store.replace(["a.py", ".env"], [row("a.py"), row(".env", private=True)])
    assert {hit.path: hit.private for hit in store.words("common", 5)} == {"a.py": False, ".env": True}


def test_another_embedder_finds_words_but_none_of_the_vectors(folder: Path) -> None:
    mine = filled(folder)
    other = Store.open(folder, "another", SIZE)
    assert other.nearest(axis(0), 5) == [] and other.pending() == []
    assert len(other.words("f1", 5)) == 3
    new = Store.open(folder, "another", SIZE, create=True)
    assert new.counts() == module.Counts(12, 0) and len(new.pending()) == 12
    assert mine.nearest(axis(0), 5) == []


def test_without_an_embedder_it_is_an_index_of_words(folder: Path) -> None:
    store = Store.open(folder, "", 0, create=True)
    store.replace(["a.py"], [row("a.py")])
    store.optimise()
    assert store.pending() == [] and store.healthy() and len(store.words("common", 1)) == 1


def test_nothing_is_made_unless_asked_for(folder: Path) -> None:
    with pytest.raises(StoreMissing):
        Store.open(folder, "m", SIZE)
    assert not folder.exists()


def test_an_index_of_a_later_version_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(store_tables, "SCHEMA", 99)
        filled(folder)
    for create in (False, True):
        with pytest.raises(StoreNewer, match="upgrade"):
            Store.open(folder, "m", SIZE, create=create)


def test_an_index_of_an_older_version_is_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder)
    for where in (store_tables, module):
        monkeypatch.setattr(where, "SCHEMA", 2)
    with pytest.raises(StoreMissing):
        Store.open(folder, "m", SIZE)
    assert Store.open(folder, "m", SIZE, create=True).counts() == module.Counts(0, 0)


def files(folder: Path, pattern: str) -> list[Path]:
    return [path for path in folder.rglob(pattern) if path.is_file()]


def spoil(folder: Path, damage: str) -> None:
    match damage:
        case "truncated rows":
            largest = max(files(folder / "chunks.lance", "data/*"), key=lambda path: path.stat().st_size)
            os.truncate(largest, largest.stat().st_size // 2)
        case "truncated vectors":
            largest = max(files(folder / "vectors.lance", "data/*"), key=lambda path: path.stat().st_size)
            os.truncate(largest, largest.stat().st_size // 2)
        case "empty manifests":
            for path in files(folder, "*.manifest"):
                path.write_bytes(b"")
        case "rows missing":
            shutil.rmtree(folder / "chunks.lance" / "data")
        case "folder missing":
            shutil.rmtree(folder)


DAMAGE = ["truncated rows", "truncated vectors", "empty manifests", "rows missing", "folder missing"]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_named_and_repaired_by_beginning_anew(folder: Path, damage: str) -> None:
    opened = filled(folder)
    assert opened.healthy() and len(opened.nearest(axis(0), 5)) == 5
    spoil(folder, damage)
    try:
        found = not Store.open(folder, "m", SIZE).healthy()
    except (StoreDamaged, StoreMissing) as error:
        found = "nearside index" in str(error) and "\n" not in str(error)
    assert found
    Store.destroy(folder)
    again = filled(folder, seed=1)
    assert again.healthy() and len(again.nearest(axis(0), 5)) == 5
    assert opened.nearest(axis(0), 5) == again.nearest(axis(0), 5)


def test_a_reader_whose_index_is_removed_says_so(folder: Path) -> None:
    store = filled(folder)
    Store.destroy(folder)
    assert not folder.exists() and list(folder.parent.iterdir()) == []
    with pytest.raises(StoreDamaged):
        store.words("common", 1)
    assert not store.healthy()


@pytest.mark.parametrize(
    ("uri", "raised", "kind"),
    [
        ("/x", RuntimeError("lance error: No space left on device (os error 28), /b/x.rs:1"), StoreFull),
        ("/x", OSError(28, "No space left on device"), StoreFull),
        ("/x", RuntimeError("Permission denied (os error 13)"), StoreReadOnly),
        ("/x", PermissionError(13, "Permission denied"), StoreReadOnly),
        ("s3://x", RuntimeError("error sending request"), StoreUnreachable),
        ("/x", RuntimeError("lance error: file is corrupt, /root/x.rs:1:2"), StoreDamaged),
    ],
)
def test_what_the_library_raises_is_told_apart(uri: str, raised: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught, translated(uri):
        raise raised
    assert ".rs" not in str(caught.value)


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    head = "import sys\nfrom pathlib import Path\nfrom tests.retrieval.test_store import *\n"
    command = [sys.executable, "-u", "-c", head + script, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def writer(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = run(
        "store = filled(Path(sys.argv[1]))\n"
        "print('ready')\n"
        "for number, line in enumerate(sys.stdin):\n"
        "    store.replace(['new.py'], [row('new.py', 0, 'novelty', version=str(number))])\n"
        "    store.set_vectors([f'new.py:0:{number}'], axis(number)[None])\n"
        "    if line == 'tidy\\n': store.optimise()\n"
        "    print('done')\n",
        folder,
    )
    assert process.stdout and process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def test_a_reader_sees_what_another_process_commits(folder: Path, writer: subprocess.Popen[str]) -> None:
    assert writer.stdin and writer.stdout
    reader = Store.open(folder, "m", SIZE)
    assert reader.words("novelty", 5) == []
    reader.nearest(axis(0), 1)
    for number, word in enumerate(["go", "tidy", "go"]):
        writer.stdin.write(word + "\n")
        writer.stdin.flush()
        writer.stdout.readline()
        assert [hit.hash for hit in reader.words("novelty", 5)] == [f"new.py:0:{number}"]
        (hit,) = reader.nearest(axis(number), 1)
        assert hit.hash == f"new.py:0:{number}" and hit.score == pytest.approx(1, abs=1e-3)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_writer_that_is_killed_leaves_whole_files_or_none(folder: Path) -> None:
    process = run(
        "store = filled(Path(sys.argv[1]), 8)\n"
        "for version in range(2, 10_000):\n"
        "    for file in range(8):\n"
        "        rows = [row(f'p{file}.py', at, version=str(version)) for at in range(4)]\n"
        "        store.replace([f'p{file}.py'], rows)\n"
        "        print('.')\n",
        folder,
    )
    assert process.stdout
    for _ in range(12):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    store = Store.open(folder, "m", SIZE, create=True)
    assert store.healthy()
    found: dict[str, list[str]] = {}
    for hit in store.words("common", 100):
        found.setdefault(hit.path, []).append(hit.hash.rpartition(":")[2])
    assert len(found) >= 7
    assert all(len(versions) == 4 and len(set(versions)) == 1 for versions in found.values())


@pytest.mark.skipif(not hasattr(os, "seteuid") or os.geteuid() != 0, reason="needs to become somebody else")
def test_a_folder_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    filled(folder)
    for path in [*tmp_path.parents, tmp_path]:
        if path.owner() == "root" and not path.stat().st_mode & 1 and path != path.parent:
            path.chmod(path.stat().st_mode | 0o055)
    process = run(
        "import os, lancedb, lancedb.query, lancedb.index\n"
        "os.setuid(65534)\n"
        "store = Store.open(Path(sys.argv[1]), 'm', SIZE, create=True)\n"
        "assert len(store.nearest(axis(0), 5)) == 5 and len(store.words('f1', 9)) == 3\n"
        "try: store.replace(['a.py'], [row('a.py')])\n"
        "except StoreReadOnly as error: print('refused')\n",
        folder,
    )
    assert process.communicate()[0] == "refused\n"
