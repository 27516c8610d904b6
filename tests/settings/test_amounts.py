"""Settings that are amounts and prices: exact as written, and nothing absurd gets through."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from nearside.show_settings import report
from settings import paths
from settings.layers import Loaded, load
from settings.schema import Cost, Price


def loaded(toml: str, workspace: Path | None = None, **environ: str) -> Loaded:
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text(toml)
    return load(workspace, environ=environ)


@pytest.mark.parametrize("written", ["0.1", "1e-1", '"0.1"', '"1e-1"'])
def test_an_amount_is_exact_however_it_is_written(written: str) -> None:
    result = loaded(f"[cost]\nkwh_price = {written}")
    assert (result.settings.cost.kwh_price, result.notes) == (Decimal("0.1"), ())


def test_amounts_come_from_the_environment_and_the_editor_too() -> None:
    environ = {"NEARSIDE_COST_WATTS": "120.5", "NEARSIDE_COST_PRICES": '{"m": {"input": 0.1, "output": 2}}'}
    cost = load(None, {"cost": {"kwhPrice": 0.3, "people": 4}}, environ).settings.cost
    assert (cost.watts, cost.kwh_price, cost.people) == (Decimal("120.5"), Decimal("0.3"), 4)
    assert cost.prices == (Price("m", Decimal("0.1"), Decimal(2)),)


@pytest.mark.parametrize(
    "line",
    [
        "kwh_price = nan",
        "kwh_price = -0.01",
        "kwh_price = inf",
        'kwh_price = "1e999999999"',
        "kwh_price = 1e-300",
        "kwh_price = true",
        "kwh_price = [1]",
        'kwh_price = "a lot"',
        "hardware_price = -1",
        f"hardware_price = {'9' * 60}",
        "years = 0",
        "years = -3",
        "exchange_rate = 0",
        "people = 0",
        "people = 1.5",
        'watts = "guess"',
        "watts = -1",
        "hourly_rate = 1e30",
        "maintenance_hours = 9000",
        'prices = "cheap"',
        "prices = {m = 3}",
        "prices = {m = {input = 1}}",
        "prices = {m = {input = -1, output = 1}}",
        "prices = {m = {input = nan, output = 1}}",
        "prices = {m = {input = 1, output = 1, api_key = 1}}",
        'prices = {"" = {input = 1, output = 1}}',
        'prices = {"a\\u0007b" = {input = 1, output = 1}}',
    ],
)
def test_an_absurd_value_is_one_line_and_the_default_stays(line: str) -> None:
    result = loaded(f"[cost]\n{line}")
    assert result.settings.cost == Cost()
    assert len(result.notes) == 1 and "\n" not in result.notes[0] and len(result.notes[0]) < 500
    assert f"cost.{line.split()[0]} in " in result.notes[0]


def test_an_untrusted_project_sets_no_prices(home: Path) -> None:
    (home / ".nearside.toml").write_text('[cost.prices]\n"claude-opus-5-5" = {input = 0, output = 0}\n')
    result = load(home, environ={})
    assert result.settings.cost.prices == () and "cost.prices" in result.notes[0]


def test_settings_are_shown_with_their_amounts(home: Path) -> None:
    loaded("[cost]\nkwh_price = 0.3\n[cost.prices]\nmine = {input = 1, output = 2.5, cache_read = 0.1}")
    shown = json.loads(report(home, True))["settings"]
    assert shown["cost.kwh_price"]["value"] == 0.3
    assert shown["cost.prices"]["value"] == {"mine": {"input": 1, "output": 2.5, "cache_read": 0.1}}
    assert '{"mine": ' in report(home, False)
