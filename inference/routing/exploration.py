"""Which of the drafts kept local are compared with the hosted model's, so that "no loss" is measured."""

from __future__ import annotations

import hashlib

SEED = "nearside"


def explores(request: str, share: float, seed: str = SEED) -> bool:
    """Tell by its id whether a request is among the share in [0, 1] that is compared; always the same answer.

    By the id and by nothing else, so that what is compared is a fair sample of what is kept.
    """
    digest = hashlib.sha256(f"{seed}\0{request}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64 < share


def agree(local: str, hosted: str) -> bool:
    """Tell whether two answers have the same first line that says anything; runs of blanks count as one."""
    return _first_line(local) == _first_line(hosted)


def _first_line(text: str) -> str:
    return next((" ".join(line.split()) for line in text.split("\n") if line.strip()), "")
