"""What stands before an answer, family by family: thoughts closed at once, or the channel that answers go to.

A model that may think first would do so inside what a schema allows, or at length where nobody waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass

GENERATION = "add_generation_prompt"
"""After its last mention a template writes what the assistant's turn begins with."""


@dataclass(frozen=True, slots=True)
class Family:
    """Models whose answers begin alike."""

    name: str
    template: tuple[str, ...]
    """Strings that stand in the family's chat templates."""
    beginning: tuple[str, ...] = ()
    """Strings that stand where the templates begin the assistant's turn."""
    opening: str = ""
    closing: str = ""


FAMILIES = (
    Family("gpt-oss", ("<|channel|>", "<|start|>"), closing="<|channel|>final<|message|>"),
    Family("gemma 4", ("<|turn>",), ("<|channel>",), "<|channel>thought\n", "<channel|>"),
    Family("smollm 3", ("/no_think",), ("<think>",), "<think>\n", "\n</think>\n"),
    Family("glm 4.5", ("[gMASK]",), ("</think>",), "\n<think>", "</think>\n"),
    Family("deepseek 3.1", ("<｜Assistant｜>", "thinking"), ("</think>",), "", "</think>"),
    Family("qwen 3, deepseek r1", (), ("<think>",), "<think>\n", "\n</think>\n\n"),
)
"""The first that fits counts; models of other families begin with the answer. After the templates in the
models' own repositories, as they write a turn where thinking is switched off."""


def family_of_template(template: str) -> Family | None:
    """Return the family a chat template is of, if its answers begin with anything."""
    beginning = template.rpartition(GENERATION)[2]
    for family in FAMILIES:
        if all(text in template for text in family.template) and all(
            text in beginning for text in family.beginning
        ):
            return family
    return None


def lead(template: str, begun: str) -> str:
    """Return what is still to be written before an answer.

    `begun` is what the rendered template ends with, after the last turn's content.
    """
    family = family_of_template(template)
    if family is None or family.closing.strip() in begun:
        return ""
    opened = bool(family.opening) and begun.rstrip().endswith(family.opening.strip())
    return family.closing if opened else family.opening + family.closing
