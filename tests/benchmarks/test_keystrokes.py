"""All keystrokes together make of the file before a commit the file after it."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import keystrokes
from benchmarks.changes import changes
from benchmarks.edits import Commit, FileEdit, Hunk, load
from benchmarks.keystrokes import Close, Command, Key, Open, Run, prefix, seconds, steps


def edit(before: str, after: str) -> FileEdit:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    opcodes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return FileEdit(
        "a.py",
        "python",
        before,
        tuple(Hunk(i, k - i, tuple(new[j:m])) for kind, i, k, j, m in opcodes if kind != "equal"),
    )


def typed(file: FileEdit, seed: int = 1) -> list[keystrokes.Step]:
    return list(steps([Commit("1", (file,))], seed))


def runs(file: FileEdit, seed: int = 1) -> list[Run]:
    return [step for step in typed(file, seed) if isinstance(step, Run)]


def press(text: str, cursor: int, key: Key) -> tuple[str, int]:
    start = cursor - key.back
    assert start >= 0
    return text[:start] + key.text + text[cursor:], start + len(key.text)


def replayed(everything: list[keystrokes.Step]) -> str:
    """The file once all is typed. Checks on the way that a clean key leaves what it says."""
    text, cursor = "", 0
    for step in everything:
        if isinstance(step, Open):
            text = step.text
        elif isinstance(step, Command):
            assert 0 <= step.at <= step.at + step.length <= len(text)
            text, cursor = text[: step.at] + step.text + text[step.at + step.length :], step.at
        elif isinstance(step, Run):
            removed = 0
            for key in step.keys:
                text, cursor = press(text, cursor, key)
                removed += not key.typed and key.back
                if key.clean:
                    assert text[:cursor].endswith(step.text[: key.typed])
            assert step.keys[-1].clean
            assert step.keys[-1].typed == len(step.text)
    return text


LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "    ", "        ", "  ", "\t"]),
        st.sampled_from(["", "if x:", "return a + b", "return a - b", "y = f(x)", "y = f(x, z)", "end", "{"]),
    ).map(lambda parts: "".join(parts) + "\n"),
    max_size=12,
).map("".join)


@given(LINES, LINES, st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_any_change_is_typed_to_the_letter(before: str, after: str, seed: int) -> None:
    assert replayed(typed(edit(before, after), seed)) == after


def test_the_recorded_trace_ends_with_the_recorded_files() -> None:
    for commit in load():
        for file in commit.files:
            assert replayed(typed(file)) == file.after, (commit.id, file.path)


def test_it_is_about_an_hour_and_more_than_ten_thousand_keys() -> None:
    everything = list(steps(load()))
    assert 55 * 60 < sum(map(seconds, everything)) < 65 * 60
    assert sum(len(step.keys) for step in everything if isinstance(step, Run)) > 10_000


def test_what_is_drawn_is_the_same_each_time_and_does_not_hang_on_what_came_before() -> None:
    commits = load()
    assert list(steps(commits[1:2])) == list(steps(commits[1:2]))
    together = list(steps(commits[:2]))
    assert together[-len(list(steps(commits[1:2]))) :] == list(steps(commits[1:2]))
    assert list(steps(commits[1:2], seed=2)) != list(steps(commits[1:2]))


def test_only_the_words_that_differ_are_retyped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystrokes, "ERROR_RATE", 0.0)
    file = edit("total = add(one, two)\n", "total = add(one, three)\n")
    [run] = runs(file)
    assert [key.text for key in run.keys] == ["", "", "", *"three"]
    [command] = [step for step in typed(file) if isinstance(step, Command)]
    assert command.at == len("total = add(one, two")


def test_long_text_and_whole_lines_are_removed_by_one_command() -> None:
    words = edit("x = something_rather_long(1)\n", "x = y(1)\n")
    [command, _] = [step for step in typed(words) if isinstance(step, Command)]
    assert command.length == len("something_rather_long")
    lines = edit("a\nb\nc\nd\n", "a\nd\n")
    assert [(s.at, s.length) for s in typed(lines) if isinstance(s, Command)] == [(2, 4)]
    assert runs(lines) == []


def test_new_lines_are_opened_below_the_line_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystrokes, "ERROR_RATE", 0.0)
    [run] = runs(edit("def f(x):\n    pass\n", "def f(x):\n    y = 1\n    pass\n"))
    assert run.text == "\n    y = 1"
    assert [key.text for key in run.keys] == ["\n    ", *"y = 1"]


def test_indentation_is_the_editors_where_it_guesses_right_and_a_key_a_level_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keystrokes, "ERROR_RATE", 0.0)
    [run] = runs(edit("", "if x:\n    a\nb\n"))
    assert [(key.back, key.text) for key in run.keys] == [
        *((0, c) for c in "if x:"), (0, "\n    "), (0, "a"), (0, "\n    "), (4, ""), (0, "b"), (0, "\n"),
    ]  # fmt: skip
    assert [key.clean for key in run.keys[-4:]] == [False, True, True, True]


def test_an_empty_line_loses_the_editors_indentation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystrokes, "ERROR_RATE", 0.0)
    [run] = runs(edit("", "  a\n\n  b\n"))
    after_a = run.keys.index(next(key for key in run.keys if key.text == "a")) + 1
    assert [(key.back, key.text) for key in run.keys[after_a : after_a + 2]] == [(0, "\n  "), (2, "\n  ")]
    assert [key.clean for key in run.keys[after_a : after_a + 2]] == [False, True]


def test_typing_errors_are_made_noticed_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystrokes, "ERROR_RATE", 1.0)
    [run] = runs(edit("", "a\n"))
    wrong, *rest = run.keys
    assert (wrong.text, wrong.clean) == ("s", False)
    assert rest[0] == Key(rest[0].pause, 1, "", 0, clean=True)
    assert rest[0].pause > keystrokes.NOTICED
    assert replayed(typed(edit("", "some words to type\n"))) == "some words to type\n"


def test_a_prefix_lasts_as_long_as_asked_for() -> None:
    cut = list(prefix(steps(load()), 2.0))
    assert 110 < sum(map(seconds, cut)) <= 121
    assert cut[:2] == list(steps(load()))[:2]
    last = cut[-1]
    assert isinstance(last, Run) and last.text  # the rest of the run is still known, for what is accepted


def test_the_commits_after_some_minutes_are_whole() -> None:
    commits = load()
    left = keystrokes.after(commits, 10.0)
    assert left == commits[-len(left) :]
    skipped = commits[: -len(left)]
    assert sum(map(seconds, steps(skipped))) >= 600 > sum(map(seconds, steps(skipped[:-1])))
    assert keystrokes.after(commits, 0.0) == commits
    assert keystrokes.after(commits, 1e9) == commits[-1:]


def test_the_last_file_of_a_commit_ends_the_work_on_it() -> None:
    files = (edit("", "a\n"), edit("b\n", "c\n"))
    closes = [step for step in steps([Commit("1", files)]) if isinstance(step, Close)]
    assert [close.last for close in closes] == [False, True]


def test_changes_are_in_order_and_apply_one_after_the_other() -> None:
    file = edit("one\ntwo\nthree\nfour\n", "one 1\ntwo\nfour 4\nfive\n")
    text = file.before
    for change in changes(file):
        text = text[: change.at] + change.text + text[change.at + change.removed :]
    assert text == file.after
    assert [change.at for change in changes(file)] == sorted(change.at for change in changes(file))
