"""Long work is a few plain lines where nobody watches a terminal."""

from __future__ import annotations

import pytest

from nearside import progress


def test_a_download_is_a_line_now_and_then_and_one_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(float(n) for n in range(1000, 2000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.download("model.gguf") as report:
        for done in range(0, 101):
            report(done * 1_000_000, 100_000_000)
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert printed.out == ""
    assert lines[0] == "model.gguf: 0 % of 100.0 MB" and lines[-1] == "model.gguf: 100 % of 100.0 MB"
    assert 3 <= len(lines) <= 60


def test_a_download_of_unknown_size_says_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.download("model.gguf") as report:
        report(2_000_000, 0)
    assert capsys.readouterr().err == "model.gguf: 2.0 MB\n"


def test_waiting_is_a_line_for_each_thing_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.waiting() as say:
        say("Starting the engine.")
        say("Loading the model.")
    assert capsys.readouterr().err == "Starting the engine.\nLoading the model.\n"
