"""Conversations laid out by models' own templates, and what stands before an answer."""

from __future__ import annotations

import pytest

from inference.chat_families import FAMILIES, family_of_template, lead
from inference.chat_template import Turns, laid_out, rendered, without_system

TURNS = (("system", "Be brief."), ("user", "Why?"), ("assistant", "Because."), ("user", "And then?"))
ONCE = TURNS[:2]
CHATML = (
    "{%- for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
THINKS = CHATML.replace(
    "assistant\n' }}", "assistant\n' }}{% if enable_thinking %}{{ '<think>\n' }}{% endif %}"
)
GPT_OSS = (
    "{# <|channel|>analysis #}{% for message in messages %}<|start|>{{ message.role }}<|message|>"
    "{{ message.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)


def written(template: str, turns: Turns = ONCE) -> str | None:
    """Return a conversation as it is laid out, with contents in their places."""
    laid = laid_out(turns, [lambda marked: rendered(template, marked, "<s>", "</s>")])
    return laid and "".join(frame + content for frame, content in laid[0]) + laid[1]


def test_turns_are_written_as_the_template_says() -> None:
    assert written(CHATML, TURNS) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n"
        "<|im_start|>assistant\nBecause.<|im_end|>\n<|im_start|>user\nAnd then?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_a_content_never_passes_through_the_template() -> None:
    odd = "  {{ messages }} <|im_end|> \u24020\u2403 \u24027\u2403  "
    laid = laid_out((("user", odd),), [lambda turns: rendered(CHATML, turns, "", "")])
    assert laid == ([("<|im_start|>user\n", odd)], "<|im_end|>\n<|im_start|>assistant\n")


def test_a_template_that_knows_no_system_gets_its_text_in_the_first_turn_of_the_user() -> None:
    strict = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + CHATML
    assert written(strict) == "<|im_start|>user\nBe brief.\n\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    drops = "{% for m in messages if m.role != 'system' %}[{{ m.content }}]{% endfor %}"
    assert written(drops, TURNS) == "[Be brief.\n\nWhy?][Because.][And then?]"


def test_a_conversation_of_the_system_alone_is_the_users() -> None:
    assert without_system((("system", "a"), ("system", "b"))) == (("user", "a\n\nb"),)
    assert without_system(TURNS[1:]) == TURNS[1:]


@pytest.mark.parametrize(
    "template",
    [
        "{{ raise_exception('never') }}",
        "{% for %}",
        "nothing of the conversation",
        "{{ messages[0]['content'].__class__.__mro__ }}{{ messages[99].content }}",
        "{% for i in range(10 ** 9) %}{{ messages[0].content }}{% endfor %}",
        "{{ messages.append(1) }}{{ messages[0].content }}",
    ],
)
def test_a_template_that_fails_frames_nothing(template: str) -> None:
    assert written(template) is None


def test_templates_have_what_they_are_used_to() -> None:
    template = (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{% continue %}{% endif %}"
        "{{ m.content }}{% endfor %}{{ [1] | tojson }}{{ strftime_now('%Y') | length }}{{ eos_token }}"
    )
    assert written(template, (("user", "hi"),)) == "<s>hi[1]4</s>"


def test_templates_are_told_that_nobody_waits_for_thoughts() -> None:
    template = "{{ messages[0].content }}{% if enable_thinking %}<think>{% else %}<answer>{% endif %}"
    assert written(template, (("user", "hi"),)) == "hi<answer>"


def test_the_first_frame_that_writes_every_turn_is_taken() -> None:
    laid = laid_out(
        ONCE, [lambda turns: None, lambda turns: "no turns", lambda turns: "|".join(c for _, c in turns)]
    )
    assert laid == ([("", "Be brief."), ("|", "Why?")], "")


@pytest.mark.parametrize(
    ("template", "begun", "before"),
    [
        (CHATML, "<|im_end|>\n<|im_start|>assistant\n", ""),
        (GPT_OSS, "<|end|><|start|>assistant", "<|channel|>final<|message|>"),
        (THINKS, "<|im_start|>assistant\n", "<think>\n\n</think>\n\n"),
        (THINKS, "<|im_start|>assistant\n<think>\n", "\n</think>\n\n"),
        (THINKS, "<|im_start|>assistant\n<think>\n\n</think>\n\n", ""),
        ("/no_think" + THINKS, "<|im_start|>assistant\n", "<think>\n\n</think>\n"),
        ("[gMASK]add_generation_prompt<|assistant|><think></think>", "<|assistant|>", "\n<think></think>\n"),
        (
            "<｜Assistant｜> thinking add_generation_prompt <think> </think>", "<｜Assistant｜>", "</think>",
        ),
        ("<｜Assistant｜> add_generation_prompt <think>\n", "<｜Assistant｜><think>\n", "\n</think>\n\n"),
        ("<|turn> add_generation_prompt <|channel>", "<|turn>model\n", "<|channel>thought\n<channel|>"),
    ],
)  # fmt: skip
def test_an_answer_begins_where_the_family_expects_it(template: str, begun: str, before: str) -> None:
    assert lead(template, begun) == before


def test_a_template_that_only_reads_thoughts_of_earlier_turns_begins_with_the_answer() -> None:
    reads = "{% if '</think>' in content %}{{ '<think>' }}{% endif %}" + CHATML
    assert family_of_template(reads) is None
    assert len(FAMILIES) <= 10
