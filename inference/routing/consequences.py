"""What each share to keep local comes to: how good what is kept is, and what the rest costs in a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from inference.routing.calibration import SHRUNK_FROM
from inference.routing.quality import Kept, at_share, enough, expected
from inference.routing.shipped import Shipped
from inference.routing.study import Spending, Study

SHARES = (0.95, 0.9, 0.8, 0.7, 0.65, 0.6, 0.5)


@dataclass(frozen=True, slots=True)
class Consequence:
    """One row of the table."""

    kept: Kept
    cost: Decimal | None
    """US dollars on a day of work; None where nobody knows yet what asking costs."""
    now: bool
    """It is the present setting."""


def consequences(
    study: Study, spending: Spending, shipped: Shipped, now: float, also: Sequence[float] = ()
) -> list[Consequence]:
    """Return a row for each share, for the present one and for those of `also`; what keeps most is first.

    Quality is counted from SHRUNK_FROM labels on, in the project's own where it has so many; before it is
    what the shipped drafts were like.
    """
    counted = len(study.labels) >= SHRUNK_FROM
    labels = enough(study.labels, study.project, SHRUNK_FROM)
    rows = []
    for share in sorted({*SHARES, now, *also}, reverse=True):
        kept = at_share(labels, share) if counted else expected(shipped.scores, study.calibration, share)
        cost = None
        if spending.cost is not None:
            cost = spending.cost * Decimal(repr(spending.stops)) * (1 - Decimal(repr(share)))
        rows.append(Consequence(kept, cost, share == now))
    return rows
