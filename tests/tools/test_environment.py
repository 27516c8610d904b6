"""A command gets a home of its own, and still finds what toolchains keep in the user's."""

from __future__ import annotations

from pathlib import Path

from tools.environment import cleaned


def test_what_go_has_built_before_is_found_in_the_real_home(tmp_path: Path) -> None:
    built = tmp_path / "real" / ".cache" / "go-build"
    own = tmp_path / "own"
    assert "GOCACHE" not in cleaned({"HOME": str(tmp_path / "real")}, own, own, tmp_path)
    built.mkdir(parents=True)
    found = cleaned({"HOME": str(tmp_path / "real")}, own, own, tmp_path)
    assert (found["GOCACHE"], found["HOME"]) == (str(built), str(own))
    said = cleaned({"HOME": str(tmp_path / "real"), "GOCACHE": "/elsewhere"}, own, own, tmp_path)
    assert said["GOCACHE"] == "/elsewhere"
