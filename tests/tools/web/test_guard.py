"""No trick leads to an address that is not public: each one is tried against real servers on loopback."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx2
import pytest

from settings.schema import Web
from tests.fake_web import PUBLIC, FakeWeb
from tools.web.fetch import NotFetched, fetch
from tools.web.guard import Guard, GuardedTransport, Internet, Refused, is_public

ON = Web(fetch=True)
PAGE = "<html><title>Inside</title><p>Nobody outside should ever read this page of the house.</p></html>"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.88.99.1", "192.0.2.1",
        "198.18.0.1",
        "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::",
        "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "3fff::1", "fc00::1",
        "fd00:ec2::254",
        "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "100::1", "5f00::1", "", "localhost", "127.1",
        "93.184.215.14%lo", "2606:4700:4700::1111%eth0",
    ],
)  # fmt: skip
def test_what_is_not_of_the_internet_is_not_public(address: str) -> None:
    assert is_public(address) is False


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "1.1.1.1", "8.8.8.8", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1",
     "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)  # fmt: skip
def test_what_is_of_the_internet_is_public(address: str) -> None:
    assert is_public(address) is True


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "is not http or https"),
        ("gopher://docs.example:80/_x", "is not http or https"),
        ("ftp://docs.example/", "is not http or https"),
        ("data:text/html,hello", "is not http or https"),
        ("javascript:alert(1)", "is not http or https"),
        ("//docs.example/", "is not http or https"),
        ("docs.example", "is not http or https"),
        ("http://", "names no host"),
        ("http:///etc/passwd", "names no host"),
        ("http://docs.example@inside.example/", "holds a user name"),
        ("http://user:secret@docs.example/", "holds a user name"),
        ("http://docs.example:22/", "port 22"),
        ("http://docs.example:6379/", "port 6379"),
        ("https://docs.example:99999/", "port 99999"),
        ("http://docs.example:x/", "is no address"),
        ("http://[::1/", "is no address"),
        ("http://docs.example/a b", "blanks or control characters"),
        ("http://docs.example/\r\nx-evil: 1", "blanks or control characters"),
        ("http://docs.exa\0mple/", "blanks or control characters"),
        ("http://docs.example/" + "a" * 2048, "more than 2,048 characters"),
        ("http://xn--a.example\u2025/", "is no address"),
    ],
)
async def test_an_odd_address_is_refused_before_anything_is_looked_up(
    url: str, why: str, internet: FakeWeb
) -> None:
    with pytest.raises(Refused, match=r"^Nothing was fetched, because [^\n]*; [^\n]*\.$") as refused:
        await fetch(url, ON, wire=internet)
    assert why in str(refused.value)
    assert "secret" not in str(refused.value)
    assert internet.resolved == [] and internet.asked == []


async def test_the_transport_itself_checks_whoever_uses_it(internet: FakeWeb) -> None:
    for url in ("http://docs.example:22/", "http://a@docs.example/", "ftp://docs.example/"):
        async with GuardedTransport(Guard(), internet) as transport:
            with pytest.raises(Refused):
                await transport.handle_async_request(httpx2.Request("GET", url))
    assert internet.resolved == []


def test_other_ports_may_be_allowed() -> None:
    assert Guard(frozenset((8080,))).check("http://docs.example:8080/x#part").port == 8080
    with pytest.raises(Refused, match="port 443"):
        Guard(frozenset((8080,))).check("https://docs.example/")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "0", "0.0.0.0",
        "localhost", "localhost.", "LOCALHOST", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "\u2460\u2461\u2466.0.0.1", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021",
    ],
)  # fmt: skip
async def test_this_machine_is_out_of_reach_however_it_is_written(host: str, internet: FakeWeb) -> None:
    """With the system's own resolver and sockets, and a server that would answer."""
    internet.page("/", PAGE)
    web = Web(fetch=True, ports=(str(internet.port),))
    with pytest.raises(Refused) as refused:
        await fetch(f"http://{host}:{internet.port}/", web)
    assert internet.asked == []
    # Systems differ in which of these they take for an address at all.
    whys = ("no address of the public web", "is no address", "was not found")
    assert any(why in str(refused.value) for why in whys)


