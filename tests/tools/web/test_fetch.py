"""What a page may be, in size, time and kind. Packed, slow, endless and lying ones end in one line."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from inference.types import NearsideError
from settings.schema import Web
from tests.fake_web import FakeWeb, Reply, bomb
from tools.web import reading
from tools.web.fetch import NotFetched, fetch

ON = Web(fetch=True, timeout=20)
PROSE = "<p>When a call fails you may try it again, and wait a little longer each time before you do.</p>"
AT = "https://docs.example/page"


async def refused(internet: FakeWeb, reply: object, web: Web = ON) -> str:
    """Return the line that is said of a page."""
    internet.page("docs.example/page", reply)  # type: ignore[arg-type]
    with pytest.raises(NotFetched) as said:
        await fetch(AT, web, wire=internet)
    line = str(said.value)
    assert line.startswith("The page was not fetched, because ") and "\n" not in line and line.endswith(".")
    return line


async def test_a_page_comes_with_title_address_and_date(internet: FakeWeb) -> None:
    internet.page("docs.example/page", f"<title>Retry &amp; back\noff</title>{PROSE}")
    page = await fetch(AT + "#part", ON, wire=internet)
    assert (page.title, page.url) == ("Retry & back off", AT)
    assert page.fetched == time.strftime("%Y-%m-%d", time.gmtime())
    assert page.text.startswith("When a call fails")
    [request] = internet.asked
    assert request.headers["user-agent"].startswith("Nearside")
    assert request.headers.keys().isdisjoint(("cookie", "referer", "authorization"))


async def test_cookies_are_neither_kept_nor_sent(internet: FakeWeb) -> None:
    internet.page(
        "docs.example/page",
        Reply(b"", status=302, headers={"set-cookie": "id=7; Path=/", "location": "/next"}),
    )
    internet.page("docs.example/next", PROSE)
    await fetch(AT, ON, wire=internet)
    await fetch(AT, ON, wire=internet)
    assert len(internet.asked) == 4 and not any("cookie" in request.headers for request in internet.asked)


def endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


async def test_a_page_that_never_ends_is_left_at_the_limit(internet: FakeWeb) -> None:
    sent = []

    def body() -> Iterator[bytes]:
        for piece in endless(b"<p>and so on</p>" * 4096):
            sent.append(len(piece))
            yield piece

    assert "more than 2,048 kB" in await refused(internet, Reply(body))
    assert sum(sent) < 40_000_000  # what sockets hold, not what was read


async def test_a_page_that_says_it_is_large_is_not_read(internet: FakeWeb) -> None:
    said = Reply(b"<p>short", length=100 * 1024 * 1024)
    assert "more than 2,048 kB" in await refused(internet, said)
    assert "no proper HTTP" in await refused(internet, Reply(b"<p>short", length=10**30))


async def test_a_page_of_a_hundred_megabytes_is_not_held(internet: FakeWeb) -> None:
    def body() -> Iterator[bytes]:
        for _ in range(100):
            yield bytes(1024 * 1024)

    assert "more than 2,048 kB" in await refused(internet, Reply(body))


@pytest.mark.parametrize("packing", ["gzip", "GZip"])
async def test_a_bomb_is_left_where_it_has_unpacked_too_much(packing: str, internet: FakeWeb) -> None:
    packed = bomb(100_000_000)
    assert len(packed) < 100_000
    line = await refused(internet, Reply(packed, headers={"content-encoding": packing}))
    assert "more than 2,048 kB" in line


async def test_a_bomb_in_a_bomb_is_not_unpacked(internet: FakeWeb) -> None:
    line = await refused(internet, Reply(bomb(1000), headers={"content-encoding": "gzip, gzip"}))
    assert "packed in a way that was not asked for" in line


@pytest.mark.parametrize("packing", ["br", "zstd", "compress", "x-gzip", "x-nonsense"])
async def test_other_packings_are_refused(packing: str, internet: FakeWeb) -> None:
    line = await refused(internet, Reply(b"abc", headers={"content-encoding": packing}))
    assert "packed in a way that was not asked for" in line


async def test_what_is_not_packed_as_it_says_is_refused(internet: FakeWeb) -> None:
    line = await refused(internet, Reply(b"<p>plain", headers={"content-encoding": "gzip"}))
    assert "not packed as its server says" in line


async def test_a_small_limit_holds(internet: FakeWeb) -> None:
    web = Web(fetch=True, max_kb=16)
    assert "more than 16 kB" in await refused(internet, PROSE + "x" * 16_400, web)
    internet.page("docs.example/page", PROSE + " " * 10_000)
    assert (await fetch(AT, web, wire=internet)).text


@pytest.mark.parametrize("stalls", ["head", "body", "drops"])
async def test_a_server_that_is_slow_on_purpose_is_left(stalls: str, internet: FakeWeb) -> None:
    def body() -> Iterator[bytes]:
        yield b"<p>a"
        while not internet.leave.wait(0.2 if stalls == "drops" else 30):
            yield b"."

    def answer(_: object) -> Reply:
        if stalls == "head":
            internet.leave.wait(30)
        return Reply(body)

    assert "not there after 1 s" in await refused(internet, answer, Web(fetch=True, timeout=1))


@pytest.mark.parametrize(
    "kind",
    ["image/png", "image/svg+xml", "application/pdf", "application/octet-stream", "video/mp4", "text/css",
     "application/zip", "text/event-stream", "multipart/form-data", "text", "html", "application/javascript"],
)  # fmt: skip
async def test_what_is_no_text_is_not_read(kind: str, internet: FakeWeb) -> None:
    assert f"it is {kind}, and no text" in await refused(
        internet, Reply(lambda: endless(b"<p>hello" * 4096), kind)
    )


async def test_a_page_of_no_kind_and_a_binary_that_calls_itself_text(internet: FakeWeb) -> None:
    assert "of no kind its server names" in await refused(internet, Reply(b"<p>hello", ""))
    assert "it is binary" in await refused(internet, Reply(b"\x7fELF\0\0\0" * 9, "text/plain"))
    assert "it is empty" in await refused(internet, Reply(b" \n", "text/plain"))


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 404, 429, 500, 503, 302])
async def test_any_other_status_is_said(status: int, internet: FakeWeb) -> None:
    assert f"answered {status}" in await refused(internet, Reply(b"", status=status))


async def test_what_is_no_http_is_said(internet: FakeWeb) -> None:
    def answer(_: object) -> Reply:
        return Reply(PROSE.encode(), headers={"content-length": "minus"})

    assert "no proper HTTP" in await refused(internet, answer)


async def test_a_head_without_end_is_left(internet: FakeWeb) -> None:
    line = await refused(internet, Reply(b"", headers={f"x-{n}": "a" * 8000 for n in range(60)}))
    assert "no proper HTTP" in line


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/plain", "a <b> c\r\nd", "a <b> c\nd"),
        ("text/markdown; charset=utf-8", "# Title\n\n    code", "# Title\n\n    code"),
        ("application/json", '{"a": [1, 2]}', '{"a": [1, 2]}'),
        ("application/vnd.api+json", "[]", "[]"),
        ("application/xml", "<a>b</a>", "<a>b</a>"),
        ("application/atom+xml", "<a>b</a>", "<a>b</a>"),
    ],
)
async def test_what_is_no_html_stays_as_it_is(kind: str, body: str, text: str, internet: FakeWeb) -> None:
    internet.page("docs.example/page", body, kind)
    page = await fetch(AT, ON, wire=internet)
    assert (page.text, page.title) == (text, AT)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain; charset=iso-8859-1", "caf\u00e9".encode("latin-1")),
        ("text/plain; charset=no-such-thing", "caf\u00e9".encode()),
        ("text/plain; charset=punycode", "caf\u00e9".encode()),
        ("text/plain", b"\xef\xbb\xbfcaf\xc3\xa9"),
        ("text/plain", "caf\u00e9".encode("utf-16")),
        ("text/html", b"<meta charset='windows-1252'><p>caf\xe9</p>"),
        ("application/xhtml+xml", b"<?xml version='1.0' encoding='utf-8'?><html><p>caf\xc3\xa9</p></html>"),
    ],
)
async def test_letters_are_read_as_they_were_written(kind: str, body: bytes, internet: FakeWeb) -> None:
    internet.page("docs.example/page", body, kind)
    assert (await fetch(AT, ON, wire=internet)).text == "caf\u00e9"


async def test_html_that_is_made_to_be_slow_is_given_up(
    internet: FakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CPU_SECONDS", 1)
    line = await refused(internet, "<html><body>" + "<a " * 400_000)
    assert "cannot be read in reasonable time" in line


async def test_what_is_said_fits_on_a_terminal(internet: FakeWeb) -> None:
    internet.page("docs.example/page", "red \x1b[31m\x07 \u202e text", "text/plain")
    assert (await fetch(AT, ON, wire=internet)).text == "red [31m  text"
    hostile = Reply(b"", "evil/\x1b[2J" + "x" * 500)
    assert "\x1b" not in await refused(internet, hostile)


async def test_nothing_but_our_own_errors_comes_out(internet: FakeWeb) -> None:
    internet.moved("docs.example/page", "http://[")
    with pytest.raises(NearsideError):
        await fetch(AT, ON, wire=internet)
