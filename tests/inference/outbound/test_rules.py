"""Which files may leave: what the user named, what is private, ignored, or not of the project, stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.outbound.rules import Rules, named


@pytest.mark.parametrize(
    ("glob", "path", "kept"),
    [
        ("secrets.py", "secrets.py", True),
        ("secrets.py", "shop/secrets.py", True),
        ("*.sql", "db/dump.SQL", True),
        ("billing", "billing/sums.py", True),
        ("billing", "shop/billing/deep/sums.py", True),
        ("billing/", "billing/sums.py", True),
        ("billing", "shop/billings.py", False),
        ("shop/*.py", "shop/sums.py", True),
        ("shop/*.py", "other/sums.py", False),
        ("/sums.py", "sums.py", True),
        ("/sums.py", "shop/sums.py", False),
        ("**/internal/**", "a/b/internal/c.py", True),
        ("**/internal/**", "internal/c.py", True),
        ("*.{sql,csv}", "a/x.csv", True),
        ("./shop", "shop/x.py", True),
        ("", "x.py", False),
        ("[", "x.py", False),
    ],
)
def test_a_glob_names_files_as_people_expect(glob: str, path: str, kept: bool, tmp_path: Path) -> None:
    why = Rules(tmp_path, never_send=(glob,)).why_not(path)
    assert why == (f"is named by {glob} in cloud.never_send" if kept else "")


def test_a_glob_from_the_home_folder_names_files_there(home: Path) -> None:
    rules = Rules(home / "work", never_send=("~/work/client",))
    assert "never_send" in rules.why_not("client/a.py") and rules.why_not("other/a.py") == ""
    assert not named("~/work", "work/a.py", "/elsewhere/work/a.py")


@pytest.mark.parametrize("path", [".env", "config/.env.local", "id_rsa", "deploy/server.pem", ".aws/config"])
def test_a_private_file_stays(path: str, tmp_path: Path) -> None:
    assert Rules(tmp_path).why_not(path) == "is a private file"
    assert Rules().why_not(path) == "is a private file"


@pytest.mark.parametrize("path", ["../other/a.py", "/etc/hosts", "~/notes.txt", "a/../../b.py"])
def test_what_lies_outside_the_project_stays(path: str, tmp_path: Path) -> None:
    assert Rules(tmp_path).why_not(path) == "lies outside the project"


def test_a_link_is_judged_by_where_it_leads_too(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "fine.py").symlink_to(tmp_path / "outside.py")
    (tmp_path / "p" / "also.py").symlink_to(tmp_path / "p" / "id_rsa")
    (tmp_path / "linked").symlink_to(tmp_path / "p")
    rules = Rules(tmp_path / "p")
    assert rules.why_not("fine.py") == "lies outside the project"
    assert rules.why_not("also.py") == "is a private file"
    assert Rules(tmp_path / "linked").why_not(str(tmp_path / "p" / "x.py")) == ""


def test_an_ignored_file_stays_and_so_does_one_nobody_can_tell_of(tmp_path: Path) -> None:
    assert "ignore files" in Rules(tmp_path, ignored=lambda path: path == "build/x.py").why_not("build/x.py")
    assert Rules(tmp_path, ignored=lambda path: False).why_not("build/x.py") == ""

    def broken(path: str) -> bool:
        raise OSError

    assert "could not be found out" in Rules(tmp_path, ignored=broken).why_not("build/x.py")
