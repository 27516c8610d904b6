"""Prices of hosted models: the user's before the table's, and never 0 for an unknown one."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices import data_snapshot
from genai_prices.types import ModelPrice

from inference.cost.prices import Tokens, UnknownPrice, price, source
from settings.schema import Price

D = Decimal
SESSION = Tokens(50_000, 20_000)
MINE = Price("Mine-1", D("0.14"), D("0.28"))


@pytest.mark.parametrize(
    ("model", "provider", "dollars"),
    [
        ("claude-sonnet-4-6", "anthropic", "0.45"),
        ("gpt-5.5", "openai", "0.85"),
        ("gpt-5.5", "", "0.85"),
        ("openai/gpt-5.5", "", "0.85"),
    ],
)
def test_the_table_knows_the_published_prices(model: str, provider: str, dollars: str) -> None:
    found = price(model, provider, SESSION)
    assert found == D(dollars) and isinstance(found, Decimal)


def test_a_price_is_that_of_the_day() -> None:
    usage = Tokens(50_000, 20_000)
    model, provider = "meta-llama/llama-4-scout", "openrouter"
    before, after = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    assert price(model, provider, usage, at=before) == D("0.010")
    assert price(model, provider, usage, at=after) == D("0.011")
    assert source(model, provider, at=after).since == "2026-10-19"


def test_tokens_of_the_cache_have_their_own_prices() -> None:
    usage = Tokens(input=1000, output=20, cache_read=600, cache_write=100)
    assert price("claude-sonnet-4-6", "anthropic", usage) == D("0.001755")
    mine = Price("m", D(3), D(15), D("0.3"), D("3.75"))
    assert price("m", "", usage, [mine]) == D("0.001755")
    assert price("m", "", usage, [Price("m", D(3), D(15))]) == D("0.0033")


def test_the_users_price_goes_before_the_tables() -> None:
    own = [Price("gpt-5.5", D(1), D(1)), Price("here/gpt-5.5", D(0), D(0)), MINE]
    assert price("gpt-5.5", "openai", SESSION, own) == D("0.07")
    assert price("GPT-5.5", "here", SESSION, own) == 0  # free of charge because the user says so
    assert price("mine-1", "", SESSION, own) == D("0.0126")
    assert source("mine-1", "", own).name == "your settings"


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("no-such-model", "openai"),
        ("gpt-5.5", "no-such-provider"),
        ("no-such-model", ""),
        ("", "openai"),
        (" ", ""),
        ("gpt-4o", "github-copilot"),
        ("meta-llama/llama-4-scout:free", "openrouter"),
        ("evil\n\x1b[2Jmodel", ""),
    ],
)
def test_an_unknown_price_is_refused_in_one_line_and_never_nothing(model: str, provider: str) -> None:
    for ask in (lambda: price(model, provider, SESSION), lambda: source(model, provider)):
        with pytest.raises(UnknownPrice) as caught:
            ask()
        assert str(caught.value).isprintable() and "[cost.prices]" in str(caught.value)


@pytest.mark.parametrize(("given", "taken"), [("0", "1"), ("1", "0"), ("0", "0")])
def test_a_price_of_nothing_in_the_table_is_no_price(
    given: str, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = data_snapshot.get_snapshot().find_provider_model("gpt-5.5", None, "openai", None)[1]
    monkeypatch.setattr(found, "prices", ModelPrice(input_mtok=D(given), output_mtok=D(taken)))
    with pytest.raises(UnknownPrice, match="has no price per token"):
        price("gpt-5.5", "openai", SESSION)


def test_a_price_of_the_table_can_be_checked() -> None:
    text = str(source("claude-sonnet-4-6", "anthropic"))
    assert "anthropic/claude-sonnet-4-6: $3/" in text
    assert "genai-prices " in text and "https://" in text


@pytest.mark.parametrize(
    "wrong", [{"input": -1}, {"output": -1}, {"input": 5, "cache_read": 6}, {"input": 1.5}]
)
def test_impossible_counts_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="tokens"):
        Tokens(**wrong)


def test_no_connection_is_opened_and_no_thread_begun_for_a_price() -> None:
    code = """
import socket, threading
def refuse(*_, **__): raise SystemExit("a connection was opened")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from inference.cost.prices import Tokens, price
print(price("gpt-5.5", "openai", Tokens(1000, 1000)), threading.active_count())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["0.035", "1"], done.stderr
