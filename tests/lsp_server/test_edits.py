"""What an edit was is read off the edit: keys, a deletion, a paste, an undo, an accepted suggestion."""

from __future__ import annotations

from inference.quiet import Change
from lsp_server.documents import Document
from lsp_server.edits import Edits, edit


class Session:
    def __init__(self, text: str) -> None:
        self.now = 0.0
        self.document = Document("file:///a.py", "python", 1, text)
        self.edits = Edits(lambda: self.now)

    def change(
        self, *edits: tuple[tuple[int, int], tuple[int, int], str], suggested: tuple[str, ...] = ()
    ) -> None:
        made = []
        for start, end, text in edits:
            made.append(edit(self.document, start, end, text))
            self.document.replace(start, end, text)
        self.edits.made(self.document, made, suggested)

    @property
    def kind(self) -> str:
        change = self.edits.last(self.document)
        return change.kind if change else "nothing"


def test_before_any_edit_nothing_is_known() -> None:
    assert Session("x\n").edits.last(Session("x\n").document) is None


def test_keys_and_deletions() -> None:
    session = Session("x = 1\n")
    session.change(((0, 5), (0, 5), "2"))
    assert session.kind == "typed"
    session.change(((0, 5), (0, 6), ""))
    assert session.kind == "deleted"


def test_keys_that_come_together_are_keys() -> None:
    session = Session("def f():\n    \n")
    session.change(*(((1, 4 + at), (1, 4 + at), key) for at, key in enumerate("retu")))
    assert session.kind == "typed"
    session.change(((1, 8), (1, 8), "\n"), ((2, 0), (2, 0), "    "), ((2, 4), (2, 4), "x"))
    assert session.kind == "typed"


def test_keys_that_come_together_over_what_stands_there_are_keys() -> None:
    session = Session("x = 12\n")
    session.change(((0, 4), (0, 5), "3"), ((0, 5), (0, 6), "4"))
    assert session.kind == "typed"


def test_keys_and_backspaces_that_come_together_are_typing_or_a_deletion_by_what_is_left() -> None:
    session = Session("x = 12\n")
    session.change(
        ((0, 6), (0, 6), "3"), ((0, 7), (0, 7), "0"), ((0, 7), (0, 8), ""), ((0, 7), (0, 7), "4")
    )  # fmt: skip
    assert session.kind == "typed"
    session.change(
        ((0, 8), (0, 8), "5"), ((0, 8), (0, 9), ""), ((0, 7), (0, 8), ""), ((0, 5), (0, 7), "")
    )  # fmt: skip
    assert session.kind == "deleted"
    assert session.document.lines[0] == "x = 1\n"
    session.change(((0, 5), (0, 5), "a"), ((0, 4), (0, 6), ""), ((0, 4), (0, 4), "9"))
    assert session.kind == "typed"


def test_typing_on_behind_a_key_typed_again_is_no_undo() -> None:
    session = Session("x = 1\n")
    session.change(((0, 4), (0, 5), ""))
    session.change(((0, 4), (0, 4), "1"), ((0, 5), (0, 5), "0"))
    assert session.kind == "typed"


def test_keys_that_came_together_are_undone_as_one() -> None:
    session = Session("x = \n")
    session.change(((0, 4), (0, 4), "a"), ((0, 5), (0, 5), "b"))
    session.change(((0, 4), (0, 6), ""))
    assert session.kind == "restored"


def test_edits_at_several_places_are_no_typing_though_each_is_one_key() -> None:
    session = Session("ab\nab\n")
    session.change(((0, 1), (0, 1), "x"), ((1, 1), (1, 1), "x"))
    assert session.kind == "elsewhere"
    session.change(((0, 0), (0, 0), "y"), ((0, 2), (0, 2), "y"))
    assert session.kind == "elsewhere"


def test_a_block_at_once_is_a_paste_and_taking_it_away_again_an_undo() -> None:
    session = Session("x = 1\n")
    block = "y = 2\n" * 10
    session.change(((1, 0), (1, 0), block))
    assert session.kind == "pasted"
    session.change(((1, 0), (11, 0), ""))
    assert session.kind == "restored"


def test_an_undone_word_is_an_undo_and_a_backspaced_character_is_none() -> None:
    session = Session("x = value\n")
    session.change(((0, 4), (0, 9), ""))
    session.change(((0, 4), (0, 4), "value"))
    assert session.kind == "restored"
    session.change(((0, 9), (0, 9), "s"))
    session.change(((0, 9), (0, 10), ""))
    assert session.kind == "deleted"


def test_an_accepted_suggestion_is_typing_however_long_it_is() -> None:
    suggestion = "if a:\n" + "    b()\n" * 20
    session = Session("\n")
    session.change(((0, 0), (0, 0), suggestion), suggested=(suggestion,))
    assert session.kind == "typed"


def test_several_places_at_once() -> None:
    session = Session("a\na\n")
    session.change(((0, 0), (0, 1), "bc"), ((1, 0), (1, 1), "bc"))
    assert session.kind == "elsewhere"


def test_how_long_ago_it_was() -> None:
    session = Session("x\n")
    session.change(((0, 1), (0, 1), "y"))
    session.now = 3.0
    assert session.edits.last(session.document) == Change("typed", 3.0)


def test_a_forgotten_document_has_no_last_edit() -> None:
    session = Session("x\n")
    session.change(((0, 1), (0, 1), "y"))
    session.edits.forget(session.document)
    assert session.kind == "nothing"
