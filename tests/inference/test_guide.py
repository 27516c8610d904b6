"""Known names of a receiver's members come first where one is being written, and nowhere else."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from inference.backend import Interrupted
from inference.dialects import nearside
from inference.drafts import Drafts
from inference.generate import Job
from inference.guide import Guide, Known, Spellings, distinct
from inference.healing import Pieces
from inference.prompts import CursorContext, fim_prompt
from inference.scheduler import Scheduler
from inference.types import CompletionRequest, EngineRefused, FimPrompt, Members
from inference.wire import MOST_MEMBERS, MOST_RECEIVERS, read_completion
from tests.inference.test_scheduler import Asked
from tests.scripted_backend import SUFFIX_FIRST, ScriptedBackend

CLIENT: Members = (("client", ("close", "connect", "get", "get_all")),)


class Scripted(ScriptedBackend):
    """Some words beside the bytes; logits that the text before the next token decides."""

    WORDS = (
        b".close",
        b".cl",
        b".connect",
        b".made_up",
        b"get",
        b"_all",
        b"made_up",
        b"close(",
        b"_other",
        b".get",
    )

    def __init__(self, likes: dict[bytes, dict[bytes, float]]) -> None:
        """`likes`: logits of what may follow a text that ends so; after any other the answer ends."""
        super().__init__()
        self.likes = likes
        self.vocabulary += len(self.WORDS)

    def piece(self, token: int) -> bytes:
        first = self.vocabulary - len(self.WORDS)
        return self.WORDS[token - first] if token >= first else super().piece(token)

    def is_end(self, token: int) -> bool:
        return 256 <= token < self.vocabulary - len(self.WORDS)

    def token(self, piece: bytes) -> int:
        return next(t for t in range(self.vocabulary) if self.piece(t) == piece)

    def _row(self, held: list[int]) -> np.ndarray:
        text = b"".join(self.piece(token) for token in held)
        row = np.zeros(self.vocabulary, dtype=np.float32)
        ends = sorted((end for end in self.likes if text.endswith(end)), key=len)
        liked = self.likes[ends[-1]] if ends else {}
        for piece, logit in liked.items():
            row[self.token(piece)] = logit
        row[256] = 1.0 if liked else 10.0
        return row


@pytest.fixture
def opened() -> Iterator[list[Scheduler]]:
    schedulers: list[Scheduler] = []
    yield schedulers
    for scheduler in schedulers:
        scheduler.close()


def write(
    opened: list[Scheduler],
    backend: Scripted,
    prefix: str,
    members: Members = CLIENT,
    typed: str = "",
    bonus: float = 4.0,
    drafts: Drafts | None = None,
    **options: object,
) -> Asked:
    """Ask for what follows `prefix`, of which `typed` was taken back."""
    if typed:
        backend.format = replace(SUFFIX_FIRST, heal=True)
    opened.append(scheduler := Scheduler(backend, drafts))
    kept = prefix.removesuffix(typed)
    known = Known.of(FimPrompt(kept, "", members=members))
    asked = Asked(
        scheduler, kept, typed=typed.encode(), known=known and replace(known, bonus=bonus), **options
    )
    asked.wait()
    return asked


def raised(
    text: str, members: Members = CLIENT, typed: str = "", bonus: float = 4.0, path: str = ""
) -> set[str]:
    """Tokens of a flat distribution that are likelier than the least likely one."""
    backend = Scripted({})
    known = Known.of(FimPrompt(text, "", path, members=members))
    assert known
    row = np.zeros(backend.vocabulary, dtype=np.float32)
    guide = Guide(replace(known, bonus=bonus), Spellings(Pieces(backend)))
    made = guide.raised(row, known.before, typed.encode())
    assert not row.any()  # the model's own logits are somebody else's
    return {backend.piece(int(t)).decode("latin-1") for t in np.flatnonzero(made > made.min() + 0.01)}


def test_a_known_name_wins_over_an_invented_one(opened: list[Scheduler]) -> None:
    likes = {b"client.": {b"made_up": 9.0, b"c": 6.0}, b".c": {b"r": 5.0, b"l": 4.0}, b"cl": {b"o": 5.0}}
    assert write(opened, Scripted(likes), "x = client.").text() == "clo"
    assert write(opened, Scripted(likes), "x = client.", ()).text() == "made_up"


def test_a_name_nobody_knows_stays_possible(opened: list[Scheduler]) -> None:
    likes = {b"client.": {b"made_up": 12.0, b"c": 6.0}}
    assert write(opened, Scripted(likes), "client.").text() == "made_up"
    assert write(opened, Scripted(likes), "client.", bonus=math.inf).text()[:1] == "c"


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_an_infinite_bonus_lets_nothing_else_through(opened: list[Scheduler], temperature: float) -> None:
    likes = {b"client.": {b"made_up": 30.0, b"get": 1.0}, b"get": {b"_other": 30.0, b"(": 3.0}}
    backend = Scripted(likes)
    asked = write(opened, backend, "client.", bonus=math.inf, temperature=temperature, max_tokens=2)
    assert asked.text()[:1] in "cg" and "other" not in asked.text()
    assert all(math.isfinite(value) for piece in asked.pieces for value in piece.logprobs)


def test_log_probability_and_margin_are_those_of_the_guided_distribution(opened: list[Scheduler]) -> None:
    likes = {b"client.": {b"made_up": 5.0, b"get": 5.0}}
    plain = write(opened, Scripted(likes), "client.", (), max_tokens=1).pieces[0]
    guided = write(opened, Scripted(likes), "client.", (("client", ("get",)),), max_tokens=1).pieces[0]
    assert plain.margins[0] < 0.01 and plain.logprobs[0] < math.log(0.5)
    assert guided.text == "get" and guided.margins[0] > 0.5 and guided.logprobs[0] > math.log(0.6)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("client.", {"c", "g", "get", "close("}),
        ("return client.", {"c", "g", "get", "close("}),
        ("client?.", {"c", "g", "get", "close("}),
        ("client->", {"c", "g", "get", "close("}),
        ("client::", {"c", "g", "get", "close("}),
        ("[...client.", {"c", "g", "get", "close("}),
        ("client.c", {"l", "o"}),
        ("client.cl", {"o"}),
        ("client.clo", {"s"}),
        ("client.xy", set()),
        ("client.close(", set()),
        ("other.client.", set()),
        ("other->client.", set()),
        ("myclient.", set()),
        ("client().", set()),
        ("client .", set()),
        ("x = ", set()),
        ("", set()),
    ],
)
def test_where_names_are_raised(text: str, names: set[str]) -> None:
    assert raised(text) == names


def test_the_longest_expression_is_the_receiver() -> None:
    members = (("client", ("one",)), ("self.client", ("two",)), ("make()", ("three",)))
    assert raised("self.client.", members) == {"t"}
    assert raised("client.", members) == {"o"}
    assert raised("a.client.", members) == set()
    assert raised("make().", members) == {"t"}
    assert raised("make(1).", members) == set()


def test_a_complete_name_keeps_what_may_follow_and_lowers_only_longer_names_nobody_knows() -> None:
    after = raised("client.get")
    assert {"_all", "_", "(", "\n", " "} <= after
    assert "_other" not in after and "x" not in after
    assert "_all" not in raised("client.close")


def test_no_known_name_fits_what_was_typed() -> None:
    assert raised("client.", typed="z") == set()
    assert raised("client", typed=".z") == set()
    assert raised("client.get", typed="_some") == set()


def test_names_have_to_go_on_as_typed() -> None:
    assert raised("client.", typed="cl") & {"c", "close(", "g"} == {"c", "close("}
    assert raised("client", typed=".cl") & {".cl", ".close", ".connect", ".get"} == {".cl", ".close"}


def test_a_name_is_finished_by_a_token_that_goes_on_with_something_else() -> None:
    assert "close(" in raised("client.")
    assert "close(" not in raised("client.", (("client", ("clo", "closed")),))


def test_how_probable_an_access_is_stays_as_it_was() -> None:
    backend = Scripted({})
    known = Known(CLIENT, b"client")
    row = np.zeros(backend.vocabulary, dtype=np.float32)
    row[backend.token(b".made_up")], row[backend.token(b"(")] = 6.0, 5.0
    made = Guide(known, Spellings(Pieces(backend))).raised(row, b"client")
    access = [backend.token(piece) for piece in Scripted.WORDS if piece.startswith(b".")] + [ord(".")]
    chances = [np.exp(values) / np.exp(values).sum() for values in (row.astype(float), made.astype(float))]
    assert chances[0][access].sum() == pytest.approx(chances[1][access].sum(), rel=1e-3)
    assert made[ord("(")] == row[ord("(")]
    assert chances[1][backend.token(b".close")] > 10 * chances[0][backend.token(b".close")]


def test_utf8_names_are_raised_byte_by_byte(opened: list[Scheduler]) -> None:
    members = (("größe", ("höhe", "breite")),)
    first, second = "ö".encode()[:1], "ö".encode()[1:]
    likes = {b"e.": {b"h": 5.0}, b".h": {b"a": 6.0, first: 5.0}, first: {second: 5.0, b"x": 6.0}}
    assert write(opened, Scripted(likes), "größe.", members, max_tokens=3).text() == "hö"


def test_half_a_name_that_was_taken_back_is_finished_as_known(opened: list[Scheduler]) -> None:
    likes = {b"client": {b".cl": 6.0, b".": 3.0}, b".cl": {b"a": 6.0, b"o": 5.0}, b"clo": {b"s": 5.0}}
    backend = Scripted(likes)
    assert write(opened, backend, "client.cl", typed=".cl", max_tokens=3).text() == "os"
    assert write(opened, Scripted(likes), "client.cl", (), typed=".cl").text() == "a"


def test_names_later_in_the_answer_are_guided(opened: list[Scheduler]) -> None:
    likes = {b"= ": {b"c": 5.0}, b"= c": {b".made_up": 6.0, b".close": 5.0}, b".close": {b"(": 5.0}}
    members = (("c", ("close",)),)
    assert write(opened, Scripted(likes), "x = ", members).text() == "c.close("
    assert write(opened, Scripted(likes), "x = ", ()).text() == "c.made_up"


def test_alternatives_begin_with_distinct_known_names(opened: list[Scheduler]) -> None:
    likes = {b"client": {b".made_up": 9.0, b".cl": 8.0, b".close": 8.5, b".connect": 7.0, b".get": 6.0}}
    asked = write(opened, Scripted(likes), "client.", typed=".", alternatives=3, max_tokens=1)
    assert [asked.text(i) for i in range(3)] == ["close", "connect", "get"]


def test_fewer_known_names_than_alternatives_leave_room_for_others(opened: list[Scheduler]) -> None:
    likes = {b"client": {b".made_up": 9.0, b".close": 8.5, b".cl": 8.0}}
    members = (("client", ("close",)),)
    asked = write(opened, Scripted(likes), "client.", members, typed=".", alternatives=2, max_tokens=1)
    assert [asked.text(i) for i in range(2)] == ["close", "made_up"]


def test_distinct_puts_what_begins_alike_behind() -> None:
    others = [(1, b"get_"), (2, b"close"), (3, b"g"), (4, b"closed"), (5, b"open")]
    assert distinct(b"get", others) == [2, 5, 1, 3, 4]


def test_drafts_do_not_get_around_the_guide(opened: list[Scheduler]) -> None:
    again = "client.made_up() " * 6
    likes: dict[bytes, dict[bytes, float]] = {b"client.made_up() ": {b"c": 9.0}}
    word = b"client.made_up()"
    for at in range(1, len(word)):
        likes[word[:at]] = {word[at : at + 1]: 6.0}
    likes[b"client."] = {b"m": 6.0, b"g": 4.0}
    likes |= {b"client.g": {b"e": 6.0}, b".ge": {b"t": 6.0}}
    backend = Scripted(likes)
    asked = write(opened, backend, again, drafts=Drafts(), max_tokens=12)
    assert asked.usage.drafted_tokens > 0
    assert asked.text() == "client.get"
    without = write(opened, Scripted(likes), again, max_tokens=12, drafts=Drafts(0))
    assert without.text() == asked.text()


def test_an_interrupted_step_loses_nothing_of_what_is_known(opened: list[Scheduler]) -> None:
    likes = {b"client.": {b"made_up": 6.0, b"g": 5.0}, b".g": {b"a": 6.0, b"e": 5.0}, b".ge": {b"t": 6.0}}

    class Interrupting(Scripted):
        steps = 0

        def decode(self, tokens, positions, sequences, outputs) -> None:  # type: ignore[no-untyped-def]
            if len(tokens) == 1:
                Interrupting.steps += 1
                if Interrupting.steps % 2:
                    raise Interrupted
            super().decode(tokens, positions, sequences, outputs)

    assert write(opened, Interrupting(likes), "client.", max_tokens=3).text() == "get"
    assert Interrupting.steps > 3


def test_lua_calls_with_a_colon_and_no_other_language_does() -> None:
    assert raised("client:", path="a.lua") & {"c", "g"} == {"c", "g"}
    assert raised("client:", path="a.py") == set()


def test_a_cursor_inside_a_word_is_left_alone() -> None:
    inside = Known.of(FimPrompt("client.cl", "ose()", members=CLIENT))
    assert inside
    guide, row = Guide(inside, Spellings(Pieces(Scripted({})))), np.zeros(Scripted({}).vocabulary)
    assert guide.raised(row, inside.before) is row
    assert guide.raised(row, inside.before + b"client.") is row
    assert guide.raised(row, inside.before + b"x + client.") is not row


def test_without_members_the_answer_is_what_it_was(opened: list[Scheduler]) -> None:
    assert Known.of(FimPrompt("client.", "")) is None
    asked = [write(opened, Scripted({b".": {b"get": 5.0}}), "client.", m) for m in ((), (("x", ("y",)),))]
    assert asked[0].text() == asked[1].text()
    assert asked[0].pieces[0].logprobs == asked[1].pieces[0].logprobs


def test_members_travel_to_our_own_engine_and_change_no_token() -> None:
    context = CursorContext("doc", "client.", "", members=CLIENT)
    prompt = fim_prompt(context)
    body = nearside({}, "m").body(CompletionRequest(prompt))
    assert "members" not in nearside({}, "m").body(CompletionRequest(replace(prompt, members=())))["nearside"]
    asked = read_completion(json.loads(json.dumps(body))).prompt
    assert isinstance(asked, FimPrompt) and asked.members == CLIENT
    assert SUFFIX_FIRST.layout(prompt) == SUFFIX_FIRST.layout(replace(prompt, members=()))
    assert hash(prompt)


@pytest.mark.parametrize(
    "members", [["client"], {"client": "get"}, {"client": [1]}, {"client": {"a": 1}}, "x"]
)
def test_members_that_make_no_sense_are_refused(members: object) -> None:
    with pytest.raises(EngineRefused, match="'members' must be an object"):
        read_completion({"prompt": "", "suffix": "", "nearside": {"members": members}})


def test_members_are_capped() -> None:
    many = {f"r{i}": [f"n{j}" for j in range(2 * MOST_MEMBERS)] for i in range(2 * MOST_RECEIVERS)}
    asked = read_completion({"prompt": "", "suffix": "", "nearside": {"members": many | {"": ["x"]}}})
    assert isinstance(asked.prompt, FimPrompt)
    assert len(asked.prompt.members) == MOST_RECEIVERS
    assert {len(names) for _, names in asked.prompt.members} == {MOST_MEMBERS}
    long = read_completion({"prompt": "", "suffix": "", "nearside": {"members": {"a": ["x" * 999, "y"]}}})
    assert isinstance(long.prompt, FimPrompt) and long.prompt.members == (("a", ("y",)),)


def test_a_job_knows_nothing_unless_told() -> None:
    assert Job([1], lambda piece: None, lambda error: None).known is None


ROWS: Members = (("client", ("close() -> None", "get(key) -> Row", "get_all() -> list[Row]")),)


def test_a_likely_name_wins_over_one_the_model_likes_a_little_more(opened: list[Scheduler]) -> None:
    likes = {b"client.": {b"close(": 8.0, b"get": 2.0}}
    assert write(opened, Scripted(likes), "client.", ROWS, max_tokens=1).text() == "close("
    assert write(opened, Scripted(likes), "row = client.", ROWS, max_tokens=1).text() == "get"


def test_one_the_model_likes_far_more_wins_over_a_likely_name(opened: list[Scheduler]) -> None:
    likes = {b"client.": {b"close(": 40.0, b"get": 3.0}}
    assert write(opened, Scripted(likes), "row = client.", ROWS, max_tokens=1).text() == "close("


def test_a_mark_and_a_name_in_one_are_weighed_alike(opened: list[Scheduler]) -> None:
    likes = {b"client": {b".close": 4.0, b".get": 3.9}}
    for prefix, name in (("client.", "close"), ("row = client.", "get")):
        assert write(opened, Scripted(likes), prefix, ROWS, typed=".", max_tokens=1).text() == name


def test_the_likely_one_of_two_names_that_begin_alike_is_written(opened: list[Scheduler]) -> None:
    likes = {b"client.": {b"get": 5.0}, b"get": {b"_all": 4.0, b"(": 4.0}}
    assert write(opened, Scripted(likes), "for row in client.", ROWS, max_tokens=2).text() == "get_all"
    assert write(opened, Scripted(likes), "row = client.", ROWS, max_tokens=2).text() == "get("


def test_lines_the_model_wrote_itself_count(opened: list[Scheduler]) -> None:
    likes = {b"x\n": {b"r": 5.0}, b"\nr": {b"=": 5.0}, b"=": {b"c": 5.0}}
    likes[b"=c"] = {b".close": 4.0, b".get": 3.9}
    members: Members = (("c", ("close() -> None", "get() -> R")),)
    assert write(opened, Scripted(likes), "x\n", members, max_tokens=4).text() == "r=c.get"


def test_signatures_are_no_part_of_names() -> None:
    assert raised("client.", ROWS) == raised("client.", (("client", ("close", "get", "get_all")),))


def test_knowing_more_asks_the_model_for_nothing_more(opened: list[Scheduler]) -> None:
    class Counting(Scripted):
        evaluated = 0

        def decode(self, tokens, positions, sequences, outputs) -> None:  # type: ignore[no-untyped-def]
            self.evaluated += len(tokens)
            super().decode(tokens, positions, sequences, outputs)

    likes = {b"client.": {b"get": 5.0}, b"get": {b"(": 5.0}, b"(": {b")": 5.0}}
    made = [Counting(likes) for _ in range(2)]
    answers = [write(opened, one, "x = client.", m).text() for one, m in zip(made, (ROWS, ()), strict=True)]
    assert answers == ["get()", "get()"] and made[0].evaluated == made[1].evaluated
