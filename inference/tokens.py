"""A FIM prompt as token ids that fit the context, cut so that the cut moves rarely and the KV cache stays
useful.
"""

from __future__ import annotations

from dataclasses import replace

from inference.backend import Backend
from inference.fim import Special
from inference.types import CannotInfill, EngineRefused, FimPrompt

CUT_STEP = 256
"""The prefix loses its beginning in steps of this many tokens: most keystrokes then leave the cut where it
is.
"""
SNIPPET_SHARE = 0.25
"""Of the context, what context files may keep where not everything fits; the last of them go first."""
SUFFIX_SHARE = 0.25
"""Most of the context a suffix may take; llama.cpp's /infill keeps the same three to one."""


def infill_tokens(backend: Backend, prompt: FimPrompt, room: int) -> list[int]:
    """Token ids of a prompt, at most `room`: context files are cut to their share, then suffix, then prefix.

    Raises CannotInfill where the model has no FIM tokens, EngineRefused where nothing useful would fit.
    """
    if backend.format is None:
        name = backend.description.name
        raise CannotInfill(
            f"No completion: {name} has no fill-in-the-middle tokens, so it cannot complete at the cursor. "
            'Set model.completion to a FIM model (for example "qwen2.5-coder-1.5b") or to "auto".'
        )
    while len(tokens := _encode(backend, prompt)) > room and prompt.snippets:
        if len(_encode(backend, replace(prompt, prefix="", suffix=""))) <= room * SNIPPET_SHARE:
            break
        prompt = replace(prompt, snippets=prompt.snippets[:-1])
    if len(tokens) <= room:
        return tokens
    bare = replace(prompt, prefix="", suffix="")
    frame = len(_encode(backend, bare))
    prefix, suffix = backend.tokenize(prompt.prefix), backend.tokenize(prompt.suffix)
    free = room - frame
    if free < 16:
        raise EngineRefused(
            f"The request was not answered: a context of {room} tokens is too small. Raise model.context."
        )
    suffix = suffix[: max(int(free * SUFFIX_SHARE), free - len(prefix))]
    over = len(prefix) + len(suffix) - free
    if over > 0:
        step = min(CUT_STEP, max(1, free // 4))
        prefix = prefix[-(-over // step) * step :]
    return _encode(backend, bare, {"prefix": prefix, "suffix": suffix})


def _encode(backend: Backend, prompt: FimPrompt, given: dict[str, list[int]] | None = None) -> list[int]:
    """Ids of every part; `given` puts ready ids after the prefix and suffix tokens in place of text."""
    form = backend.format
    assert form is not None
    ids = backend.start_tokens()
    for part in form.layout(prompt):
        if not isinstance(part, Special):
            ids += backend.tokenize(part)
            continue
        token = backend.special(part)
        assert token is not None  # choose() kept only formats whose tokens the vocabulary has
        ids.append(token)
        if given and part == form.prefix:
            ids += given["prefix"]
        elif given and part == form.suffix:
            ids += given["suffix"]
    return ids
