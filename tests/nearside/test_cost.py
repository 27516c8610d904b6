"""`nearside cost`: the published comparison from the command line, the report of a ledger, and bad input."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import sys
import time
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from inference import calls, ledger_file
from inference.calls import Call
from inference.cost.prices import Tokens
from inference.ledger import Entry, Ledger
from inference.types import Usage
from nearside import cli
from settings import paths
from settings.layers import load

HOSTILE = '/p/<script>alert(1)</script>"&\x1b[31m'


@pytest.fixture
def ledger(home: Path) -> Path:
    """A ledger with two projects, one of them with a name that tries to be more."""
    file = paths.ledger_file()
    opened = Ledger(file)
    for number, project in enumerate(("/p/one", "/p/one", HOSTILE)):
        entry = Entry(f"s-{number}", time.time(), project, source="engine", evaluated_tokens=1000)
        opened.suggested(entry)
        opened.shown(entry.id)
        opened.ended(entry.id, "accepted")
        opened.worked(project, "m", Usage(evaluated_tokens=1000, generated_tokens=20, decode_ms=500))
    opened.close()
    with calls.opened(file) as connection:
        calls.reserve(connection, Call("c-1", time.time(), "/p/one", "anthropic", "m", Decimal(1)))
        calls.settle(connection, "c-1", Decimal("0.85"), Tokens(50_000, 20_000))
    return file


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.run(["cost", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    status, out, err = run(capsys, *arguments, "--json")
    assert status == 0, err
    return json.loads(out)


def config(text: str) -> None:
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text(text)


def example(capsys: pytest.CaptureFixture[str], folder: Path) -> str:
    _, out, _ = run(capsys, "tco", "--example")
    (folder / "published.toml").write_text(out)
    return str(folder / "published.toml")


def test_the_published_comparison_comes_out_as_published(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config("[cost]\nkwh_price = 9\nhourly_rate = 1\nyears = 7\npeople = 5\n")  # the file says what holds
    status, out, err = run(capsys, "tco", "--compare", example(capsys, home))
    assert (status, err) == (0, "")
    for row in (
        "DeepSeek V4 Flash 0.14 0.28 0.013 100 1.26",
        "Llama 4 Scout 0.080 0.30 0.010 100 1.00",
        "Claude Sonnet 4.6 3.00 15.00 0.45 100 45.00",
        "GPT-5.5 5.00 30.00 0.85 100 85.00",
        "Mac Studio 150 0.024 5.76",
        "RTX 5090 PC 500 0.080 19.20",
        "RTX 5090 3 2,600.00 0.00 3,000.00 1,400.00 2,250.00 9,250.00 256.94 1: 256.94",
        "Strix Halo 3 2,200.00 0.00 3,000.00 1,000.00 2,250.00 8,450.00 234.72 1: 234.72",
        "Server 133.33 133.33 533.33 0.00",
    ):
        assert re.search("^" + r"\s+".join(map(re.escape, row.split(" "))) + "$", out, re.MULTILINE), row
    assert re.search(r"^GPU of a team +1\.25 months \(5\.4 weeks\)", out, re.MULTILINE)
    assert re.search(r"^RTX 5090 +never +never +never +never$", out, re.MULTILINE)


def test_the_documentation_shows_what_comes_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "costs.md").read_text("utf-8")
    _, out, _ = run(capsys, "tco", "--compare", example(capsys, home))
    assert f"```\n{out.strip()}\n```" in page
    config(page.split("```toml\n")[1].split("```")[0])
    cost = load(None, environ={})
    assert cost.notes == () and cost.settings.cost.prices[0].cache_write == Decimal("0.175")
    options = set(re.findall(r"(--[a-z-]+)", page))
    helped = "".join(run(capsys, name, "--help")[1] for name in ("tco", "report"))
    assert options <= set(re.findall(r"(--[a-z-]+)", helped))


def test_the_comparison_can_be_piped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text, _ = run(capsys, "tco", "--example")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    found = printed(capsys, "tco", "--compare", "-")
    rtx = next(machine for machine in found["machines"] if machine["name"] == "RTX 5090")
    assert (rtx["total"], rtx["per_month"]) == (9250, 256.944444)
    assert [one["session"] for one in found["hosted"]] == [0.0126, 0.01, 0.45, 0.85]
    assert rtx["break_even_against"]["GPT-5.5"] is None


def test_one_machine_is_what_settings_and_options_say(capsys: pytest.CaptureFixture[str]) -> None:
    config("[cost]\nhardware_price = 500\nkwh_price = 0.16\nwatts = 500\npeople = 4\n")
    [machine] = printed(capsys, "tco", "--hosted", "400")["machines"]
    assert (machine["electricity_month"], machine["break_even"]) == (19.2, 1.313025)
    [machine] = printed(capsys, "tco", "--hardware", "6400", "--years", "4", "--watts", "0")["machines"]
    assert (machine["per_month"], machine["per_developer"]) == (133.333333, 33.333333)
    assert machine["years"][:2] == [
        {"year": 1, "expense": 6400, "depreciated": 1600},
        {"year": 2, "expense": 0, "depreciated": 1600},
    ]


def test_a_hosted_model_is_set_against_it_at_the_price_we_know(capsys: pytest.CaptureFixture[str]) -> None:
    config('[cost]\ncurrency = "EUR"\nexchange_rate = 0.5\n')
    found = printed(capsys, "tco", "--hardware", "90", "--hosted-model", "claude-sonnet-4-6")
    assert found["currency"] == "EUR" and found["hosted"][0]["month"] == 22.5
    assert found["machines"][0]["break_even_against"] == {"claude-sonnet-4-6": 4}


@pytest.mark.parametrize(
    ("arguments", "status", "why"),
    [
        (["tco"], 1, "neither a price nor watts are known"),
        (["tco", "--years", "0"], 2, '--years: "0" is not a number from 0.1 to 100'),
        (["tco", "--hardware", "-5"], 2, "--hardware"),
        (["tco", "--hardware", "nan"], 2, "--hardware"),
        (["tco", "--setup-hours", "1e999999"], 2, "--setup-hours"),
        (["tco", "--people", "1.5"], 2, "not a whole number"),
        (["tco", "--hosted-model", "no-such"], 1, 'The price of "no-such" is unknown'),
        (["tco", "--compare", "missing.toml"], 1, "cannot be read: no such file"),
        (["tco", "--compare", "."], 1, "not a regular file"),
        (["tco", "--compare", "a\x1b[31m.toml"], 1, "a?[31m.toml cannot be read"),
        (["report", "--html", "/nowhere/a\x1b[31m"], 1, "not written to /nowhere/a?[31m"),
        (["tco", "--compare", "x", "--years", "3"], 2, "--years cannot be given with --compare"),
        (["tco", "--watts", "5", "--html", "/nowhere/x.html"], 1, "The page was not written"),
        (["report", "--html", "/nowhere/x.html"], 1, "The page was not written"),
    ],
)
def test_what_cannot_be_reckoned_is_one_line(
    arguments: list[str], status: int, why: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    got, out, err = run(capsys, *arguments)
    assert (got, out) == (status, "")
    assert why in err and err.count("\n") == 1


def test_a_report_of_a_ledger(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config("[cost]\nwatts = 360\nkwh_price = 10\n")
    found = printed(capsys, "report", "--model", "claude-sonnet-4-6")
    total = found["total"]
    assert (total["requests"], total["shown"], total["calls"], total["cloud"]) == (3, 3, 1, 0.85)
    assert (total["kept_share"], total["avoided"], total["kwh"]) == (0.75, 0.009, 0.00015)
    assert total["cost"] == 0.8515 and "claude-sonnet-4-6: $3/" in found["compared_with"]
    only = printed(capsys, "report", "--project", "/p/one", "--days", "1")
    assert only["total"]["requests"] == 2 and [one["label"] for one in only["projects"]] == ["/p/one"]


def test_the_report_as_text_steers_no_terminal(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "report")
    assert status == 0 and "\x1b" not in out
    assert re.search(r"^/p/one +2 +2 +2 +67 %", out, re.MULTILINE)
    assert "Energy was not measured for 100 % of the time" in out


class Page(HTMLParser):
    """The tags of a page, and what is fetched or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.outside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        names = {name for name, _ in attrs}
        if names & {"src", "href", "action", "data", "srcset"} or any(name[:2] == "on" for name in names):
            self.outside.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_holds_everything_and_fetches_nothing(
    ledger: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config("[cost]\nwatts = 360\nhardware_price = 2600\n")
    status, out, err = run(capsys, "report", "--html", str(home / "page.html"))
    assert (status, out) == (0, "") and str(home / "page.html") in err
    text = (home / "page.html").read_text("utf-8")
    page = Page(text)
    assert page.open == [] and page.outside == [] and "script" not in page.tags
    assert page.tags.count("svg") >= 4 and page.tags.count("table") == 2
    assert "url(" not in text and "@import" not in text and "prefers-color-scheme: dark" in text
    assert "&lt;script&gt;" in text and "<b>0.85 <i>USD</i></b>" in text and "75 %" in text
    assert "content=\"default-src 'none'; style-src 'unsafe-inline'\"" in text
    run(capsys, "tco", "--watts", "5", "--html", str(home / "tco.html"))
    assert Page((home / "tco.html").read_text("utf-8")).tags.count("table") == 3


def test_a_page_of_nothing_is_a_page(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "report", "--html", str(home / "page.html"))[0] == 0
    assert Page((home / "page.html").read_text("utf-8")).open == []
    assert not paths.ledger_file().exists()


def test_no_ledger_is_said_and_made(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "report")
    assert (status, err) == (0, "") and out.startswith(f"Nothing is recorded in {paths.ledger_file()} since ")
    assert printed(capsys, "report")["total"]["requests"] == 0


def test_a_ledger_that_cannot_be_read_is_one_line(
    ledger: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def complaint() -> str:
        status, out, err = run(capsys, "report")
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert err.startswith("No report was made, because ") and str(ledger) in err
        return err

    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(ledger, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    assert "another program holds" in complaint()
    holder.execute("PRAGMA user_version = 99")
    holder.execute("COMMIT")
    holder.close()
    assert "a newer Nearside wrote" in complaint()
    ledger.write_bytes(b"something else entirely" * 100)
    assert "is damaged" in complaint()
    ledger.unlink()
    ledger.mkdir()
    assert "cannot be used" in complaint()
