"""Code in what a model wrote: fenced blocks, and what tells that an answer holds none that can be used."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

FENCE = re.compile(r"^(?P<indent> {0,3})(?P<marks>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
THOUGHTS = re.compile(r"<(think|thinking|reasoning)>.*?</\1>[ \t]*\n?", re.DOTALL | re.IGNORECASE)
OPEN_THOUGHT = re.compile(r"<(?:think|thinking|reasoning)>.*\Z", re.DOTALL | re.IGNORECASE)
CLOSED_THOUGHT = re.compile(r"\A.*?</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
PATH = re.compile(r"[\w.+@-]+(?:[/\\][\w.+@ -]+)*\.\w{1,10}")
"""What looks like a file's name or path, in an info string or in the line above a block."""
TITLE = re.compile(rf"[#*`\s]*(?:file:?\s*)?[`*]*({PATH.pattern})[`*:\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block, without its fences; the text ends with a line's end unless it is empty."""

    text: str
    language: str = ""
    """The info string's first word, in lower case, unless it is a path."""
    path: str = ""
    """The file it is for, where the answer says so."""
    closed: bool = True
    """The answer did not end inside of it."""


def without_thoughts(answer: str) -> str:
    """Return an answer without the model's reasoning; all after an opening tag that never closes is such."""
    answer = THOUGHTS.sub("", answer)
    if not OPEN_THOUGHT.search(answer):  # some templates open the thought in the prompt
        answer = CLOSED_THOUGHT.sub("", answer)
    return OPEN_THOUGHT.sub("", answer)


def blocks(answer: str) -> list[Block]:
    """Return all fenced blocks of an answer.

    A fence with an info string inside a block opens one within it (a docstring that shows Markdown), whose
    end does not end the outer block.
    """
    found: list[Block] = []
    lines: list[str] = []
    marks, indent, depth, above = "", "", 0, ""
    head = Block("")
    for line in without_thoughts(answer).replace("\r\n", "\n").split("\n"):
        fence = FENCE.match(line)
        if not marks:
            if fence:
                marks, indent, depth, lines = fence["marks"], fence["indent"], 0, []
                head = _head(fence["info"].strip(), above)
            elif line.strip():
                above = line.strip()
            continue
        if fence and fence["marks"][0] == marks[0]:
            info = fence["info"].strip()
            if info:
                depth += 1
            elif depth:
                depth -= 1
            elif len(fence["marks"]) >= len(marks):
                found.append(replace(head, text=_text(lines)))
                marks, above = "", ""
                continue
        lines.append(line.removeprefix(indent))
    if marks:
        while lines and not lines[-1].strip():
            lines.pop()
        found.append(replace(head, text=_text(lines), closed=False))
    return found


def _head(info: str, above: str) -> Block:
    word, _, rest = info.partition(" ")
    path = next((text for text in (rest.strip(), word) if PATH.fullmatch(text)), "")
    if not path and (named := TITLE.fullmatch(above)):
        path = named[1]
    language = "" if PATH.fullmatch(word) else word.lower().strip("{}.")
    return Block("", language, path.replace("\\", "/"))


def _text(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Code:
    """The code an answer gives for one place, or why there is none."""

    text: str = ""
    reason: str = ""


def code_for(answer: str, path: str, name: str = "") -> Code:
    """Return the one block that can be meant for `path`; `name` is the symbol it should define.

    An answer without fences is never taken for code: it may be prose.
    """
    found = blocks(answer)
    if not found:
        words = without_thoughts(answer).strip()
        return Code(reason="the model wrote no code, only words" if words else "the model wrote nothing")
    mine = [block for block in found if not block.path or _same(block.path, path)]
    if not mine:
        return Code(reason=f"the model wrote {found[0].path}, not {path}")
    whole = [block for block in mine if block.closed and block.text.strip()]
    if not whole:
        lack = "its code is empty" if mine[-1].closed else "the answer ended in the middle of its code"
        return Code(reason=lack)
    named = [block for block in whole if name and re.search(rf"\b{re.escape(name)}\b", block.text)]
    return Code(text=(named or whole)[-1].text if len(named) != 1 else named[0].text)


def _same(given: str, path: str) -> bool:
    """Tell whether a model that wrote `given` can mean `path`: the whole of it, or its last parts."""
    given = given.removeprefix("./")
    return path == given or path.endswith("/" + given) or given.endswith("/" + path)
