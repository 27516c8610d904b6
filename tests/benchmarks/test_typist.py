"""The typist accepts what is right and was seen long enough, and goes on typing from there."""

from __future__ import annotations

from benchmarks import fast_forward, keystrokes
from benchmarks.edits import Commit
from benchmarks.fast_forward import FastForwardLoop
from benchmarks.keystrokes import Step
from benchmarks.nearside_client import NearsideClient
from benchmarks.typist import Figures, Screen, Typist, View
from inference.types import Engine
from tests.benchmarks.test_keystrokes import edit
from tests.scripted_engine import Script, ScriptedEngine

LINES = "total = count_of(everything)\nprint(total)\n"


class Prompter:
    """Shows the rest of the line, or whatever it is given, after each key in one of some states."""

    def __init__(self, offers: dict[str, str], after: float = 0.0) -> None:
        self.offers = offers
        self.after = after
        self.text = ""
        self.accepted_: list[tuple[str, bool]] = []
        self.log: list[str] = []

    async def start(self, screen: Screen) -> None:
        self.screen = screen

    def typed(self, view: View) -> None:
        self.text = view.text
        if offer := self.offers.get(view.text[: view.cursor]):
            self.screen.show(offer, "cache")

    def accepted(self, view: View, whole: bool) -> None:
        self.accepted_.append((view.text[: view.cursor], whole))

    def changed(self, view: View, at: int, removed: str, text: str) -> None:
        self.text = view.text

    def opened(self, view: View) -> None: ...

    def rested(self, view: View) -> None: ...

    def left(self, view: View) -> None: ...

    def saved(self, view: View) -> None: ...

    def closed(self, view: View) -> None: ...

    async def stop(self) -> None: ...


def steps(text: str = LINES) -> list[Step]:
    return list(keystrokes.steps([Commit("1", (edit("", text),))]))


def along(text: str, end: int) -> dict[str, str]:
    """Offers of the rest of `text` at every place before `end`."""
    return {text[:at]: text[at:] for at in range(1, end)}


def typed(client: Prompter, text: str = LINES) -> Figures:
    async def main(loop: FastForwardLoop) -> Figures:
        return await Typist(client, loop).replay(steps(text))

    return fast_forward.run(main)


def test_a_right_line_is_accepted_and_typing_goes_on_behind_it() -> None:
    line = LINES.split("\n")[0]
    client = Prompter(along(line, len(line)))
    figures = typed(client)
    assert client.text == LINES
    assert figures.accepts == 1
    [(text, whole)] = client.accepted_
    assert (text, whole) == (line, True)
    assert figures.accepted_characters + figures.typed_characters >= len(LINES)
    assert figures.accepted_characters > 10  # it took less than a second of typing to see it


def test_it_takes_a_reaction_time_during_which_typing_goes_on() -> None:
    line = LINES.split("\n")[0]
    client = Prompter({"t": line[1:]})  # gone with the next key
    assert typed(client).accepts == 0


def test_only_the_lines_that_are_right_are_accepted() -> None:
    line = LINES.split("\n")[0]
    offers = {text: rest + "\nprint(nothing)" for text, rest in along(line, len(line)).items()}
    client = Prompter(offers)
    figures = typed(client)
    assert figures.accepts == 1
    assert client.accepted_ == [(line, False)]
    assert client.text == LINES


def test_both_lines_are_accepted_where_both_are_right() -> None:
    client = Prompter(along(LINES, 20))
    typed(client)
    assert client.accepted_ == [(LINES.rstrip(), True)]
    assert client.text == LINES


def test_what_is_wrong_or_short_is_not_accepted() -> None:
    line = LINES.split("\n")[0]
    wrong = {text: rest + "!" for text, rest in along(line, len(line)).items()}
    assert typed(Prompter(wrong)).accepts == 0


def test_what_is_typed_as_fast_as_it_is_accepted_is_typed() -> None:
    """At the start of a line there is time to accept; two characters are not worth it."""
    for word, accepted in (("bc", False), ("bcd", True)):
        text = f"{word}\n" * 8
        offers = {text[:at]: word for at in range(0, len(text), len(word) + 1)}
        assert bool(typed(Prompter(offers), text).accepts) is accepted


def test_keys_and_what_was_shown_after_them_are_counted() -> None:
    client = Prompter({"t": "wrong", "to": "   "})
    figures = typed(client)
    assert [source for _, source in figures.shown] == ["cache"]
    keys = sum(len(step.keys) for step in steps() if isinstance(step, keystrokes.Run))
    assert figures.keys == keys


def test_our_server_follows_the_typist_to_the_letter() -> None:
    line = LINES.split("\n")[0]

    def engine() -> Engine:
        return ScriptedEngine(Script(follow=line))

    async def main(loop: FastForwardLoop) -> tuple[Figures, str]:
        client = NearsideClient(engine())
        typist = Typist(client, loop)
        texts = []
        closed = client.closed
        client.closed = lambda view: (texts.append(_text(client)), closed(view))[1]  # type: ignore[method-assign]
        return await typist.replay(steps()), texts[0]

    figures, text = fast_forward.run(main)
    assert text == LINES
    assert figures.accepts >= 1
    assert {source for _, source in figures.shown} >= {"engine", "cache"}


def test_our_server_follows_commands_that_span_lines() -> None:
    before, after = "a = 1\nb = 2\nc = 3\nd = 4\ne = 5\n", "a = 1\ne = 5\nnothing_alike()\n"

    async def main(loop: FastForwardLoop) -> str:
        client = NearsideClient(ScriptedEngine())
        texts = []
        closed = client.closed
        client.closed = lambda view: (texts.append(_text(client)), closed(view))[1]  # type: ignore[method-assign]
        commit = Commit("1", (edit(before, after),))
        await Typist(client, loop).replay(keystrokes.steps([commit]))
        return texts[0]

    assert fast_forward.run(main) == after


def _text(client: NearsideClient) -> str:
    [document] = client.server.documents.values()
    return document.text
