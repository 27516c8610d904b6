"""Engines in the user's order: the first that has something answers, and of each other it is said why not."""

from __future__ import annotations

import json
import sys
import time
from email.utils import formatdate
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from inference.types import NearsideError
from settings.schema import Web
from tests.fake_web import FakeWeb, Reply, Request, as_json, searxng
from tools.web.engines import brave, duck, tavily
from tools.web.engines import searxng as searxng_engine
from tools.web.search import ENGINES, LONGEST_QUERY, SearchFailed, search
from tools.web.waits import DEFAULT_SECONDS, LONGEST_SECONDS, Waits, seconds_of

BRAVE, TAVILY = "api.search.brave.com/res/v1/web/search", "api.tavily.com/search"
NOW = 1_800_000_000
HIT = {"title": "Retry", "url": "https://docs.example/retry", "content": "Wait longer."}


def web(internet: FakeWeb, *engines: str, **changed: Any) -> Web:
    return Web(search=engines, searxng_url=internet.url, **changed)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAVE_API_KEY", "brave-key")
    monkeypatch.setenv("TAVILY_API_KEY", "tavily-key")


def answering(internet: FakeWeb) -> None:
    """Let every engine find something."""
    internet.page("/search", searxng(HIT))
    of_brave = {
        "title": "<strong>Retry</strong>",
        "url": "https://docs.example/brave",
        "description": "Wait <strong>longer</strong>",
        "page_age": "2026-01-02T03:04:05",
    }
    internet.page(BRAVE, as_json({"web": {"results": [of_brave]}}))
    internet.page(
        TAVILY, as_json({"results": [{"title": "Retry", "url": "https://docs.example/t", "content": "Wait"}]})
    )


async def test_the_settings_name_every_engine_there_is() -> None:
    from settings.values import KEYS

    assert KEYS["web.search"].choices == tuple(ENGINES)
    for name, module in zip(ENGINES, (searxng_engine, brave, tavily, duck), strict=True):
        assert name == module.NAME


async def test_the_first_engine_that_answers_is_the_last_one_asked(internet: FakeWeb, keys: None) -> None:
    answering(internet)
    found = await search("retry", web(internet, "brave", "searxng", "tavily"), wire=internet)
    assert (found.engine, found.tried) == ("brave", ())
    [result] = found.results
    assert (result.title, result.snippet, result.date) == ("Retry", "Wait longer", "2026-01-02")
    [request] = internet.asked
    assert request.headers["x-subscription-token"] == "brave-key" and "q=retry" in request.path


async def test_tavily_is_asked_with_its_key(internet: FakeWeb, keys: None) -> None:
    answering(internet)
    found = await search("retry", web(internet, "tavily"), limit=3, wire=internet)
    assert found.results[0].url == "https://docs.example/t"
    [request] = internet.asked
    assert request.method == "POST" and request.headers["authorization"] == "Bearer tavily-key"
    assert json.loads(request.body)["query"] == "retry" and json.loads(request.body)["max_results"] == 3


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(b"", status=500), "it answered 500"),
        (Reply(b"", status=401), "its key is wrong"),
        (Reply(b"", status=302, headers={"location": "https://evil.example/"}), "it answered 302"),
        (Reply(b"<html>login", "text/html"), "is no JSON"),
        (Reply(b"[" * 100_000, "application/json"), "is no JSON"),
        (as_json([]), "not what it should be"),
        (as_json({"web": {"results": []}}), "it found nothing"),
        (as_json({"web": [1, 2]}), "it found nothing"),
        (as_json({"web": {"results": [{"url": 7}, 8, None]}}), "it found nothing"),
        (as_json({"web": {"results": [{"title": "x", "url": "javascript:alert(1)"}]}}), "it found nothing"),
        (Reply(b"x" * 3_000_000, "application/json"), "more than 2,048 kB"),
        (Reply(b"", status=429), "wants to be left alone for 60 s"),
    ],
)
async def test_another_engine_answers_for_one_that_fails(
    reply: Reply, why: str, internet: FakeWeb, keys: None
) -> None:
    answering(internet)
    internet.page(BRAVE, reply)
    found = await search("retry", web(internet, "brave", "searxng"), wire=internet)
    assert found.engine == "searxng" and found.results[0].title == "Retry"
    [tried] = found.tried
    assert tried.engine == "brave" and why in tried.why
    assert [request.host for request in internet.asked] == ["api.search.brave.com", "127.0.0.1"]


