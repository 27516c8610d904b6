"""Figures are what their names say, and text counts as there only within its budget and in its own file."""

from __future__ import annotations

import io
import math
import tarfile
from pathlib import Path

import pytest

from benchmarks.retrieval import packages
from benchmarks.retrieval.beside_aider import blocks
from benchmarks.retrieval.functions import first_sentence, stripped
from benchmarks.retrieval.golds import Gold, Query
from benchmarks.retrieval.index import build
from benchmarks.retrieval.methods import Times, answers, present
from benchmarks.retrieval.packages import Package, Unavailable, listed
from benchmarks.retrieval.scoring import figures, mean, quantile, rank_of, table

QUERY = Query("p", "python", Gold("m.py", 3, 4, "run", "d.py", 0, "function", "run"), "def run", "", "", None)


def test_ranks_count_from_one() -> None:
    assert rank_of([False, True, True]) == 2
    assert rank_of([False]) is None


def test_recall_and_reciprocal_rank() -> None:
    found = figures([1, 5, 6, None])
    assert [found[name][0] for name in ("R@1", "R@5", "R@10")] == [25, 50, 75]
    assert found["MRR"][0] == pytest.approx(100 * (1 + 1 / 5 + 1 / 6) / 4)


def test_standard_error_is_that_of_a_share() -> None:
    middle, error = mean([True] * 30 + [False] * 70)
    assert middle == 30
    assert error == pytest.approx(100 * math.sqrt(0.3 * 0.7 / 99))
    assert math.isnan(mean([])[0])


def test_quantiles() -> None:
    assert quantile([3.0, 1.0, 2.0, 4.0], 0.5) == 3.0
    assert quantile([1.0], 0.95) == 1.0


def test_tables_name_each_column_once() -> None:
    text = table("T", {"a": {"R@1": (1.0, 0.5)}, "b": {"R@1": (2.0, 0.5), "in 1k": (3.0, 1.0)}})
    assert "| | R@1 | in 1k |" in text and "| a | 1.0 ± 0.5 |  |" in text


def test_a_signature_counts_in_its_own_file_only() -> None:
    assert present(QUERY, [("d.py", "class A:\n    def  run(self): ...")], 100)
    assert not present(QUERY, [("e.py", "def run(self): ...")], 100)
    assert not present(QUERY, [("d.py", "def walk(self): run()")], 100)


def test_a_signature_counts_within_the_budget_only() -> None:
    late = [("a.py", "x" * 80), ("d.py", "def run(self): ...")]
    assert present(QUERY, late, 110)
    assert not present(QUERY, late, 90)


def test_a_map_is_taken_apart_by_file() -> None:
    text = "\na/b.py:\n⋮\n│class A:\n│    def run(self):\n⋮\n\nc.py:\n│def f():\n\nd.py\n"
    assert blocks(text) == [("a/b.py", "\nclass A:\n    def run(self):\n"), ("c.py", "def f():")]


def test_the_question_is_the_first_sentence() -> None:
    assert (
        first_sentence("Return the sum of\n    all numbers. Then more.\n\nAnd more.")
        == "Return the sum of all numbers."
    )
    assert first_sentence("Too short.") == ""


def test_docstrings_are_out_of_the_text_and_lines_are_those_without_them() -> None:
    text = (
        'def first(a):\n    """Adds one to what it is given.\n\n    More.\n    """\n    return a + 1\n\n\n'
        'class A:\n    """Stays here, as classes are not asked for."""\n\n'
        '    def only(self):\n        """Says nothing but this one sentence."""\n'
    )
    left, asked = stripped(text)
    assert "Adds one" not in left and "Says nothing" not in left and "Stays here" in left
    lines = left.split("\n")
    assert [(said, lines[line].strip(), name) for said, line, name in asked] == [
        ("Adds one to what it is given.", "def first(a):", "first"),
        ("Says nothing but this one sentence.", "def only(self):", "only"),
    ]


def test_dev_and_test_packages_have_nothing_in_common() -> None:
    dev, test = listed("dev"), listed("test")
    assert dev and test and not {one.name for one in dev} & {one.name for one in test}
    assert (
        {one.language for one in dev}
        == {one.language for one in test}
        == {"python", "typescript", "go", "rust"}
    )


def archive(folder: Path, files: dict[str, str]) -> Path:
    path = folder / "thing-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as opened:
        for name, text in files.items():
            member = tarfile.TarInfo(f"thing-1.0/{name}")
            member.size = len(text.encode())
            opened.addfile(member, io.BytesIO(text.encode()))
    return path


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(packages, "home", lambda: tmp_path / "home")
    return tmp_path


def test_a_package_that_is_there_is_not_fetched_and_loses_its_tests(elsewhere: Path) -> None:
    archive(
        elsewhere, {"thing/a.py": "x = 1\n", "tests/test_a.py": "y\n", "docs/conf.py": "z\n", "README": "r\n"}
    )
    root = packages.sources(Package("dev", "python", "pip", "thing", "1.0"), elsewhere)
    assert [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()] == ["thing/a.py"]


def test_what_cannot_be_fetched_says_what_to_do(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(elsewhere))
    with pytest.raises(Unavailable, match=r"thing 1\.0 is left out, because npm .*--packages"):
        packages.sources(Package("dev", "typescript", "npm", "thing", "1.0"))


def test_the_file_at_the_cursor_is_known_as_it_is_now(tmp_path: Path) -> None:
    (tmp_path / "d.py").write_text("def run(self):\n    return 1\n")
    (tmp_path / "m.py").write_text("from d import run\n\n\nx = run(1)\n")
    index = build(tmp_path, "python", None, chunks=False)
    gold = Gold("m.py", 3, 4, "run", "d.py", 0, "function", "run")
    at = Query("p", "python", gold, "def run", "from d import run\n\n\nx = ", "\n", "\n\nx = ")
    times = Times()
    before = index.graph.files["m.py"].facts
    answer = answers(index, at, at.prefix, None, ["graph"], times)["graph"]
    assert answer.ranked[0] and answer.present == (True, True, True)
    assert index.graph.files["m.py"].facts == before
    assert len(times.of("graph")) == 1
