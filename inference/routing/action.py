"""When a code action asks a hosted model: by the settings, by what was tried here, and by what failed.

A pure function and a frozen record. Unlike a completion an action says itself whether it is right: its checks
do, so that no score is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from settings.schema import Routing

Rule = Literal[
    "mode", "closed", "never", "budget", "passed", "blocked", "always", "cloud-first", "failed", "no model"
]
"""What decided:
mode         routing.mode is local-only                              (kept)
closed       something else forbids it; the note says                (kept)
never        routing.actions.escalate is never                       (kept)
budget       too little money is left, or nobody knows               (kept)
passed       a local draft has passed its checks                     (kept)
blocked      a check could not be made, so that no draft can pass    (kept)
always       routing.actions.escalate is always                      (sent)
cloud-first  routing.mode is cloud-first                             (sent)
no model     the local model did not answer, or cannot chat          (sent)
failed       every local draft failed a check                        (sent)
"""


@dataclass(frozen=True, slots=True)
class Failed:
    """A local draft that did not pass."""

    step: str
    """The check it failed at, as actions/loop.py names them."""
    blocked: bool = False
    """The check itself could not be made."""


@dataclass(frozen=True, slots=True)
class ActionDecision:
    """Whether the hosted model is asked about one action, and why."""

    rule: Rule
    ask: bool
    left: Decimal | None = None
    """US dollars left of the tighter budget; None where nobody knows."""
    note: str = ""
    """What forbids it, or what failed, as the rest of a sentence."""

    @property
    def because(self) -> str:
        """The words that follow `because`."""
        match self.rule:
            case "mode":
                return "routing.mode is local-only"
            case "never":
                return "routing.actions.escalate is never"
            case "budget" if self.left is None:
                return "nobody knows what is left of the budget"
            case "budget":
                return "the budget is spent"
            case "passed":
                return "a local draft passed"
            case "blocked":
                return "its draft could not be checked either"
            case "always":
                return "routing.actions.escalate is always"
            case "cloud-first":
                return "routing.mode is cloud-first"
            case "no model":
                return "no local model answered"
            case _:
                return self.note


def hosted_first(routing: Routing) -> bool:
    """Tell whether an action begins with the hosted model, where that may be asked."""
    return routing.actions.escalate == "always" or (
        routing.mode == "cloud-first" and routing.actions.escalate != "never"
    )


def decide(
    routing: Routing, failed: Sequence[Failed], *, passed: bool = False, left: Decimal | None, closed: str
) -> ActionDecision:
    """Return whether the hosted model is asked after these local drafts, an empty list where none was made.

    `left` and `closed` are as in router.Router.decide.
    """
    if routing.mode == "local-only":
        return ActionDecision("mode", False, left)
    if routing.actions.escalate == "never":
        return ActionDecision("never", False, left)
    if passed:
        return ActionDecision("passed", False, left)
    if closed:
        return ActionDecision("closed", False, left, closed)
    if any(one.blocked for one in failed):
        return ActionDecision("blocked", False, left)
    if left is None or left <= 0:
        return ActionDecision("budget", False, left)
    if routing.actions.escalate == "always":
        return ActionDecision("always", True, left)
    if routing.mode == "cloud-first":
        return ActionDecision("cloud-first", True, left)
    if not failed:
        return ActionDecision("no model", True, left)
    times = "once" if len(failed) == 1 else f"{len(failed)} times"
    return ActionDecision("failed", True, left, f"local drafts failed {times}, at last at {failed[-1].step}")
