"""docs/settings.md holds a row for every setting, as it is declared."""

from __future__ import annotations

from pathlib import Path

from settings.values import KEYS

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
ALLOWED = {
    "refuse": "nothing",
    "lower": "lower it",
    "raise": "raise it",
    "stricter": "choose a stricter one",
    "disable": "switch it off",
    "narrow": "choose among yours",
    "extend": "add to it",
}


def rows() -> list[str]:
    """The table, from the schema."""
    lines = []
    for dotted, key in KEYS.items():
        default = ", ".join(key.default) if isinstance(key.default, tuple) else key.default
        default = "empty" if default == "" else default
        lines.append(f"| `{dotted}` | `{default}` | {key.about} | {ALLOWED[key.untrusted]} |")
    return lines


def test_every_setting_is_documented_as_it_is() -> None:
    page = PAGE.read_text("utf-8").splitlines()
    assert [line for line in page if line.startswith("| `")] == rows()
