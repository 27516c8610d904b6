"""Fill-in-the-middle prompts by model family: which special tokens, in which order, after which context.

One table serves both ends: the engine turns a layout into token ids, the HTTP client turns it into text for
servers that tokenise themselves. Formats: the families' model cards and reference prompts (see
docs/models.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from inference.types import FimPrompt


class Special(str):
    """A special token by its text; everything else in a layout is ordinary text."""

    __slots__ = ()


Part = str | Special


@dataclass(frozen=True)
class FimFormat:
    """How one family wants a prompt."""

    prefix: str
    suffix: str
    middle: str
    """Empty where the family has no middle token: generation continues the prefix."""
    order: Literal["prefix-first", "suffix-first"] = "prefix-first"
    repository: str = ""
    """Token before the repository's name; empty: the family has none."""
    file: str = ""
    """Token before each file of the repository."""
    header: str = ""
    """Where there is no file token: a text line put before each context file, with {path}."""
    ends: tuple[str, ...] = ()
    """Tokens that end the middle besides the vocabulary's own end tokens."""
    padded: bool = False
    """CodeLlama: a space follows the prefix token and precedes the suffix and middle tokens."""
    heal: bool = False
    """It was never trained on words cut in two, so the unfinished one is taken back (healing.py)."""
    path_in_prefix: bool = False
    """StarCoder 2: the path line of the current file stands inside the prefix."""

    def layout(self, prompt: FimPrompt) -> list[Part]:
        """Order the parts of a prompt: what is stable first, what changes with each keystroke last."""
        parts: list[Part] = []
        if self.repository and prompt.repository:
            parts += [Special(self.repository), prompt.repository + ("" if self.path_in_prefix else "\n")]
        for snippet in prompt.snippets:
            parts += self._file(snippet.path, snippet.text.rstrip("\n") + "\n")
        head = ""
        if self.file and prompt.path and (prompt.repository or prompt.snippets):
            if self.path_in_prefix:
                parts.append(Special(self.file))
                head = prompt.path + "\n"
            else:
                parts += [Special(self.file), prompt.path + "\n"]
        elif self.header and prompt.snippets:
            head = self.header.format(path=prompt.path) + "\n"
        space = " " if self.padded else ""
        before: list[Part] = [Special(self.prefix), space + head + prompt.prefix]
        after: list[Part] = [space, Special(self.suffix), prompt.suffix]
        parts += before + after if self.order == "prefix-first" else after + before
        if self.middle:
            parts += [space, Special(self.middle)]
        return [part for part in parts if part]

    def _file(self, path: str, text: str) -> list[Part]:
        if self.file:
            return [Special(self.file), f"{path}\n{text}"]
        return [self.header.format(path=path) + "\n" + text] if self.header else []

    def render(self, prompt: FimPrompt) -> str:
        """The prompt as one string, for a server that tokenises it with special tokens enabled."""
        return "".join(self.layout(prompt))

    def tokens(self) -> tuple[str, ...]:
        """Every special token a prompt of this family may hold."""
        named = (self.prefix, self.suffix, self.middle, self.repository, self.file, *self.ends)
        return tuple(token for token in named if token)

    def has(self, known: Callable[[str], bool]) -> bool:
        """Whether a vocabulary knows the tokens without which this format cannot be written."""
        return all(known(token) for token in (self.prefix, self.suffix, self.middle) if token)

    def without_unknown(self, known: Callable[[str], bool]) -> FimFormat:
        """The same format less the optional tokens a vocabulary lacks."""
        return replace(
            self,
            repository=self.repository if known(self.repository) else "",
            file=self.file if known(self.file) else "",
            ends=tuple(token for token in self.ends if known(token)),
        )


_QWEN = FimFormat(
    "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>",
    repository="<|repo_name|>", file="<|file_sep|>",
    ends=("<|fim_pad|>", "<|endoftext|>", "<|im_end|>"),
)  # fmt: skip
_STARCODER2 = FimFormat(
    "<fim_prefix>", "<fim_suffix>", "<fim_middle>",
    repository="<repo_name>", file="<file_sep>", path_in_prefix=True, ends=("<|endoftext|>",),
)  # fmt: skip

FORMATS: dict[str, FimFormat] = {
    # Trained in both orders. Suffix-first, with nothing between the prefix and what follows, evaluates only
    # what was typed and keeps what was accepted.
    "nearside": replace(
        _QWEN, order="suffix-first", middle="", heal=True, ends=(*_QWEN.ends, "<|fim_middle|>")
    ),
    "qwen": _QWEN,
    "codegemma": FimFormat(
        "<|fim_prefix|>",
        "<|fim_suffix|>",
        "<|fim_middle|>",
        file="<|file_separator|>",
        ends=("<|endoftext|>",),
    ),
    "granite4": FimFormat(
        "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", ends=("<|fim_pad|>", "<|end_of_text|>")
    ),
    "starcoder2": _STARCODER2,
    "starcoder": FimFormat(
        "<fim_prefix>", "<fim_suffix>", "<fim_middle>", ends=("<fim_pad>", "<|endoftext|>")
    ),
    "granite": FimFormat("<fim_prefix>", "<fim_suffix>", "<fim_middle>", ends=("<fim_pad>", "<|endoftext|>")),
    "santacoder": FimFormat("<fim-prefix>", "<fim-suffix>", "<fim-middle>", ends=("<|endoftext|>",)),
    "deepseek": FimFormat("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", header="#{path}"),
    "codellama": FimFormat("<PRE>", "<SUF>", "<MID>", ends=("<EOT>",), padded=True),
    "codestral": FimFormat("[PREFIX]", "[SUFFIX]", "", order="suffix-first", header="+++++ {path}"),
    "seed-coder": FimFormat("<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>", order="suffix-first"),
}

_FAMILIES: tuple[tuple[str, str], ...] = (
    # The first pattern found in a model's name decides; longer names come before the shorter in them.
    (r"nearside", "nearside"),
    (r"qwen", "qwen"),
    (r"codegemma", "codegemma"),
    (r"granite[-_. ]?4", "granite4"),
    (r"granite", "granite"),
    (r"starcoder[-_ ]?2", "starcoder2"),
    (r"santacoder", "santacoder"),
    (r"starcoder", "starcoder"),
    (r"deepseek", "deepseek"),
    (r"code[-_ ]?llama", "codellama"),
    (r"codestral", "codestral"),
    (r"seed[-_ ]?coder", "seed-coder"),
)


def family_of(name: str) -> str | None:
    """The family a model's name speaks of, or None."""
    return next((family for pattern, family in _FAMILIES if re.search(pattern, name, re.IGNORECASE)), None)


def choose(name: str, known: Callable[[str], bool]) -> tuple[str, FimFormat] | None:
    """The format for a model by its name and vocabulary, or None if it cannot fill in the middle.

    The vocabulary has the last word: a name that promises tokens the vocabulary lacks is not believed.
    """
    named = family_of(name)
    order = ([named] if named else []) + [family for family in FORMATS if family not in (named, "nearside")]
    for family in order:
        if FORMATS[family].has(known):
            return family, FORMATS[family].without_unknown(known)
    return None
