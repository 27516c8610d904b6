"""A prompt that does not fit loses context files first, from the last, down to a share; then text."""

from __future__ import annotations

from inference.tokens import SNIPPET_SHARE, infill_tokens
from inference.types import FimPrompt, Snippet
from tests.scripted_backend import SPECIAL, ScriptedBackend

SNIPPETS = tuple(Snippet(f"{n}.py", f"snippet {n} " + "s" * 60) for n in range(8))


def text(tokens: list[int]) -> str:
    return "".join(chr(t) if t < 256 else SPECIAL[t - 256] for t in tokens)


def test_everything_stays_where_it_fits() -> None:
    made = text(infill_tokens(ScriptedBackend(), FimPrompt("before", "after", "a.py", "", SNIPPETS), 2000))
    assert all(snippet.text in made for snippet in SNIPPETS) and "before" in made and "after" in made


def test_context_files_keep_a_share_the_first_ones() -> None:
    prompt = FimPrompt("p" * 5000 + "end", "a" * 500, "a.py", "", SNIPPETS)
    made = text(infill_tokens(ScriptedBackend(), prompt, 1000))
    kept = [n for n, snippet in enumerate(SNIPPETS) if snippet.text in made]
    assert kept == [0, 1, 2]
    assert sum(len(SNIPPETS[n].text) for n in kept) <= 1000 * SNIPPET_SHARE
    assert len(made) >= 700 and "pppend" in made and "aaa" in made
    assert len(infill_tokens(ScriptedBackend(), prompt, 1000)) <= 1000


def test_no_more_of_them_go_than_must() -> None:
    for size in range(0, 1200, 50):
        prompt = FimPrompt("p" * size, "", "a.py", "", SNIPPETS)
        made = text(infill_tokens(ScriptedBackend(), prompt, 1000))
        kept = sum(snippet.text in made for snippet in SNIPPETS)
        one_more = FimPrompt("p" * size, "", "a.py", "", SNIPPETS[: kept + 1])
        longer = len(infill_tokens(ScriptedBackend(), one_more, 100_000))
        assert kept == len(SNIPPETS) or longer > 1000


def test_typing_leaves_the_context_files_as_they_are() -> None:
    prompts = (FimPrompt("p" * size, "after", "a.py", "", SNIPPETS) for size in range(2000, 2100))
    made = {
        text(infill_tokens(ScriptedBackend(), prompt, 1000)).partition("<|fim_suffix|>")[0]
        for prompt in prompts
    }
    assert len(made) == 1
