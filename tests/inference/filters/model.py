"""The bundled model behind the engine's own classes, in this process: what it writes, untouched."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

from inference.generate import Job
from inference.healing import take_back
from inference.llama import LlamaBackend
from inference.prompts import CursorContext, fim_prompt
from inference.scheduler import Scheduler
from inference.tokens import infill_tokens
from settings.schema import Model

BUNDLED = Path(__file__).parents[3] / "inference" / "models" / "nearside-fim.gguf"


class BundledModel:
    def __init__(self) -> None:
        self.backend = LlamaBackend(BUNDLED, Model(threads=1, context=2048))
        self.scheduler = Scheduler(self.backend)

    def write(
        self,
        context: CursorContext,
        max_lines: int,
        max_tokens: int = 64,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> str:
        """Return the raw text for a place, as long as the limits allow."""
        prompt, typed = take_back(self.backend, fim_prompt(context))
        tokens = infill_tokens(self.backend, prompt, self.backend.description.trained_context - max_tokens)
        made: list[str] = []
        done: queue.Queue[Exception | None] = queue.Queue()
        job = Job(
            tokens,
            lambda piece: made.append(piece.text),
            done.put,
            typed=typed,
            max_tokens=max_tokens,
            max_lines=max_lines,
            temperature=temperature,
            seed=seed,
        )
        self.scheduler.submit(job)
        if error := done.get():
            raise error
        return "".join(made)


def bundled_model() -> Iterator[BundledModel]:
    yield BundledModel()
