"""A setting is changed by its line: everything else in the user's file stays as it was written."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.types import SettingsError
from nearside.write_setting import with_setting, write_setting

names = st.sampled_from(("keep_local", "mode", "other"))
values = st.sampled_from(("0.5", '"local-first"', "[1, 2]", "true"))
tables = st.lists(
    st.tuples(
        st.sampled_from(("routing", "routing.actions", "cost", "a.b")),
        st.dictionaries(names, values, max_size=3),
    ),
    max_size=4,
    unique_by=lambda table: table[0],
)


def written(
    path: Path, text: str, table: str = "routing", name: str = "keep_local", value: str = "0.8"
) -> str:
    path.write_bytes(text.encode("utf-8"))
    write_setting(path, table, name, value)
    return path.read_bytes().decode("utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[routing]\nkeep_local = 0.8\n"),
        ("[cost]\npeople = 2", "[cost]\npeople = 2\n\n[routing]\nkeep_local = 0.8\n"),
        ("[routing]", "[routing]\nkeep_local = 0.8\n"),
        (
            "# mine\n[routing] # how\nkeep_local = 0.65 # for now\nmode = 'local-first'\n",
            "# mine\n[routing] # how\nkeep_local = 0.8 # for now\nmode = 'local-first'\n",
        ),
        ("[ routing ]\r\nmode = 'x'\r\n", "[ routing ]\r\nkeep_local = 0.8\r\nmode = 'x'\r\n"),
        ('[routing]\n"keep_local"="a"\n', '[routing]\n"keep_local"=0.8\n'),
        (
            "[routing]\nmode = 'x'\n[other]\nkeep_local = 1\n",
            "[routing]\nkeep_local = 0.8\nmode = 'x'\n[other]\nkeep_local = 1\n",
        ),
        (
            "[routing.actions]\nchecks = []\n",
            "[routing.actions]\nchecks = []\n\n[routing]\nkeep_local = 0.8\n",
        ),
        ("\ufeff[cost]\npeople = 2\n", "\ufeff[cost]\npeople = 2\n\n[routing]\nkeep_local = 0.8\n"),
    ],
)
def test_one_line_changes_and_the_rest_stays(tmp_path: Path, before: str, after: str) -> None:
    assert written(tmp_path / "config.toml", before) == after


@given(tables, values)
def test_what_was_set_elsewhere_is_still_set(
    given_tables: list[tuple[str, dict[str, str]]], value: str
) -> None:
    text = "\n".join(
        "\n".join([f"[{table}]", *(f"{name} = {one}" for name, one in rows.items())])
        for table, rows in given_tables
    )
    before, after = tomllib.loads(text), tomllib.loads(with_setting(text, "routing", "keep_local", value))
    assert after.get("routing", {}).pop("keep_local") == tomllib.loads(f"v = {value}")["v"]
    before.get("routing", {}).pop("keep_local", None)
    before.setdefault("routing", {})
    assert after == before


@pytest.mark.parametrize(
    "text",
    [
        'routing = { mode = "local-first" }\n',
        'routing.mode = "local-first"\n',
        'about = """\n[routing]\nkeep_local = 1\n"""\n',
        "[routing]\nkeep_local = [\n  1,\n]\n",
        "routing = 3\n",
        '["routing"]\nnote = "a # b"\nkeep_local = "a # b"\n',
    ],
)
def test_a_layout_it_cannot_edit_is_left_alone_and_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    try:
        assert tomllib.loads(written(path, text))["routing"]["keep_local"] == 0.8
    except SettingsError as error:
        assert path.read_text() == text
        assert "keep_local = 0.8` under [routing] yourself" in str(error) and "\n" not in str(error)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"[routing\n", "not valid TOML"), (b"a = '\xff'", "not UTF-8"), (b"a = [" * 5000, "TOML")],
)
def test_a_broken_file_is_left_alone(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=why):
        write_setting(path, "routing", "keep_local", "0.8")
    assert path.read_bytes() == content


def test_a_missing_file_is_made_a_link_followed_and_its_mode_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles" / "n.toml", tmp_path / "config.toml"
    link.symlink_to(real)
    write_setting(link, "routing", "keep_local", "0.8")
    real.chmod(0o640)
    write_setting(link, "routing", "keep_local", "0.7")
    assert link.is_symlink() and real.read_text() == "[routing]\nkeep_local = 0.7\n"
    assert real.stat().st_mode & 0o777 == 0o640 and os.listdir(real.parent) == ["n.toml"]


def test_a_folder_in_its_place_or_a_full_disk_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="Nothing was written, because .* cannot be written"):
        write_setting(tmp_path, "routing", "keep_local", "0.8")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "config.toml"
    path.write_text("[routing]\n")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="no space left"):
        write_setting(path, "routing", "keep_local", "0.8")
    assert path.read_text() == "[routing]\n" and os.listdir(tmp_path) == ["config.toml"]
