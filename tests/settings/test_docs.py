"""docs/settings.md holds a row for every setting, as it is declared."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from settings.schema import Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
ALLOWED = {
    "refuse": "nothing",
    "lower": "lower it",
    "disable": "switch it off",
    "narrow": "choose among yours",
    "extend": "add to it",
}


def rows() -> list[str]:
    """The table, from the schema."""
    lines = []
    for section in fields(Settings):
        for one in fields(getattr(Settings(), section.name)):
            default = one.default if one.default not in ("", ()) else "empty"
            allowed = ALLOWED[one.metadata["untrusted"]]
            lines.append(
                f"| `{section.name}.{one.name}` | `{default}` | {one.metadata['about']} | {allowed} |"
            )
    return lines


def test_every_setting_is_documented_as_it_is() -> None:
    page = PAGE.read_text("utf-8").splitlines()
    assert [line for line in page if line.startswith("| `")] == rows()