async def test_that_server_does_answer_who_is_let_through(internet: FakeWeb) -> None:
    internet.page("/", PAGE)
    internet.name("docs.example", [PUBLIC])
    page = await fetch("http://docs.example/", ON, wire=internet)
    assert page.title == "Inside" and internet.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "addresses",
    [
        ["169.254.169.254"],
        ["127.0.0.1"],
        [PUBLIC, "10.0.0.7"],
        ["10.0.0.7", PUBLIC],
        [PUBLIC, "::1"],
        ["2606:4700::1", "fd00:ec2::254"],
        [PUBLIC, "fe80::1%eth0"],
    ],
)
@pytest.mark.parametrize("host", ["metadata.google.internal", "localhost.", "docs.example"])
async def test_a_name_with_any_private_address_is_refused(
    host: str, addresses: list[str], internet: FakeWeb
) -> None:
    internet.page(f"{host}/", PAGE)
    internet.name(host, addresses)
    with pytest.raises(Refused, match="no address of the public web"):
        await fetch(f"http://{host}/", ON, wire=internet)
    assert internet.connected == []


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("http://127.0.0.1/", "127.0.0.1"),
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254"),
        ("http://[::ffff:169.254.169.254]/", "169.254.169.254"),
        ("http://inside.example/", "10.0.0.7"),
        ("//inside.example/", "10.0.0.7"),
        ("http://docs.example:22/", "port 22"),
        ("http://a@docs.example/", "user name"),
        ("file:///etc/passwd", "not http or https"),
        ("gopher://docs.example/", "not http or https"),
        ("http://docs.example/\x07", "which is no address"),
    ],
)
@pytest.mark.parametrize("hops", [1, 3])
async def test_a_redirect_leads_to_no_other_place_than_a_first_address_may(
    target: str, why: str, hops: int, internet: FakeWeb
) -> None:
    internet.name("inside.example", ["10.0.0.7"])
    for hop in range(1, hops):
        internet.moved(f"docs.example/{hop - 1}", f"/{hop}")
    internet.moved(f"docs.example/{hops - 1}", target)
    with pytest.raises((Refused, NotFetched)) as refused:
        await fetch("http://docs.example/0", ON, wire=internet)
    assert why in str(refused.value)
    assert len(internet.asked) == hops and {address for address, _ in internet.connected} == {PUBLIC}


async def test_five_redirects_are_followed_and_a_sixth_is_not(internet: FakeWeb) -> None:
    internet.page("docs.example/end", PAGE)
    for hop in range(5):
        internet.moved(f"docs.example/{hop}", f"/{hop + 1}" if hop < 4 else "/end", 301 + hop // 2)
    page = await fetch("http://docs.example/0", ON, wire=internet)
    assert page.url == "http://docs.example/end"
    internet.moved("docs.example/start", "/0")
    with pytest.raises(NotFetched, match="sends on more than 5 times"):
        await fetch("http://docs.example/start", ON, wire=internet)
    internet.moved("docs.example/loop", "/loop")
    internet.asked.clear()
    with pytest.raises(NotFetched, match="sends on"):
        await fetch("http://docs.example/loop", ON, wire=internet)
    assert len(internet.asked) == 6


async def test_a_name_is_resolved_once_and_its_second_answer_is_never_used(internet: FakeWeb) -> None:
    """DNS rebinding: who checks one answer and connects to the next is led inside."""
    internet.page("docs.example/", PAGE)
    internet.name("docs.example", [PUBLIC], ["127.0.0.1"])
    page = await fetch("http://docs.example/", ON, wire=internet)
    assert page.title == "Inside"
    assert internet.resolved == ["docs.example"] and internet.connected == [(PUBLIC, 80)]


async def test_a_name_that_becomes_private_on_the_way_is_refused(internet: FakeWeb) -> None:
    internet.page("docs.example/b", PAGE)
    internet.moved("docs.example/a", "https://docs.example/b")
    internet.name("docs.example", [PUBLIC], ["192.168.0.1"])
    with pytest.raises(Refused, match="192.168.0.1"):
        await fetch("http://docs.example/a", ON, wire=internet)
    assert internet.connected == [(PUBLIC, 80)]


async def test_a_proxy_of_the_environment_is_not_used(
    internet: FakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    internet.page("docs.example/", PAGE)
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert (await fetch("http://docs.example/", ON, wire=internet)).title == "Inside"


async def test_a_name_nobody_knows_and_an_address_nobody_answers_at(internet: FakeWeb) -> None:
    with pytest.raises(Refused, match="nowhere.example was not found"):
        await fetch("http://nowhere.example/", ON, wire=internet)

    class Deaf(Internet):
        async def resolve(self, host: str, port: int) -> list[str]:
            return [PUBLIC]

        async def connect(self, address: str, port: int):
            with socket.socket() as closed:
                closed.bind(("127.0.0.1", 0))
                return await super().connect("127.0.0.1", closed.getsockname()[1])

    with pytest.raises(NotFetched, match="its server cannot be reached"):
        await fetch("http://docs.example/", ON, wire=Deaf())


async def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, asked = asyncio.Event(), []

    class Hanging(Internet):
        async def resolve(self, host: str, port: int) -> list[str]:
            asked.append(host)
            await hangs.wait()
            return []

    with pytest.raises(NotFetched, match="not there after 1 s"):
        await fetch("http://docs.example/", Web(fetch=True, timeout=1), wire=Hanging())
    assert asked == ["docs.example"]


async def test_switched_off_nothing_is_looked_up(internet: FakeWeb, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="web.fetch is off"):
        await fetch("http://docs.example/", Web(), wire=internet, cache=tmp_path)
    assert internet.resolved == [] and list(tmp_path.iterdir()) == []
