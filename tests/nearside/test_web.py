"""`nearside web`, whole: settings, engines and pages on loopback, and what the user reads."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from nearside import cli
from nearside import web as command
from settings import paths
from tests.fake_web import PUBLIC, FakeWeb, Reply, searxng
from tools.web import reading

PAGE = """<html><head><title>Retry with backoff</title></head><body><nav>Home</nav><article>
<h1>Retry</h1><p>When a call fails you may try it again, and wait longer each time before you do.</p>
<pre><code class="language-python">sleep(pause)

pause = pause * 2</code></pre></article></body></html>"""
HIT = {
    "title": "Retry with backoff",
    "url": "https://docs.example/retry",
    "content": "Wait longer each time.",
    "publishedDate": "2026-03-01T00:00:00",
}


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWeb]:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with FakeWeb() as fake:
        monkeypatch.setattr(command, "WIRE", fake)
        yield fake


@pytest.fixture(autouse=True)
def elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


def configure(text: str) -> None:
    file = paths.config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"[web]\n{text}\n")


def test_a_search_shows_results_and_who_answered(
    internet: FakeWeb, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(f'search = ["searxng"]\nsearxng_url = "{internet.url}"')
    internet.page("/search", searxng(HIT))
    assert cli.run(["web", "retry with backoff"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "Retry with backoff  (2026-03-01)",
        "  https://docs.example/retry",
        "  Wait longer each time.",
    ]
    assert printed.err == "1 result from searxng\n"
    assert "q=retry+with+backoff" in internet.asked[0].path


def test_results_as_json(internet: FakeWeb, capsys: pytest.CaptureFixture[str]) -> None:
    configure(f'search = ["brave", "searxng"]\nsearxng_url = "{internet.url}"')
    internet.page("/search", searxng(*({**HIT, "url": f"https://docs.example/{n}"} for n in range(9))))
    assert cli.run(["web", "retry", "--json", "--limit", "3"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [one["url"][-1] for one in answer["results"]] == ["0", "1", "2"]
    assert answer["engine"] == "searxng" and answer["results"][0]["engine"] == "searxng"
    assert answer["tried"][0]["engine"] == "brave" and "BRAVE_API_KEY" in answer["tried"][0]["why"]


def test_without_an_engine_nothing_is_asked(internet: FakeWeb, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["web", "retry"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("Nothing was searched, because web.search names no engine")


def test_a_project_cannot_switch_it_on(
    home: Path, internet: FakeWeb, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / ".nearside.toml").write_text(
        f'[web]\nsearch = ["searxng"]\nsearxng_url = "{internet.url}"\nfetch = true\n'
    )
    assert cli.run(["web", "retry"]) == 1
    assert "web.search, web.searxng_url, web.fetch in" in capsys.readouterr().err
    assert internet.asked == []


def test_offline_nothing_is_asked_and_one_line_says_so(
    internet: FakeWeb, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(f'search = ["searxng"]\nsearxng_url = "{internet.url}"')
    monkeypatch.setenv("NEARSIDE_OFFLINE", "1")
    assert cli.run(["web", "retry"]) == 1
    assert (
        capsys.readouterr().err.splitlines()[-1].startswith("Nothing was searched, because Nearside is offl")
    )
    assert internet.asked == []


def test_secrets_in_a_query_stay_here(internet: FakeWeb, capsys: pytest.CaptureFixture[str]) -> None:
    configure(f'search = ["searxng"]\nsearxng_url = "{internet.url}"')
    internet.page("/search", searxng(HIT))
    key = "AKIA" + "QYLPMN5HHHFPZAM2"
    assert cli.run(["web", f"what is {key} for"]) == 0
    assert key not in internet.asked[0].path and "what+is" in internet.asked[0].path


def test_an_engine_that_asks_for_a_pause_is_left_alone_by_the_next_command_too(
    internet: FakeWeb, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(f'search = ["searxng"]\nsearxng_url = "{internet.url}"')
    internet.page("/search", Reply(b"", status=429, headers={"retry-after": "120"}))
    assert cli.run(["web", "retry"]) == 1
    assert cli.run(["web", "retry"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "it answered 429" in first and "left alone for 120 s" in second
    assert len(internet.asked) == 1


def test_an_empty_query_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["web", " "]) == 2
    assert "the query is empty" in capsys.readouterr().err


def noted() -> list[tuple[str, str, int, int]]:
    with sqlite3.connect(paths.ledger_file()) as connection:
        found = connection.execute("SELECT tool, engine, characters > 0, ok FROM lookups ORDER BY time")
        return found.fetchall()


def test_a_page_is_fetched_as_markdown_and_kept(
    internet: FakeWeb, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("fetch = true\ntimeout = 30")
    internet.page(
        "docs.example/retry", Reply(PAGE.encode(), headers={"cache-control": "max-age=600", "vary": "accept"})
    )
    assert cli.run(["web", "--fetch", "https://docs.example/retry"]) == 0
    printed = capsys.readouterr()
    assert "```python\nsleep(pause)\n\npause = pause * 2\n```" in printed.out and "Home" not in printed.out
    assert printed.err.startswith("Retry with backoff <https://docs.example/retry>, fetched 20")
    assert cli.run(["web", "--fetch", "https://docs.example/retry", "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert page["title"] == "Retry with backoff" and page["url"] == "https://docs.example/retry"
    assert len(internet.asked) == 1
    folder = paths.cache_dir() / "web"
    assert folder.stat().st_mode & 0o077 == 0


def test_each_look_up_is_in_the_ledger_and_what_was_looked_for_is_not(internet: FakeWeb) -> None:
    configure(f'search = ["searxng"]\nsearxng_url = "{internet.url}"\nfetch = true')
    internet.page("/search", searxng(HIT))
    internet.page("docs.example/retry", "Wait longer.", "text/plain")
    assert cli.run(["web", "xylophone tuning"]) == 0
    assert cli.run(["web", "--fetch", "https://docs.example/retry"]) == 0
    assert cli.run(["web", "--fetch", "http://127.0.0.1/"]) == 1
    assert noted() == [("web_search", "searxng", 1, 1), ("fetch_page", "web", 1, 1), ("fetch_page", "", 0, 0)]
    assert b"xylophone" not in paths.ledger_file().read_bytes()


@pytest.mark.parametrize(
    ("settings", "arguments", "line"),
    [
        ("", ["--fetch", "https://docs.example/"], "Nothing was fetched, because web.fetch is off"),
        (
            "fetch = true",
            ["--fetch", "http://127.0.0.1/"],
            "is 127.0.0.1, which is no address of the public web",
        ),
        ("fetch = true", ["--fetch", "file:///etc/passwd"], "is not http or https"),
        ("fetch = true", ["--fetch", "https://nowhere.example/"], "nowhere.example was not found"),
        ("fetch = true", ["--fetch", "https://docs.example/gone"], "its server answered 404"),
    ],
)
def test_what_is_not_fetched_is_one_line(
    settings: str, arguments: list[str], line: str, internet: FakeWeb, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(settings)
    internet.name("docs.example", [PUBLIC])
    assert cli.run(["web", *arguments]) == 1
    [said] = capsys.readouterr().err.splitlines()
    assert line in said


def test_offline_nothing_is_fetched(
    internet: FakeWeb, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("fetch = true")
    monkeypatch.setenv("NEARSIDE_OFFLINE", "1")
    assert cli.run(["web", "--fetch", "https://docs.example/"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "web.fetch is not used" in first and second.startswith(
        "Nothing was fetched, because Nearside is off"
    )
    assert internet.resolved == []


def test_a_page_that_takes_too_long_to_read_leaves_nothing_behind(
    internet: FakeWeb, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    configure("fetch = true\ntimeout = 3")
    monkeypatch.setattr(reading, "_START", "import time; time.sleep(600)")
    internet.page("docs.example/retry", PAGE)
    assert cli.run(["web", "--fetch", "https://docs.example/retry"]) == 1
    gc.collect()
    [line] = capfd.readouterr().err.splitlines()
    assert "it was not there after 3 s" in line


def test_an_address_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["web", "--fetch"]) == 2
    assert "there is no address" in capsys.readouterr().err
