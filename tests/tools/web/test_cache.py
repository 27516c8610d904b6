"""What servers allow to be kept is kept, privately and within bounds; the rest is asked for again."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from settings.schema import Web
from tests.fake_web import FakeWeb, Reply, Request
from tools.web import cache
from tools.web.fetch import NotFetched, Page, fetch
from tools.web.guard import Refused

ON = Web(fetch=True, timeout=20)
AT = "https://docs.example/page"


async def get(internet: FakeWeb, folder: Path, url: str = AT, web: Web = ON) -> Page:
    return await fetch(url, web, wire=internet, cache=folder)


@pytest.mark.parametrize("said", ["max-age=600", "private, max-age=600"])
async def test_what_is_fresh_comes_from_the_cache_and_is_guarded_all_the_same(
    said: str, internet: FakeWeb, tmp_path: Path
) -> None:
    internet.page("docs.example/page", Reply(b"once", "text/plain", headers={"cache-control": said}))
    assert (await get(internet, tmp_path)).text == (await get(internet, tmp_path)).text == "once"
    assert len(internet.asked) == 1 and internet.resolved == ["docs.example"]
    with pytest.raises(Refused, match="port 443"):
        await get(internet, tmp_path, web=Web(fetch=True, ports=("80",)))


async def test_a_stale_page_is_asked_about_with_its_tag(internet: FakeWeb, tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        headers = {"etag": '"v1"', "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == '"v1"':
            return Reply(b"", "", 304, headers)
        return Reply(b"as it was", "text/plain", headers=headers)

    internet.page("docs.example/page", answer)
    assert (await get(internet, tmp_path)).text == "as it was"
    assert (await get(internet, tmp_path)).text == "as it was"
    assert [request.headers.get("if-none-match") for request in internet.asked] == [None, '"v1"']


async def test_a_changed_page_comes_anew(internet: FakeWeb, tmp_path: Path) -> None:
    headers = {"etag": '"v1"', "cache-control": "no-cache"}
    internet.page("docs.example/page", Reply(b"before", "text/plain", headers=headers))
    assert (await get(internet, tmp_path)).text == "before"
    internet.page("docs.example/page", Reply(b"after", "text/plain", headers={**headers, "etag": '"v2"'}))
    assert (await get(internet, tmp_path)).text == "after"


@pytest.mark.parametrize("said", ["no-store", "private, no-store, max-age=600"])
async def test_what_says_no_store_is_on_no_disk(said: str, internet: FakeWeb, tmp_path: Path) -> None:
    page = Reply(b"never to be kept", "text/plain", headers={"cache-control": said, "etag": '"v1"'})
    internet.page("docs.example/page", page)
    await get(internet, tmp_path)
    await get(internet, tmp_path)
    assert len(internet.asked) == 2
    assert all(b"never to be kept" not in file.read_bytes() for file in tmp_path.iterdir())


async def test_a_redirect_is_asked_for_again_and_its_target_kept(internet: FakeWeb, tmp_path: Path) -> None:
    moved = Reply(b"", status=301, headers={"location": "/new", "cache-control": "max-age=600"})
    internet.page("docs.example/page", moved)
    internet.page("docs.example/new", Reply(b"here", "text/plain", headers={"cache-control": "max-age=600"}))
    assert (await get(internet, tmp_path)).url == (await get(internet, tmp_path)).url
    assert [request.path for request in internet.asked] == ["/page", "/new", "/page"]


async def test_a_page_that_was_too_large_is_not_kept(internet: FakeWeb, tmp_path: Path) -> None:
    large = Reply(b"x" * 20_000, "text/plain", headers={"cache-control": "max-age=600"})
    internet.page("docs.example/page", large)
    for _ in range(2):
        with pytest.raises(NotFetched, match="more than 16 kB"):
            await get(internet, tmp_path, web=Web(fetch=True, max_kb=16))
    assert len(internet.asked) == 2


async def test_the_cache_is_private_and_bounded(
    internet: FakeWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 1_000_000)
    folder = tmp_path / "web"
    for number in range(30):
        body = Reply(bytes([65 + number]) * 100_000, "text/plain", headers={"cache-control": "max-age=600"})
        internet.page(f"docs.example/{number}", body)
        await get(internet, folder, f"https://docs.example/{number}")
    assert folder.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.glob("*.db*"))
    assert (folder / cache.NAME).stat().st_size < 2_000_000


@pytest.mark.parametrize("damage", ["no database", "other tables", "a folder"])
async def test_a_cache_that_cannot_be_used_is_begun_anew_or_done_without(
    damage: str, internet: FakeWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    internet.page("docs.example/page", Reply(b"once", "text/plain", headers={"cache-control": "max-age=600"}))
    file = tmp_path / cache.NAME
    if damage == "no database":
        file.write_bytes(b"nothing of the kind" * 500)
    elif damage == "other tables":
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE entries (id TEXT)")
        connection.close()
    else:
        file.mkdir()
    assert (await get(internet, tmp_path)).text == (await get(internet, tmp_path)).text == "once"
    assert len(internet.asked) == (2 if damage == "a folder" else 1)
    assert capsys.readouterr().err == ""


async def test_a_page_from_the_cache_says_when_it_was_sent(internet: FakeWeb, tmp_path: Path) -> None:
    headers = {"cache-control": "max-age=9999999999", "date": "Thu, 01 Oct 2026 00:00:00 GMT"}
    internet.page("docs.example/page", Reply(b"once", "text/plain", headers=headers))
    assert (await get(internet, tmp_path)).fetched == time.strftime("%Y-%m-%d", time.gmtime())
    assert (await get(internet, tmp_path)).fetched == "2026-10-01"
    assert len(internet.asked) == 1
