"""A conversation laid out by a model's own chat template: frames as text, contents apart from them.

Contents go through the template as marks, so that its special tokens are special and a content that spells
one is not. Nothing of a template is used but how it frames turns.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from jinja2 import Template

log = logging.getLogger(__name__)

Turns = Sequence[tuple[str, str]]
"""(role, content) of a conversation."""
Frame = Callable[[Turns], str | None]
"""Writes a conversation down; None where it cannot."""
MARK = "\u2402{}\u2403"
"""Stands for a content by its number."""
_MARKS = re.compile("\u2402([0-9]+)\u2403")


def laid_out(turns: Turns, frames: Sequence[Frame]) -> tuple[list[tuple[str, str]], str] | None:
    """Return (frame, content) pairs and the frame after the last content, by the first that writes all turns.

    Where none does, the system's text goes into the first turn of the user: not every template knows that
    role. None where no template frames this conversation.
    """
    for tried in dict.fromkeys((tuple(turns), without_system(turns))):
        marked = [(role, MARK.format(number)) for number, (role, _) in enumerate(tried)]
        for frame in frames:
            parts = _MARKS.split(frame(marked) or "")
            if {int(number) for number in parts[1::2]} == set(range(len(tried))):
                pairs = zip(parts[::2], parts[1::2], strict=False)
                return [(text, tried[int(number)][1]) for text, number in pairs], parts[-1]
    return None


def without_system(turns: Turns) -> tuple[tuple[str, str], ...]:
    """Return a conversation with the system's text at the beginning of the user's first."""
    said = "\n\n".join(content for role, content in turns if role == "system")
    rest = [(role, content) for role, content in turns if role != "system"]
    first = next((number for number, (role, _) in enumerate(rest) if role == "user"), None)
    if not said:
        return tuple(rest)
    if first is None:
        return (("user", said), *rest)
    rest[first] = ("user", f"{said}\n\n{rest[first][1]}")
    return tuple(rest)


def rendered(template: str, turns: Turns, bos: str, eos: str) -> str | None:
    """Return a conversation as a Jinja template writes it, without tools or thoughts; None where it fails."""
    messages = [{"role": role, "content": content} for role, content in turns]
    try:
        return _compiled(template).render(
            messages=messages,
            add_generation_prompt=True,
            bos_token=bos,
            eos_token=eos,
            enable_thinking=False,
        )
    except Exception as error:  # a template is a program of others: whatever it raises, it frames nothing
        log.debug("The chat template cannot frame this conversation: %s", error)
        return None


@lru_cache(maxsize=4)
def _compiled(template: str) -> Template:
    """Return a template, with what transformers (utils/chat_template_utils.py) gives templates."""
    import json

    from jinja2.exceptions import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> NoReturn:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = lambda value, **options: json.dumps(
        value, ensure_ascii=False, indent=options.get("indent")
    )
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return environment.from_string(template)