async def test_an_engine_that_does_not_answer_in_time_is_left(internet: FakeWeb, keys: None) -> None:
    def stall(_: Request) -> Reply:
        internet.leave.wait(30)
        return Reply()

    answering(internet)
    internet.page(BRAVE, stall)
    found = await search("retry", web(internet, "brave", "searxng", timeout=1), wire=internet)
    assert found.engine == "searxng" and "not answered after 1 s" in found.tried[0].why


async def test_a_searxng_that_is_not_there_or_allows_no_json(internet: FakeWeb) -> None:
    internet.page("/search", Reply(b"", status=403))
    with pytest.raises(SearchFailed, match='add "json" to search.formats'):
        await search("retry", web(internet, "searxng"))
    with pytest.raises(SearchFailed, match="web.searxng_url is not set"):
        await search("retry", Web(search=("searxng",)))
    internet.__exit__()
    with pytest.raises(SearchFailed, match="its server cannot be reached"):
        await search("retry", web(internet, "searxng"))


async def test_a_key_goes_to_the_engines_public_address_only(internet: FakeWeb, keys: None) -> None:
    answering(internet)
    internet.name("api.search.brave.com", ["10.0.0.1"])
    found = await search("retry", web(internet, "brave", "searxng"), wire=internet)
    assert "no address of the public web" in found.tried[0].why
    assert not any("x-subscription-token" in request.headers for request in internet.asked)


