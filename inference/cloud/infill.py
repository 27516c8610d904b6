"""A completion asked of a model that only chats: the request, and what of its answer belongs at the cursor.

Such a model likes to write a fence round its answer, to begin the line anew, and to go on with what already
stands after the cursor.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator
from dataclasses import replace

from inference.cloud.types import Delta, Deltas
from inference.lines import plain_line_ends
from inference.outbound.request import OutboundTask, Part
from inference.overlap import until_suffix
from inference.types import FimPrompt

INSTRUCTIONS = """\
You complete source code at a cursor. The user gives you a file in two pieces, what stands before the cursor
and what stands after it, and perhaps excerpts of other files of the same project.
Write what is missing between the two pieces, and nothing else: no explanation, no code fence, nothing that
already stands before or after the cursor. Begin in the middle of the line if the cursor is there. Indent as
the file does. Use the names that the excerpts show, and none you would have to invent. Stop where the missing
piece is complete: the rest of a statement or of a block, and rarely more than a function.
A word like <API_KEY_1> stands for a value you are not shown; write it as it is where you need that value."""
FENCE = re.compile(r"^[ \t]*(?:```|~~~)([^\n`]*)$", re.MULTILINE)
MOST_PREAMBLE = 3
"""Lines a model may say before its fence."""
SHORTEST = 3
"""Characters of a line that count as its beginning being written anew."""


def infill_task(prompt: FimPrompt, project: str, language: str = "") -> OutboundTask:
    """Return the task of filling in a prompt. `project` is the workspace's path.

    What changes least stands first, for the provider's prompt cache: instructions, other files, this one.
    """
    parts = []
    for snippet in prompt.snippets:
        text = f"Excerpt of {_named(snippet.path)}:\n{snippet.text.rstrip()}\n\n"
        parts.append(Part("snippet", text, snippet.path, stable=True))
    name = " ".join(filter(None, (_named(prompt.path), f"({language})" if language else "")))
    text = (
        f"The file {name}, after the cursor:\n<after>{prompt.suffix}</after>\n\n"
        f"The same file, before the cursor:\n<before>{prompt.prefix}</before>\n\n"
        "Write what is missing at the cursor, right behind the last character before it."
    )
    return OutboundTask(project, "completion", INSTRUCTIONS, (*parts, Part("buffer", text, prompt.path)))


def _named(path: str) -> str:
    """Return a path as a request names it: what lies outside the project by its name alone."""
    outside = path.startswith(("/", "~", "\\")) or ":" in path[:3]
    return re.split(r"[/\\]", path)[-1] if outside else path


async def infilled(answer: Deltas, prompt: FimPrompt) -> AsyncGenerator[Delta, None]:
    """Yield what of an answer belongs at the cursor, in whole lines; the last delta has what `answer`'s has.

    What comes behind that is read all the same: a call that is broken off costs money too, and then nobody
    knows how much.
    """
    raw, given = "", ""
    async with contextlib.aclosing(answer) as deltas:
        async for delta in deltas:
            raw += delta.text
            if delta.finish:
                whole = fitting(raw, prompt.prefix, prompt.suffix)
                yield replace(delta, text=whole[len(given) :] if whole.startswith(given) else "")
                return
            ready = _surely(raw, prompt)
            if len(ready) > len(given) and ready.startswith(given):
                yield Delta(ready[len(given) :])
                given = ready


def fitting(answer: str, prefix: str, suffix: str) -> str:
    """Return what of a whole answer belongs between `prefix` and `suffix`; empty where nothing does."""
    text = _without_fence(plain_line_ends(answer))
    text = _without_repeat(text, prefix.rpartition("\n")[2])
    text = _until(text, plain_line_ends(suffix))
    if not text.strip():
        return ""
    return text.rstrip("\n") if suffix.startswith(("\n", "\r")) or not suffix else text


def _surely(raw: str, prompt: FimPrompt) -> str:
    """Return the whole lines of an answer's beginning that are sure to stay as they are."""
    lines = raw.split("\n")[:-1]
    if len(lines) <= MOST_PREAMBLE:  # a fence may still come
        return ""
    while lines and not lines[-1].strip():  # may be the end
        lines.pop()
    return fitting("\n".join(lines), prompt.prefix, prompt.suffix + "\n") if lines else ""


def _without_fence(text: str) -> str:
    """Return what stands inside an answer's fence, where it has one round its code."""
    fences = list(FENCE.finditer(text))
    if not fences:
        return text
    first, *more = fences
    said = text[: first.start()]
    if not said.strip() or (said.count("\n") <= MOST_PREAMBLE and _prose(said)):
        end = next((fence.start() for fence in more if not fence[1].strip()), len(text))
        return text[first.end() + 1 : end].removesuffix("\n")
    if not more and not first[1].strip():
        return said  # the end of a fence that was never begun
    return text  # code that holds a fence: documentation


def _prose(said: str) -> bool:
    return said.rstrip().endswith((":", ".")) and not re.search(r"[;{}=()]", said)


def _without_repeat(text: str, line: str) -> str:
    """Return an answer without the beginning of the cursor's line, if it begins with that."""
    if not line.strip():
        return text.removeprefix(line) if line else text
    begun, lead = line.strip(), text.lstrip()
    if len(begun) < SHORTEST or not lead.startswith(begun):
        return text
    rest = lead[len(begun) :]
    return rest.lstrip(" \t") if line[-1].isspace() else rest


def _until(text: str, suffix: str) -> str:
    """Return an answer up to where it begins to write what stands after the cursor."""
    text = until_suffix(text, suffix)
    here, _, below = suffix.partition("\n")
    following = next((line.rstrip() for line in below.split("\n") if line.strip()), "")
    first, *rest = text.split("\n")
    kept = [first]
    for line in rest:
        if following and line.rstrip() == following and not (here.strip() and len(kept) == 1):
            return "\n".join(kept)
        kept.append(line)
    return text
