"""What becomes of a suggestion, read off a document that goes on changing. No server; the clock is ours."""

from __future__ import annotations

from typing import Any

import pytest

from inference.completer import Suggestion
from inference.ledger import Entry
from lsp_server.documents import Document, Place
from lsp_server.outcomes import LOOK_AFTER, PATIENCE, SEEN_AFTER, TRACKED, Outcomes
from lsp_server.suggestions import Placed

TEXT = "def add(a, b):\n    \nprint(add(1, 2))\n"
HERE = (1, 4)


class Notes:
    """Stands where the ledger does."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.events: list[tuple[Any, ...]] = []
        self.labels: dict[str, bool] = {}
        self.kept: dict[str, bool] = {}

    def suggested(self, entry: Entry) -> None:
        self.entries[entry.id] = entry

    def shown(self, id: str, by_client: bool = False) -> None:
        self.events.append(("shown", "client") if by_client else ("shown",))

    def partially_accepted(self, id: str, characters: int) -> None:
        self.events.append(("partial", characters))

    def ended(self, id: str, how: str, characters: int = 0, by_client: bool = False) -> None:
        self.events.append((how,))

    def labelled(self, id: str, kept: bool) -> None:
        self.labels[id] = kept

    def survived(self, id: str, survived: bool) -> None:
        self.kept[id] = survived


class Desk:
    """A user at one document."""

    def __init__(self, text: str = TEXT) -> None:
        self.now = 100.0
        self.notes = Notes()
        self.verdicts: list[bool] = []
        self.outcomes = Outcomes(clock=lambda: self.now)
        self.outcomes.ledger = self.notes  # type: ignore[assignment]
        self.outcomes.on_verdict = lambda document, accepted: self.verdicts.append(accepted)
        self.document = Document("file:///a.py", "python", 1, text)

    def suggest(self, *texts: str, at: Place = HERE, **arguments: Any) -> str:
        partial = arguments.pop("partial", False)
        suggestion = Suggestion(texts, "m", 0.5, source="engine", partial=partial)
        return self.outcomes.made(Placed(self.document, at, suggestion), **arguments)

    def replace(self, start: Place, end: Place, text: str) -> None:
        self.outcomes.editing(self.document, start, end, text)
        self.document.replace(start, end, text)
        self.outcomes.edited(self.document, start[0] + text.count("\n"))

    def type(self, text: str, at: Place = HERE) -> None:
        """Type one character after the other."""
        line, index = at
        for character in text:
            self.replace((line, index), (line, index), character)
            line, index = (line + 1, 0) if character == "\n" else (line, index + 1)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.outcomes.look()

    @property
    def events(self) -> list[Any]:
        return [event[0] if len(event) == 1 else event for event in self.notes.events]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_is_handed_out_counts_as_shown_and_what_is_accepted_ends_it(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.replace(HERE, HERE, "return a + b")
    desk.outcomes.accepted(id, 0)
    desk.outcomes.accepted(id, 0)
    desk.wait(PATIENCE)
    assert desk.events == ["shown", "accepted"]
    assert desk.verdicts == [True]


def test_an_acceptance_told_before_the_text_comes_is_the_same(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.outcomes.accepted(id, 0)
    desk.replace(HERE, HERE, "return a + b")
    desk.wait(LOOK_AFTER)
    assert desk.events == ["shown", "accepted"]
    assert desk.notes.labels == desk.notes.kept == {id: True}


def test_typing_along_is_no_verdict_and_what_is_left_is_the_same_suggestion(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.now += 1
    desk.type("retu")
    assert desk.suggest("rn a + b", at=(1, 8)) == id
    desk.replace((1, 7), (1, 8), "")
    assert desk.suggest("urn a + b", at=(1, 7)) == id
    desk.wait(PATIENCE)
    assert desk.events == ["shown"]
    assert desk.verdicts == []
    assert len(desk.notes.entries) == 1


def test_a_suggestion_of_several_lines_is_typed_along_over_the_line_end(desk: Desk) -> None:
    id = desk.suggest("if a:\n        return b\n    return a")
    desk.type("if a:\n    ")
    desk.wait(PATIENCE)
    assert desk.suggest("    return b\n    return a", at=(2, 4)) == id
    assert desk.events == ["shown"]
    assert desk.notes.labels == {id: True}, "its first line is written"


def test_the_bracket_an_editor_closes_does_not_end_typing_along(desk: Desk) -> None:
    id = desk.suggest("f(a, b)")
    desk.type("f")
    desk.replace((1, 5), (1, 5), "()")
    assert desk.suggest("a, b", at=(1, 6)) == id
    desk.wait(PATIENCE)
    assert desk.events == ["shown"]


def test_seen_and_then_something_else_typed_is_rejected(desk: Desk) -> None:
    desk.suggest("return a + b")
    desk.now += SEEN_AFTER
    desk.type("yield")
    assert desk.events == ["shown"], "the client may still say that it was accepted"
    desk.wait(PATIENCE)
    assert desk.events == ["shown", "rejected"]
    assert desk.verdicts == [False]


def test_what_nobody_could_have_read_was_not_rejected(desk: Desk) -> None:
    desk.suggest("return a + b")
    desk.now += SEEN_AFTER / 2
    desk.type("y")
    desk.wait(PATIENCE)
    assert desk.events == ["shown", "superseded"]
    assert desk.verdicts == []


def test_a_slip_that_is_taken_back_is_no_rejection(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.now += 1
    desk.type("x")
    desk.replace(HERE, (1, 5), "")
    desk.wait(PATIENCE)
    assert desk.suggest("return a + b") == id
    assert desk.events == ["shown"]


def test_an_acceptance_whose_text_the_editor_changed_is_one(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.now += 1
    desk.replace(HERE, HERE, "return (a + b)")
    desk.wait(PATIENCE / 2)
    desk.outcomes.accepted(id, 0)
    desk.wait(PATIENCE)
    assert desk.events == ["shown", "accepted"]


def test_typing_all_of_it_out_is_ignoring_it(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.now += 1
    desk.type("return a + b")
    assert desk.suggest(" + c", at=(1, 16)) != id
    desk.wait(PATIENCE)
    assert desk.events == ["shown", "shown", "ignored"]
    assert desk.verdicts == []


def test_dismissed_is_rejected_at_once_and_once(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.outcomes.dismissed(id)
    desk.outcomes.dismissed(id)
    desk.now += 1
    desk.type("x")
    desk.wait(PATIENCE)
    assert desk.events == ["shown", "rejected"]
    assert desk.verdicts == [False]


def test_dismissing_what_was_typed_out_or_accepted_says_nothing(desk: Desk) -> None:
    id = desk.suggest("ab")
    desk.type("ab")
    desk.outcomes.dismissed(id)
    other = desk.suggest("c", at=(1, 6))
    desk.outcomes.accepted(other, 0)
    desk.outcomes.dismissed(other)
    desk.wait(PATIENCE)
    assert desk.events == ["shown", "shown", "accepted", "ignored"]


@pytest.mark.parametrize("how", ["cursor", "edit", "request"])
def test_moving_away_from_it_is_rejecting_it(desk: Desk, how: str) -> None:
    desk.suggest("return a + b")
    desk.now += 1
    if how == "cursor":
        desk.outcomes.moved(desk.document, (2, 0))
    elif how == "edit":
        desk.outcomes.moved(desk.document, (2, 3))
        desk.type("x", at=(2, 3))
    else:
        desk.suggest("x", at=(2, 3))
    desk.wait(PATIENCE)
    assert desk.events[-1] == "rejected"
    assert desk.events.count("rejected") == 1


def test_the_cursor_on_the_line_of_the_suggestion_is_no_moving_away(desk: Desk) -> None:
    desk.suggest("if a:\n    return b")
    desk.now += 1
    desk.outcomes.moved(desk.document, (2, 0))
    desk.outcomes.moved(desk.document, (1, 0))
    desk.wait(PATIENCE)
    assert desk.events == ["shown"]


def test_another_suggestion_at_the_same_place_supersedes(desk: Desk) -> None:
    first = desk.suggest("return a + b")
    desk.now += 1
    assert desk.suggest("yield") != first
    assert desk.events == ["shown", "superseded", "shown"]
    assert desk.verdicts == []


def test_a_suggestion_the_deadline_cut_grows_into_the_whole_one(desk: Desk) -> None:
    id = desk.suggest("return", partial=True)
    assert desk.suggest("return a + b") == id
    assert desk.notes.entries[id].characters == 12
    assert not desk.notes.entries[id].partial


def test_alternatives_asked_for_by_hand_are_the_same_suggestion(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    assert desk.suggest("return a + b", "yield a") == id
    assert desk.notes.entries[id].alternatives == 2
    desk.replace(HERE, HERE, "yield a")
    desk.outcomes.accepted(id, 1)
    desk.wait(LOOK_AFTER)
    assert desk.events == ["shown", "accepted"]
    assert desk.notes.labels == {id: True}


def test_a_client_that_says_what_it_shows_is_believed(desk: Desk) -> None:
    first = desk.suggest("return a + b")
    desk.outcomes.shown(first)
    desk.outcomes.shown(first)
    desk.now += 1
    second = desk.suggest("yield")
    assert desk.events == ["shown", ("shown", "client"), "superseded"]
    desk.outcomes.shown(second)
    assert desk.events[3:] == [("shown", "client")]


def test_what_such_a_client_did_not_show_has_no_events_but_a_label(desk: Desk) -> None:
    desk.outcomes.shown("none")
    id = desk.suggest("return a + b")
    desk.now += 1
    desk.type("return a + b\n")
    desk.wait(PATIENCE)
    assert desk.events == []
    assert desk.notes.labels == {id: True}


def test_what_is_withheld_is_labelled_and_has_no_events(desk: Desk) -> None:
    placed = Placed(desk.document, HERE, Suggestion(("return a",), "m", 0.1, source="engine"))
    desk.outcomes.withheld(placed, "confidence 0.10 is below 0.30")
    (id,) = desk.notes.entries
    assert desk.notes.entries[id].withheld == "confidence 0.10 is below 0.30"
    desk.type("return a\n")
    desk.wait(LOOK_AFTER)
    assert desk.events == []
    assert desk.notes.labels == {id: True}
    assert desk.verdicts == []


def test_what_was_withheld_may_be_shown_later(desk: Desk) -> None:
    placed = Placed(desk.document, HERE, Suggestion(("return a",), "m", 0.1, source="engine"))
    desk.outcomes.withheld(placed, "quiet")
    desk.type("ret")
    id = desk.suggest("urn a", at=(1, 7))
    assert list(desk.notes.entries) == [id]
    assert desk.notes.entries[id].withheld == ""
    assert desk.events == ["shown"]


def test_parts_add_up_and_leaving_the_rest_is_no_rejection(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.now += 1
    desk.replace(HERE, HERE, "return")
    desk.outcomes.partially_accepted(id, "return a + b", 6)
    desk.replace((1, 10), (1, 10), " a")
    desk.outcomes.partially_accepted(id, "return a + b", 8)
    assert desk.suggest(" + b", at=(1, 12)) == id
    desk.replace((1, 12), (1, 12), " +")
    desk.outcomes.partially_accepted(id, " + b", 2)
    desk.type("x", at=(1, 14))
    desk.wait(PATIENCE)
    assert desk.events == ["shown", ("partial", 6), ("partial", 8), ("partial", 10), "ignored"]
    assert desk.verdicts == [True]


def test_what_was_typed_before_a_part_was_taken_is_not_counted(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.type("retu")
    desk.suggest("rn a + b", at=(1, 8))
    desk.replace((1, 8), (1, 8), "rn")
    desk.outcomes.partially_accepted(id, "rn a + b", 2)
    assert desk.events == ["shown", ("partial", 2)]


def test_a_part_and_then_the_rest_is_one_acceptance(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.outcomes.partially_accepted(id, "return a + b", 6)
    desk.outcomes.accepted(id, 0)
    desk.outcomes.partially_accepted(id, "return a + b", 8)
    assert desk.events == ["shown", ("partial", 6), "accepted"]
    assert desk.verdicts == [True]


@pytest.mark.parametrize(
    ("typed", "label"), [("return a + b\n", True), ("return  a + b\n", True), ("yield\n", False)]
)
def test_the_label_is_what_the_line_reads_when_it_is_left(desk: Desk, typed: str, label: bool) -> None:
    id = desk.suggest("return a + b\n    # done")
    desk.type(typed)
    assert desk.notes.labels == {}
    desk.wait(PATIENCE)
    assert desk.notes.labels == {id: label}


def test_the_label_is_what_the_line_reads_after_half_a_minute(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.type("return a")
    desk.wait(LOOK_AFTER - 1)
    assert desk.notes.labels == {}
    desk.type(" + b", at=(1, 12))
    desk.wait(1)
    assert desk.notes.labels == {id: True}


def test_the_line_is_followed_through_edits_above_it(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.type("return")
    desk.replace((0, 0), (0, 0), "import os\n\n")  # by an action, while the user goes on
    desk.type(" a", at=(3, 10))
    desk.replace((0, 0), (1, 0), "")
    desk.type(" + b", at=(2, 12))
    desk.wait(LOOK_AFTER)
    assert desk.notes.labels == {id: True}
    assert desk.events == ["shown", "ignored"]


def test_a_client_that_sends_whole_texts_is_followed_too() -> None:
    desk = Desk()
    id = desk.suggest("return a + b")
    for text in ("r", "re", "return a + b", "return a + b\n    "):
        before = desk.document.lines
        desk.document.replace_all(TEXT.replace("    \n", f"    {text}\n"))
        desk.outcomes.replaced(desk.document, before)
    desk.wait(PATIENCE)
    assert desk.notes.labels == {id: True}
    assert desk.events == ["shown", "ignored"]


@pytest.mark.parametrize(("left", "survived"), [("return a + b", True), ("return a", True), ("x", False)])
def test_an_accepted_text_is_looked_at_again_after_half_a_minute(
    desk: Desk, left: str, survived: bool
) -> None:
    id = desk.suggest("return a + b")
    desk.replace(HERE, HERE, "return a + b")
    desk.outcomes.accepted(id, 0)
    desk.replace((0, 0), (0, 0), "\n\n")
    desk.replace((3, 4), (3, 16), left)
    assert desk.notes.kept == {}
    desk.wait(LOOK_AFTER)
    assert desk.notes.kept == {id: survived}


def test_what_is_closed_or_ends_with_the_session_has_no_verdict(desk: Desk) -> None:
    first = desk.suggest("return a + b")
    desk.outcomes.closed(desk.document)
    second = desk.suggest("return a + b")
    desk.outcomes.close()
    assert desk.events == ["shown", "ignored", "shown", "ignored"]
    assert desk.notes.labels == {first: False, second: False}
    assert desk.verdicts == []


def test_a_suggestion_looked_at_for_long_can_still_be_accepted(desk: Desk) -> None:
    id = desk.suggest("return a + b")
    desk.wait(10 * LOOK_AFTER)
    assert desk.notes.labels == {id: False}
    desk.replace(HERE, HERE, "return a + b")
    desk.outcomes.accepted(id, 0)
    desk.wait(LOOK_AFTER)
    assert desk.events == ["shown", "accepted"]
    assert desk.notes.labels == {id: True}


def test_nonsense_is_ignored(desk: Desk) -> None:
    desk.outcomes.accepted("none", 0)
    desk.outcomes.dismissed("")
    desk.outcomes.partially_accepted("none", "x", 1)
    id = desk.suggest("return")
    desk.outcomes.partially_accepted(id, "another text altogether", 500)
    desk.outcomes.partially_accepted(id, "return", -3)
    desk.outcomes.accepted(id, 7)
    assert desk.events[-1] == "accepted"


def test_what_is_followed_is_bounded_and_all_of_it_ends(desk: Desk) -> None:
    for number in range(2 * TRACKED):
        desk.suggest(f"text {number}")
    desk.outcomes.close()
    assert len(desk.notes.labels) == 2 * TRACKED
    assert desk.events.count("shown") == desk.events.count("superseded") + 1 == 2 * TRACKED
    assert desk.events[-1] == "ignored"


def test_it_looks_again_by_itself_when_something_is_due() -> None:
    asked: list[float] = []

    class Once:
        def cancel(self) -> None: ...

    def later(delay: float, work: object) -> Once:
        asked.append(delay)
        return Once()

    outcomes = Outcomes(later, clock=lambda: 0.0)
    document = Document("file:///a.py", "python", 1, TEXT)
    outcomes.made(Placed(document, HERE, Suggestion(("return",), "m")))
    assert asked == [pytest.approx(LOOK_AFTER, abs=0.1)]
    outcomes.editing(document, HERE, HERE, "x")
    document.replace(HERE, HERE, "x")
    outcomes.edited(document, 1)
    assert asked[1:] == [pytest.approx(PATIENCE, abs=0.1)]


def test_without_a_ledger_verdicts_are_heard_all_the_same(desk: Desk) -> None:
    desk.outcomes.ledger = None
    desk.outcomes.dismissed(desk.suggest("return"))
    assert desk.verdicts == [False]
