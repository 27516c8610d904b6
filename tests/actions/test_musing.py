"""A model's thoughts are no comments; the user's comments, and those that speak of the code, stay."""

from __future__ import annotations

import pytest

from actions.draft import drafted
from actions.musing import without_musing
from tests.actions.test_draft import task

BEFORE = "def add(a, b):\n    # Wait, this was always wrong.\n    return a - b\n"


@pytest.mark.parametrize(
    ("language", "text", "kept"),
    [
        (
            "python",
            "def f(a):\n    # Wait, the test expects 3.\n    # So the sign has to change.\n    return -a\n",
            "def f(a):\n    return -a\n",
        ),
        ("python", "x = 1  # I think this is right\ny = 2\n", "x = 1\ny = 2\n"),
        ("python", "x = 1  # Hmm... é\ny = 'é'  # let me see\n", "x = 1\ny = 'é'\n"),
        (
            "typescript",
            "// Let me fix the sign.\nexport const f = (a: number) => -a; // Actually, plus?\n",
            "export const f = (a: number) => -a;\n",
        ),
        ("go", "package a\n\n/* Okay, so\n   I should add. */\nfunc F() {}\n", "package a\n\nfunc F() {}\n"),
        ("rust", "// The task says to double.\nfn f() {}\n", "fn f() {}\n"),
    ],
)
def test_thoughts_go(language: str, text: str, kept: str) -> None:
    assert without_musing(text, "", language) == kept


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "# Wait for the lock, then write.\nx = 1\n"),
        ("python", "# First come, first served.\nx = 1\n"),
        ("python", "# No retries: the caller does them.\nx = 1\n"),
        ("python", "# Now the other half.\nx = 1  # seconds\n"),
        ("python", "# We need to hold the lock here.\nx = 1\n"),
        ("python", "x = '# let me see'\n"),
        ("python", "# I18n of the message.\nx = 1\n"),
        ("javascript", "// The user wants to leave: ask first.\nleave();\n"),
        ("javascript", "/** Let the caller decide. */\nleave();\n"),
        ("plaintext", "# let me see\n"),
    ],
)
def test_comments_on_the_code_stay(language: str, text: str) -> None:
    assert without_musing(text, "", language) == text


def test_what_the_user_wrote_stays() -> None:
    text = BEFORE.replace("a - b", "a + b  # I think so")
    assert without_musing(text, BEFORE, "python") == BEFORE.replace("a - b", "a + b")


def test_drafts_come_without_them() -> None:
    answer = "```python\ndef add(a, b):\n    # Hmm, it should add.\n    return a + b\n```"
    [text] = drafted(task(), answer).texts.values()
    assert "Hmm" not in text and "    return a + b\n" in text


def test_a_draft_of_nothing_but_thoughts_changes_nothing() -> None:
    answer = "```python\ndef add(a, b):\n    # Hmm, I think it is right.\n    return a - b\n```"
    assert drafted(task(), answer).reason == "the model changed nothing"
