"""The walk takes what people wrote, answers like git, and survives what disks hold."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval import walk as walking
from retrieval.walk import File, Rules, by_value, indexable, on_disk, value, walk
from retrieval.written import HEAD, why_skipped


def put(root: Path, *paths: str, text: str = "x = 1\n") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def taken(root: Path, rules: Rules | None = None, skipped: Counter[str] | None = None) -> set[str]:
    """Return the paths of a walk, after asking of every file whether `indexable` says the same."""
    rules = rules or Rules()
    found = {file.path: file for file in walk(root, rules, skipped)}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            path = path.translate(walking.UNDECODED)
            assert indexable(root, path, rules) == found.get(path), path
    return set(found)


def repository(root: Path) -> Path:
    (root / ".git" / "info").mkdir(parents=True)
    return root


def test_files_come_with_size_and_time(tmp_path: Path) -> None:
    put(tmp_path, "a/b.py", text="12345")
    status = (tmp_path / "a/b.py").stat()
    assert list(walk(tmp_path, Rules())) == [File("a/b.py", 5, status.st_mtime_ns)]


def test_ignore_files_count_at_every_level_and_the_nearest_says_last(tmp_path: Path) -> None:
    put(
        repository(tmp_path),
        "a.txt",
        "b.txt",
        "in/a.txt",
        "in/b.txt",
        "in/deep/a.txt",
        "only/x.py",
        "only/y.py",
    )
    (tmp_path / ".gitignore").write_text("a.txt\n/only/*\n!/only/y.py\n")
    (tmp_path / "in/.gitignore").write_text("!a.txt\nb.txt\n")
    assert {p for p in taken(tmp_path) if "ignore" not in p} == {
        "b.txt", "in/a.txt", "in/deep/a.txt", "only/y.py",
    }  # fmt: skip


def test_a_pattern_is_not_about_what_is_inside_of_what_it_takes_back(tmp_path: Path) -> None:
    put(repository(tmp_path), "a/sub/x.txt", "a/sub/x.py")
    (tmp_path / ".gitignore").write_text("*.txt\n")
    (tmp_path / "a/.gitignore").write_text("!sub/\n")
    assert "a/sub/x.txt" not in taken(tmp_path)


def test_two_stars_stand_for_no_folder_as_well(tmp_path: Path) -> None:
    put(repository(tmp_path), "a/b.py", "a/x/b.py", "a/x/y/b.py", "a/c.py")
    (tmp_path / ".gitignore").write_text("a/**/b.py\n")
    assert taken(tmp_path) == {".gitignore", "a/c.py"}


def test_our_ignore_file_wins(tmp_path: Path) -> None:
    put(repository(tmp_path), "made/api.py", "notes.py", "node_modules/kept/x.js")
    (tmp_path / ".gitignore").write_text("made/\n")
    (tmp_path / ".nearsideignore").write_text("!made/\nnotes.py\n!node_modules/\n")
    found = taken(tmp_path)
    assert {"made/api.py", "node_modules/kept/x.js"} <= found and "notes.py" not in found


def test_the_excludes_of_a_repository_and_of_a_worktree_count(tmp_path: Path) -> None:
    main, tree = repository(tmp_path / "main"), tmp_path / "tree"
    put(main, "a.py", "b.py")
    put(tree, "a.py", "b.py")
    (main / ".git/info/exclude").write_text("b.py\n")
    (main / ".git/worktrees/tree").mkdir(parents=True)
    (main / ".git/worktrees/tree/commondir").write_text("../..\n")
    (tree / ".git").write_text(f"gitdir: {main}/.git/worktrees/tree\n")
    assert taken(main) == {"a.py"}
    assert "b.py" not in taken(tree) and "a.py" in taken(tree)


def test_a_folder_of_a_repository_obeys_the_files_above_it(tmp_path: Path) -> None:
    put(repository(tmp_path), "sub/a.py", "sub/b.py", "sub/c/d.py")
    (tmp_path / ".gitignore").write_text("b.py\n/sub/c/\n")
    assert taken(tmp_path / "sub") == {"a.py"}


def test_a_repository_that_ignores_the_workspace_has_no_say(tmp_path: Path) -> None:
    put(repository(tmp_path), "work/a.py")
    (tmp_path / ".gitignore").write_text("*\n")
    assert taken(tmp_path / "work") == {"a.py"}


def test_a_repository_inside_has_its_own_rules_unless_it_is_ignored(tmp_path: Path) -> None:
    put(repository(tmp_path), "sub/a.log.py", "sub/b.py", "gone/a.py")
    repository(tmp_path / "sub")
    repository(tmp_path / "gone")
    (tmp_path / ".gitignore").write_text("*.log.py\ngone/\n")
    (tmp_path / "sub/.gitignore").write_text("b.py\n")
    assert {p for p in taken(tmp_path) if p.endswith(".py")} == {"sub/a.log.py"}


def test_what_nobody_wrote_is_left_out_without_git(tmp_path: Path) -> None:
    put(
        tmp_path, "src/a.py", "node_modules/x/i.js", "__pycache__/a.py", ".venv/a.py", "env/lib/a.py", "dist/a.js",  # noqa: E501
        "target/a.rs", ".tox/a.py", ".next/a.js", "crate/target/a.rs", "crate/src/target/a.rs", ".hg/a.py", ".svn/a",  # noqa: E501
        "cache/a.py",
    )  # fmt: skip
    put(tmp_path, "env/pyvenv.cfg", "crate/Cargo.toml", "cache/CACHEDIR.TAG")
    assert taken(tmp_path) == {"src/a.py", "crate/Cargo.toml", "crate/src/target/a.rs"}


def test_exclude_is_strongest_and_include_brings_back(tmp_path: Path) -> None:
    put(repository(tmp_path), "made/api/x.py", "made/api/y.txt", "made/z.py", "src/a.py", "src/b.py")
    (tmp_path / ".gitignore").write_text("made/\n")
    assert taken(tmp_path, Rules(include=("made/api/*.py",), exclude=("b.py",))) == {
        ".gitignore", "made/api/x.py", "src/a.py",
    }  # fmt: skip
    assert "made/z.py" in taken(tmp_path, Rules(include=("made/",)))
    assert "made/z.py" not in taken(tmp_path, Rules(include=("made/",), exclude=("made/z.py",)))


def test_secrets_are_left_out_or_marked(tmp_path: Path) -> None:
    put(tmp_path, ".env", "a.py", "keys/server.pem")
    assert taken(tmp_path) == {"a.py"}
    assert {f.path: f.private for f in walk(tmp_path, Rules(private=True))} == {
        ".env": True, "a.py": False, "keys/server.pem": True,
    }  # fmt: skip


def test_a_link_is_not_followed_so_nothing_comes_twice_and_no_loop_is_walked(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    put(root, "a/real.py")
    put(outside, "secret.py")
    (root / "a/again.py").symlink_to(root / "a/real.py")
    (root / "a/loop").symlink_to(root)
    (root / "out").symlink_to(outside)
    (root / "none.py").symlink_to(root / "missing")
    (root / "self").symlink_to(root / "self")
    skipped: Counter[str] = Counter()
    assert taken(root, skipped=skipped) == {"a/real.py"}
    assert skipped["link"] == 5
    assert indexable(root, "out/secret.py", Rules()) is None
    assert indexable(root, "a/loop/a/real.py", Rules()) is None
    assert indexable(root, "../outside/secret.py", Rules()) is None


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "huge.py", "wb") as file:
        file.truncate(2 << 30)
    put(tmp_path, "a.py")
    skipped: Counter[str] = Counter()
    assert taken(tmp_path, skipped=skipped) == {"a.py"} and skipped["large"] == 1
    put(tmp_path, "b.py", text="x" * 1025)
    assert "b.py" not in taken(tmp_path, Rules(max_file_kb=1)) and "b.py" in taken(tmp_path)


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / ".gitignore")  # would be waited for
    put(tmp_path, "a.py/b.py")
    assert taken(tmp_path) == {"a.py/b.py"}
    put(tmp_path, "c.py")
    assert indexable(tmp_path, "c.py/c.py", Rules()) is None
    assert indexable(tmp_path, "a.py", Rules()) is None


def test_what_cannot_be_read_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.py", "shut/b.py")
    scandir = os.scandir

    def refusing(path: Path):
        if str(path).rstrip("/").endswith("shut"):
            raise PermissionError
        return scandir(path)

    monkeypatch.setattr(walking.os, "scandir", refusing)
    skipped: Counter[str] = Counter()
    assert {f.path for f in walk(tmp_path, Rules(), skipped)} == {"a.py"}
    assert skipped["unreadable"] == 1
    assert list(walk(tmp_path / "missing", Rules())) == []


def test_a_file_deleted_meanwhile_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "b.py", "c/d.py")
    found = walk(tmp_path, Rules())
    assert next(found).path == "a.py"
    (tmp_path / "b.py").unlink()
    (tmp_path / "c/d.py").unlink()
    assert list(found) == []


def test_a_name_that_is_not_utf_8_goes_into_json_and_leads_back(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("x = 1\n")
    except OSError:
        pytest.skip("this file system takes no such names")
    put(tmp_path, "sn\uf7e9w.py")  # the letter such a byte becomes
    assert len(taken(tmp_path)) == 1
    (file,) = walk(tmp_path, Rules())
    assert json.loads(json.dumps(file.path).encode()) == file.path
    assert file.path.encode("utf-8")
    assert on_disk(tmp_path, file.path).read_text() == "x = 1\n"


NAMES = st.sampled_from(["a", "b", "ab", "a.py", "b.py", "c d", "[x]", "#h", "!n", "é"])
PIECES = st.sampled_from(["a", "b", "*", "**", "?", "*.py", "a*", "[ab]", "[!a]", "[a-c]*", "\\#h", "\\!n", "c\\ d", "***",  # noqa: E501
                          "[[:alpha:]]", "[", "\\[x]", "a**", "é", "*\\"])  # fmt: skip
PATTERN = st.builds(
    lambda negated, rooted, parts, folder: "!" * negated + "/" * rooted + "/".join(parts) + "/" * folder,
    st.booleans(), st.booleans(), st.lists(PIECES, min_size=1, max_size=3), st.booleans(),
)  # fmt: skip
IGNORE = st.lists(st.one_of(PATTERN, st.sampled_from(["", "# note", "a ", "b.py\r", "  ", "/"])), max_size=5)


@settings(max_examples=150, deadline=None)
@example(["b/a/a/é", "b/é/x", "é", "ô", "é/x"], {"b/": ["/a/a/?", "/??"], "": ["/[é]", "!ô", "/é/*"]})
@given(
    st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), min_size=1, max_size=12),
    st.dictionaries(st.sampled_from(["", "a/", "b/", "a/b/"]), IGNORE, max_size=3),
)
def test_the_answers_are_those_of_git(
    tmp_path_factory: pytest.TempPathFactory, paths: list[str], ignores: dict[str, list[str]]
) -> None:
    root = repository(tmp_path_factory.mktemp("git"))
    for path in paths:
        try:
            put(root, path)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    for folder, lines in ignores.items():
        if (root / folder).is_dir():
            (root / folder / ".gitignore").write_text("\n".join(lines))
    for part in ("objects", "refs"):
        (root / ".git" / part).mkdir()
    (root / ".git/HEAD").write_text("ref: refs/heads/main\n")
    listed = subprocess.run(
        ["git", "-c", "core.excludesFile=/dev/null", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, check=True, timeout=60,
    ).stdout.decode()  # fmt: skip
    assert taken(root) == set(filter(None, listed.split("\0")))


@pytest.mark.parametrize(
    ("path", "head", "why"),
    [
        ("a.py", b"x = 1\n", ""),
        ("a.py", b"", ""),
        ("a.png", b"", "binary"),
        ("a.py", b"x\0y", "binary"),
        ("a", bytes(range(1, 32)) * 9, "binary"),
        ("a.txt", "x = 'é'".encode("latin-1"), ""),
        ("a.txt", "text".encode("utf-16"), ""),
        ("jquery.min.js", b"", "generated"),
        ("package-lock.json", b"{}", "generated"),
        ("x_pb2.py", b"", "generated"),
        ("app.js.map", b"{}", "generated"),
        ("app.js", b"function a(){}" * 500, "minified"),
        ("app.js", b"/* License\n of it\n */\n" + b"var a;" * 2000, "minified"),
        ("a.md", b"A long paragraph. " * 300, ""),
        ("a.go", b"// Code generated by protoc-gen-go. DO NOT EDIT.\n", "generated"),
        ("a.py", b"# This file is automatically generated by build.py\n", "generated"),
        ("a.ts", b"/**\n * @generated by x\n */\n", "generated"),
        ("a.py", b"# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n", "generated"),  # noqa: E501
        ("a.py", b'HEAD = "# Code generated by us. DO NOT EDIT."\n', ""),
        ("a.py", b"x = 1\n" * 40 + b"# Code generated by x. DO NOT EDIT.\n", ""),
        ("a.py", b'"""Tokens generated by the server are kept here."""\n', ""),
    ],
)  # fmt: skip
def test_why_a_file_is_not_worth_it(path: str, head: bytes, why: str) -> None:
    assert why_skipped(path, head) == why


@given(st.binary(max_size=300))
def test_a_beginning_says_what_all_of_a_file_says(piece: bytes) -> None:
    content = piece * (1 + HEAD // max(len(piece), 1)) * 2
    assert why_skipped("a.js", content[:HEAD]) == why_skipped("a.js", content)


NOW = 1_700_000_000 * 10**9
DAY = 86_400 * 10**9


def test_the_most_valuable_files_come_first() -> None:
    old = NOW - 900 * DAY
    files = [
        File("data/x.json", 900, old), File("docs/x.md", 900, old), File("src/x.py", 900, old),
        File("src/deep/er/x.py", 900, old), File("tests/test_x.py", 900, old), File("src/big.py", 400_000, old),  # noqa: E501
        File("vendor/y.py", 900, old), File("src/far/from/it/new.py", 900, NOW),
    ]  # fmt: skip
    order = [file.path for file in by_value(files)]
    assert order == [file.path for file in by_value(files[::-1])]
    assert order[0] == "src/far/from/it/new.py"
    places = [
        order.index(p)
        for p in ("src/x.py", "src/deep/er/x.py", "tests/test_x.py", "docs/x.md", "data/x.json")
    ]
    assert places == sorted(places)
    assert order.index("src/x.py") < order.index("src/big.py")
    assert order.index("vendor/y.py") > order.index("tests/test_x.py")


def test_a_file_from_the_future_is_worth_no_more_than_a_new_one() -> None:
    assert value(File("a.py", 1, NOW + DAY), NOW) == value(File("a.py", 1, NOW), NOW)
    later = time.time_ns() + 900 * DAY
    assert [f.path for f in by_value([File("b/b/b.py", 1, later), File("a.py", 1, time.time_ns())])][
        0
    ] == "a.py"
