"""A command gets a home of its own, and still finds what toolchains keep in the user's."""

from __future__ import annotations

from pathlib import Path

from tools.environment import cleaned


def test_what_go_has_built_before_is_found_in_the_real_home(tmp_path: Path) -> None:
    built, own = tmp_path / "real" / ".cache" / "go-build", tmp_path / "own"
    given = {"HOME": str(tmp_path / "real"), "GODEBUG": "a=1"}
    without = cleaned(given, own, own, tmp_path)
    assert "GOCACHE" not in without and without["GODEBUG"] == "a=1"
    built.mkdir(parents=True)
    found = cleaned(given, own, own, tmp_path)
    assert (found["GOCACHE"], found["GODEBUG"], found["HOME"]) == (str(built), "a=1,goindex=0", str(own))
    assert cleaned(given | {"GOCACHE": "/elsewhere"}, own, own, tmp_path)["GOCACHE"] == "/elsewhere"
