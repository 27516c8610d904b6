"""Answers that keep to a schema: what is asked of a grammar, and how often, over a scripted model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.drafts import Drafts
from inference.grammar import LIKELY, Held
from inference.scheduler import Scheduler
from inference.types import EngineRefused
from inference.wire import read_chat
from tests.inference.engine_server import running
from tests.inference.test_drafts import Eager
from tests.inference.test_engine_app import Engine
from tests.inference.test_scheduler import Asked
from tests.scripted_backend import END, ScriptedBackend, ScriptedGrammar

SOME = ["green", "greener", "red"]
FORM = {"type": "json_schema", "json_schema": {"name": "colour", "schema": {"enum": SOME}, "strict": True}}


def row(vocabulary: int = 300, **likely: float) -> np.ndarray:
    """Logits by letter; `end` is the end of the answer."""
    logits = np.zeros(vocabulary, np.float32)
    for name, value in likely.items():
        logits[END if name == "end" else ord(name)] = value
    return logits


def picked(held: Held, logits: np.ndarray, temperature: float = 0.0, seed: int = 0) -> str:
    index = held.choose(logits, np.arange(len(logits)), temperature, np.random.default_rng(seed))
    return "end" if index == END else chr(index)


def test_the_likeliest_token_is_asked_about_alone() -> None:
    grammar = ScriptedGrammar([b"abc"])
    held = Held(grammar)
    assert [picked(held, row(a=3, b=2)), picked(held, row(b=3)), picked(held, row(c=1))] == ["a", "b", "c"]
    assert grammar.asked == [1, 1, 1] and held.full_masks == 0


def test_where_it_is_refused_the_likely_ones_are_asked_about_and_the_best_of_them_is_taken() -> None:
    grammar = ScriptedGrammar([b"xyz", b"yes", b"a"])
    held = Held(grammar)
    logits = row(4000, q=9, y=5, x=4, a=1)
    logits[1000:2000] = 0.5
    assert picked(held, logits) == "y"
    assert held.full_masks == 0 and len(grammar.asked) == 2
    assert grammar.asked[1] <= LIKELY + 1


def test_the_vocabulary_is_masked_only_where_no_likely_token_may_stand() -> None:
    grammar = ScriptedGrammar([b"z"])
    held = Held(grammar)
    logits = row(4000, q=9)
    logits[1000:2000] = 5.0
    assert picked(held, logits) == "z"
    assert held.full_masks == 1 and grammar.asked[-1] == 4000


def test_an_answer_ends_where_it_may_and_nothing_likely_follows() -> None:
    grammar = ScriptedGrammar([b"a", b"ab"])
    held = Held(grammar)
    logits = row(4000, q=9)
    logits[1000:2000] = 5.0
    assert [picked(held, row(a=1)), picked(held, logits)] == ["a", "end"]
    assert held.full_masks == 0


def test_an_end_before_the_answer_is_whole_is_refused() -> None:
    held = Held(ScriptedGrammar([b"ab"]))
    assert [picked(held, row(end=9, a=1)), picked(held, row(end=9, b=1)), picked(held, row(end=1))] == [
        "a", "b", "end",
    ]  # fmt: skip


def test_with_a_temperature_what_is_permitted_is_drawn_as_likely_as_it_is() -> None:
    drawn = []
    for seed in range(400):
        held = Held(ScriptedGrammar([b"a", b"b"]))
        drawn.append(picked(held, row(a=1, b=2, q=2), temperature=1.0, seed=seed))
    assert set(drawn) == {"a", "b"}
    assert 0.6 < drawn.count("b") / 400 < 0.85  # e / (1 + e) is .73


def test_a_vocabulary_without_a_way_on_is_an_error_of_one_line() -> None:
    held = Held(ScriptedGrammar([b"\xff"]))
    with pytest.raises(EngineRefused, match="no token.*Simplify the schema") as told:
        held.choose(row(200), np.arange(200), 0.0, np.random.default_rng(0))
    assert "\n" not in str(told.value)


def test_only_tokens_that_spell_what_was_typed_are_asked_about() -> None:
    held = Held(ScriptedGrammar([b"b", b"c"]))
    tokens = np.array([ord("c"), ord("d")])
    assert held.choose(np.array([1.0, 5.0], np.float32), tokens, 0.0, np.random.default_rng(0)) == 0


@pytest.mark.parametrize("drafts", [Drafts(longest=0), Eager()], ids=["one by one", "with drafts"])
def test_an_answer_keeps_to_the_schema_whatever_the_model_would_say(drafts: Drafts) -> None:
    backend = ScriptedBackend(lambda _: b'"gray", I think, or "red"')
    scheduler = Scheduler(backend, drafts)
    try:
        asked = Asked(scheduler, 'say "greener" ', grammar=backend.grammar({"enum": SOME}))
        assert json.loads(asked.wait()) in SOME
    finally:
        scheduler.close()
    assert [grammar.closed for grammar in backend.grammars] == [True]


def test_drafts_are_accepted_under_a_grammar_and_change_nothing() -> None:
    answers, accepted = [], []
    for drafts in (Drafts(longest=0), Eager()):
        backend = ScriptedBackend(lambda _: b'"greener"')
        scheduler = Scheduler(backend, drafts)
        asked = Asked(scheduler, 'it is "greener"; ', grammar=backend.grammar({"enum": SOME}))
        answers.append(asked.wait())
        accepted.append(asked.usage.accepted_tokens)
        scheduler.close()
        assert b"".join(grammar.written for grammar in backend.grammars) == b'"greener"'
    assert answers == ['"greener"'] * 2
    assert accepted[0] == 0 and accepted[1] > 4


def test_a_withdrawn_answer_gives_its_grammar_back() -> None:
    backend = ScriptedBackend(lambda _: b'"green"', decode_delay=0.2)
    scheduler = Scheduler(backend)
    asked = Asked(scheduler, "x", grammar=backend.grammar({"enum": SOME}))
    assert backend.began.wait(5)
    scheduler.cancel(asked.job)
    scheduler.close()
    assert all(grammar.closed for grammar in backend.grammars)


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend(lambda _: b'"red"')


@pytest.fixture
def engine(backend: ScriptedBackend, tmp_path: Path) -> Iterator[Engine]:
    with running(lambda: backend, tmp_path / "e.sock") as state:
        yield Engine(tmp_path / "e.sock", state)


def chat(engine: Engine, **body: Any) -> Any:
    return engine.post("/v1/chat/completions", messages=[{"role": "user", "content": "a colour"}], **body)


def test_the_wire_takes_openais_response_format(engine: Engine, backend: ScriptedBackend) -> None:
    assert chat(engine, response_format=FORM).json()["choices"][0]["message"]["content"] == '"red"'
    assert chat(engine, response_format={"type": "text"}).status_code == 200
    assert len(backend.grammars) == 1


def test_any_json_object_may_be_asked_for() -> None:
    asked = read_chat(
        {"messages": [{"role": "user", "content": "?"}], "response_format": {"type": "json_object"}}
    )
    assert asked.schema == {"type": "object"}


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"type": "json_schema"}, "'response_format' must be"),
        ({"type": "json_schema", "json_schema": {"schema": "x"}}, "'response_format' must be"),
        ({"type": "xml"}, "'response_format' must be"),
        ("json", "'response_format' must be an object"),
        ({"type": "json_schema", "json_schema": {"schema": {}}}, "asks for nothing"),
        (
            {"type": "json_schema", "json_schema": {"schema": {"type": "string", "pattern": "a+"}}},
            "'pattern'",
        ),
    ],
)
def test_a_schema_that_cannot_be_kept_to_is_refused_in_one_line(
    engine: Engine, backend: ScriptedBackend, form: Any, says: str
) -> None:
    response = chat(engine, response_format=form)
    assert response.status_code == 400
    message = response.json()["error"]["message"]
    assert says in message and "\n" not in message
    assert not backend.grammars and not backend.decodes
