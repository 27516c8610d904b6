"""Decisions in words, for somebody who has never heard of them."""

from __future__ import annotations

import math
from decimal import Decimal

from inference.routing.decision import PAUSE_MS, Decision


def sentence(decision: Decision) -> str:
    """Return one sentence: what was done with a draft, and why."""
    said = _decided(decision)
    if decision.explore:
        said = f"{said[:-1]}; the hosted model was asked all the same, only to compare (routing.exploration)."
    return said


def _decided(decision: Decision) -> str:
    match decision.rule:
        case "mode":
            return "Kept local, because routing.mode is local-only: no hosted model is ever asked."
        case "moment":
            return (
                "Kept local, because you were typing: the hosted model is asked after a pause of "
                f"{PAUSE_MS} ms, when a draft is typed over, or by hand."
            )
        case "closed":
            return f"Kept local, because the hosted model cannot be asked: {decision.note}."
        case "budget":
            return f"Kept local, because {_budget(decision.left)}."
        case "explicit":
            return "Sent, because you asked for it by hand."
        case "cloud-first":
            return "Sent, because routing.mode is cloud-first."
        case "unsure":
            return "Kept local, because the local model does not say how sure it is; ask by hand instead."
        case "share":
            return f"Sent, because {_draft(decision)}, below {_share(decision)}."
        case "quality":
            return (
                f"Sent, because {_draft(decision)}, below {_cut(decision)}, the cut from which on drafts are "
                f"right at least {_percent(decision.min_quality)} of the time (routing.min_quality)."
            )
        case "kept":
            return f"Kept local, because {_draft(decision)}, not below {_share(decision)}."
        case "failed":
            return f"Kept local although it was to be sent, because no answer came: {decision.note}."
        case _:  # a newer version's
            return "Sent." if decision.ask else "Kept local."


def _draft(decision: Decision) -> str:
    over = "you typed over the draft, which " if decision.occasion == "typed over" else "the draft "
    if decision.score is None:
        return f"{over}has no score"
    likely = "" if decision.probability is None else f" ({_percent(decision.probability)} likely to be right)"
    return f"{over}scored {decision.score:.2f}{likely}"


def _cut(decision: Decision) -> str:
    if decision.cut is None or math.isinf(decision.cut):
        return "any score" if (decision.cut or 0) < 0 else "any cut"
    return f"{decision.cut:.2f}"


def _share(decision: Decision) -> str:
    purpose = f"the cut that keeps {_percent(decision.keep_local)} local"
    if decision.cut is not None and math.isinf(decision.cut):
        which = "sends all for now" if decision.cut > 0 else "sends none for now"
        named = f"the cut, which {which} to keep {_percent(decision.keep_local)} local"
    else:
        named = f"{_cut(decision)}, {purpose}"
    if decision.kept is None:
        return named
    drafts = "draft" if decision.moments == 1 else "drafts"
    return f"{named} ({_percent(decision.kept)} of {decision.moments:,} {drafts} so far)"


def _budget(left: Decimal | None) -> str:
    if left is None:
        return "nobody knows what is left of the budget for hosted models"
    return f"${max(Decimal(0), left):.4f} left of the budget for hosted models do not pay for it"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
