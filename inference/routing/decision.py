"""One decision: when a hosted model may be asked about a completion, whether it is, and by which rule.

Pure functions and frozen records. A local draft never waits for any of this: it has been shown before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

Trigger = Literal["automatic", "invoked"]
"""What asked for the draft: the editor while one types, or the user by hand."""
Occasion = Literal["explicit", "pause", "typed over"]
Mode = Literal["local-only", "local-first", "cloud-first"]
Rule = Literal[
    "mode", "moment", "closed", "budget", "explicit", "cloud-first", "unsure", "share", "quality", "kept",
    "failed",
]  # fmt: skip
"""What decided:
mode         routing.mode is local-only                  (kept)
moment       the user is still typing                    (kept)
closed       something else forbids it; the note says    (kept)
budget       too little money is left, or nobody knows   (kept)
explicit     the user asked by hand                      (sent)
cloud-first  routing.mode is cloud-first                 (sent)
unsure       the model does not say how sure it is       (kept)
share        the score is below the cut for keep_local   (sent)
quality      it is below the cut for min_quality         (sent)
kept         it is above both                            (kept)
failed       it was sent, and no answer came             (kept)
"""
BY_SCORE: tuple[Rule, ...] = ("share", "quality", "kept")
"""The rules whose decisions count towards the share kept local."""

PAUSE_MS = 600
"""From so long without a key on it is a pause; nobody who types on is sent for."""
TYPED_OVER = 0.1
"""What is left of the score of a draft typed over. It was wrong, so that it is asked about before nearly any
other; that some is left keeps such drafts in order where they alone are more than the share."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point at which a hosted model could be asked to better a local draft."""

    suggestion: str
    """The draft's id, as the ledger has it."""
    trigger: Trigger = "automatic"
    score: float | None = None
    """The draft's confidence; None where the model does not say."""
    pause_ms: float = 0.0
    """Since the last key."""
    typed_over: bool = False
    """It was shown, and something else was typed there."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one draft, with everything it was decided by."""

    suggestion: str
    occasion: Occasion | Literal[""]
    time: float
    """Seconds since 1970."""
    project: str
    model: str
    scorer: str
    rule: Rule
    ask: bool
    """The hosted model is asked, and its answer shown."""
    explore: bool = False
    """It is kept local, and the hosted model is asked only to compare: its answer is not shown."""
    score: float | None = None
    probability: float | None = None
    """The calibrated probability that the draft is right."""
    cut: float | None = None
    """The standing below which drafts are sent; infinite where all are or none is."""
    keep_local: float = 0.0
    min_quality: float = 0.0
    kept: float | None = None
    """The share kept local before this draft, of the `moments` decided by score since the server started."""
    moments: int = 0
    left: Decimal | None = None
    """US dollars left of the tighter budget; None where nobody knows."""
    note: str = ""
    """What forbade it, or what failed, as the rest of a sentence."""

    @property
    def send(self) -> bool:
        """Whether a request goes out, be it to answer or to compare."""
        return self.ask or self.explore

    def failed(self, why: str) -> Decision:
        """Return the record of a request that brought no answer: the local draft stays, and that is said."""
        return replace(self, rule="failed", ask=False, explore=False, note=why)


def occasion(moment: Moment) -> Occasion | Literal[""]:
    """Return why a hosted model might be asked now, or '' while the user types. Knows no score: who types on
    is never sent for, however bad the draft."""
    if moment.trigger == "invoked":
        return "explicit"
    if moment.typed_over:
        return "typed over"
    return "pause" if moment.pause_ms >= PAUSE_MS else ""


def standing(score: float | None, typed_over: bool = False) -> float | None:
    """Return the score a draft is decided by; None where there is none."""
    if score is None or math.isnan(score):
        return 0.0 if typed_over else None
    return score * TYPED_OVER if typed_over else score


def is_sent(moment: Moment, cut: float) -> bool:
    """Tell whether the hosted model is asked, as far as the draft is concerned: by hand always, else at a
    pause or after typing over it where the draft stands below the cut. Raising the cut never keeps more."""
    match occasion(moment):
        case "":
            return False
        case "explicit":
            return True
        case _:
            stands = standing(moment.score, moment.typed_over)
            return stands is not None and stands < cut
