"""`nearside web`, whole: settings, engines and pages on loopback, and what the user reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nearside import cli
from nearside import web as command
from settings import paths
from tests.fake_web import FakeWeb, Reply, searxng

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