async def test_a_key_may_be_in_the_keyring_and_never_in_a_message(
    internet: FakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring

    answering(internet)
    monkeypatch.setattr(keyring, "get_password", lambda *names: "of " + ".".join(names))
    with pytest.raises(SearchFailed, match="what the keyring holds is no key") as failed:
        await search("retry", web(internet, "tavily"), wire=internet)
    assert "of nearside" not in str(failed.value)
    monkeypatch.setattr(keyring, "get_password", lambda *names: ".".join(names))
    await search("retry", web(internet, "tavily"), wire=internet)
    assert internet.asked[0].headers["authorization"] == "Bearer nearside.tavily"


async def test_all_failures_are_one_line(internet: FakeWeb) -> None:
    with pytest.raises(SearchFailed) as failed:
        await search("retry", web(internet, "brave", "searxng", "tavily"), wire=internet)
    line = str(failed.value)
    assert line.startswith(
        "Nothing was found on the web, because no engine answered (brave: it has no key; set "
    )
    assert "searxng: it answered 404" in line and "TAVILY_API_KEY" in line and "\n" not in line


async def test_where_engines_find_nothing_there_is_nothing_and_no_error(internet: FakeWeb) -> None:
    internet.page("/search", searxng())
    found = await search("retry", web(internet, "searxng", "brave"), wire=internet)
    assert (found.results, found.engine) == ((), "") and len(found.tried) == 2


async def test_a_pause_that_was_asked_for_is_kept_also_by_the_next_process(
    internet: FakeWeb, keys: None, tmp_path: Path
) -> None:
    answering(internet)
    internet.page(BRAVE, Reply(b"", status=429, headers={"retry-after": "7"}))
    settings, file = web(internet, "brave", "searxng"), tmp_path / "web" / "waits.json"
    first = await search("retry", settings, waits=Waits(file), wire=internet)
    second = await search("retry", settings, waits=Waits(file), wire=internet)
    assert "for 7 s" in first.tried[0].why and "s more" in second.tried[0].why
    assert [request.host for request in internet.asked].count("api.search.brave.com") == 1
    file.write_text(json.dumps({"brave": time.time() - 1}))
    answering(internet)
    assert (await search("retry", settings, waits=Waits(file), wire=internet)).engine == "brave"


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7), ("0", 1, 1), ("", DEFAULT_SECONDS, DEFAULT_SECONDS),
        ("soon", DEFAULT_SECONDS, DEFAULT_SECONDS),
        ("9" * 500, LONGEST_SECONDS, LONGEST_SECONDS), ("-5", DEFAULT_SECONDS, DEFAULT_SECONDS),
        (formatdate(NOW + 100, usegmt=True), 100, 100), (formatdate(0, usegmt=True), 1, 1),
        ("Thu, 99 Foo 2026 99:99:99 GMT", DEFAULT_SECONDS, DEFAULT_SECONDS),
    ],
)  # fmt: skip
def test_what_a_pause_comes_to(
    header: str, least: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    assert least <= seconds_of(header) <= most


@pytest.mark.parametrize("text", ["", "[]", "{", '{"brave": "x"}', '{"brave": 1e300}', "[" * 100_000])
def test_a_broken_record_of_pauses_stops_nobody(text: str, tmp_path: Path) -> None:
    (tmp_path / "waits.json").write_text(text)
    waits = Waits(tmp_path / "waits.json")
    assert waits.left("brave") == 0
    waits.note("brave", 5)
    assert 0 < waits.left("brave") <= 6


async def test_a_query_is_cleaned_shortened_and_put_on_one_line(internet: FakeWeb) -> None:
    internet.page("/search", searxng(HIT))
    await search(
        " who   is\nsecret " + "x" * 500,
        web(internet, "searxng"),
        clean=lambda text: text.replace("secret", "<KEY_1>"),
    )
    [request] = internet.asked
    assert "q=who+is+%3CKEY_1%3E+xxx" in request.path and "secret" not in request.path
    assert len(request.path) < LONGEST_QUERY + 60
    internet.asked.clear()

    def private(text: str) -> str:
        raise NearsideError("it holds a private key")

    with pytest.raises(NearsideError, match="private key"):
        await search("who", web(internet, "searxng"), clean=private)
    with pytest.raises(SearchFailed, match="the query is empty"):
        await search(" \n", web(internet, "searxng"))
    assert internet.asked == []


async def test_results_are_short_plain_and_different(internet: FakeWeb) -> None:
    internet.page(
        "/search",
        searxng(
            {"title": "a\x1b[31m\nb" * 200, "url": "https://docs.example/1", "content": "c\u202e\nd" * 900},
            {"title": "the same", "url": "https://docs.example/1"},
            {"url": "https://docs.example/2", "publishedDate": "yesterday"},
            {"title": "long", "url": "https://docs.example/" + "a" * 3000},
            {"title": "blank", "url": "https://docs.example/\n"},
            {"title": "file", "url": "file:///etc/passwd"},
        ),
    )
    found = await search("x", web(internet, "searxng"))
    assert [one.url for one in found.results] == [
        "https://docs.example/1", "https://docs.example/2", "https://docs.example/"]  # fmt: skip
    first, second, _ = found.results
    assert len(first.title) <= 200 and first.title.endswith("…") and len(first.snippet) <= 400
    assert (first.title + first.snippet).isprintable()
    assert (second.title, second.date) == ("https://docs.example/2", "")
    assert len((await search("x", web(internet, "searxng"), limit=1)).results) == 1


class Session:
    """Stands for ddgs.DDGS, with its signatures."""

    outcome: object = None

    def __init__(
        self, proxy: str | None = None, timeout: int | None = 5, *, verify: bool | str = True
    ) -> None:
        assert timeout

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None: ...

    def text(self, query: str, **kwargs: Any) -> list[dict[str, Any]]:
        assert kwargs == {"max_results": 8, "backend": "duckduckgo"}
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return [{"title": "Retry", "href": "https://docs.example/ddgs", "body": "Wait."}]


async def test_ddgs_is_asked_of_one_engine_by_name(
    internet: FakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    class RatelimitException(Exception): ...

    library, errors = ModuleType("ddgs"), ModuleType("ddgs.exceptions")
    library.DDGS = Session  # type: ignore[attr-defined]
    errors.RatelimitException = RatelimitException  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ddgs", library)
    monkeypatch.setitem(sys.modules, "ddgs.exceptions", errors)
    settings = web(internet, "ddgs", "searxng")
    found = await search("retry", settings)
    assert (found.engine, found.results[0].url) == ("ddgs", "https://docs.example/ddgs")
    internet.page("/search", searxng(HIT))
    for outcome, why in (
        (RatelimitException("202"), "asking too often"),
        (ValueError("of a changed page"), r"it failed (ValueError)"),
        (RuntimeError("No results found."), "it found nothing"),
    ):
        monkeypatch.setattr(Session, "outcome", outcome)
        found = await search("retry", settings)
        assert found.engine == "searxng" and why in found.tried[0].why


async def test_without_ddgs_it_is_said_how_to_get_it(
    internet: FakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ddgs", None)
    with pytest.raises(SearchFailed, match=r"python\S* -m pip install ddgs"):
        await search("retry", web(internet, "ddgs"))
