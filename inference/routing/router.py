"""Decides for one project and model, in microseconds and without touching a file; the state is one Share.

A server has one for each workspace. What it knows of the user comes from study.py, made in an idle moment.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from inference.routing.decision import Decision, Moment, Rule, is_sent, occasion, standing
from inference.routing.exploration import SEED, explores
from inference.routing.quality import quality_cut
from inference.routing.share import Share
from inference.routing.shipped import shipped
from inference.routing.study import Study
from settings.schema import Routing

REMEMBERED = 200
"""Decisions that are given again when the same is asked twice, as where two timers fire for one pause."""


class Router:
    """Nothing here waits or raises. `settings` may be replaced at any time."""

    def __init__(
        self,
        settings: Routing,
        study: Study | None = None,
        *,
        seed: str = SEED,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._seed = seed
        self._now = now
        self._decided: OrderedDict[tuple[str, str], Decision] = OrderedDict()
        self._study = study or Study()
        self._share = Share(self._study.recent, shipped().scores)

    @property
    def study(self) -> Study:
        return self._study

    def learned(self, study: Study) -> None:
        """Use what was learned anew. The count of this session goes on, unless it is another model's."""
        same = (study.model, study.scorer, study.project) == (
            self._study.model, self._study.scorer, self._study.project,
        )  # fmt: skip
        self._study = study
        if not same:
            self._share = Share(study.recent, shipped().scores)

    def decide(
        self, moment: Moment, *, left: Decimal | None, most: Decimal = Decimal(0), closed: str = ""
    ) -> Decision:
        """Return whether a hosted model is asked about a draft, and why.

        `left` is what the tighter budget still holds, in US dollars, None where that is unknown, and `most`
        what the request may cost. `closed` is why no request may go out, if so, as the rest of a sentence
        (no key, offline, a file that is never sent). A budget is only looked at here; spending.py holds it.
        Asked again about the same draft on the same occasion it returns what it said before.
        """
        if moment.score is not None and not 0 <= moment.score <= 1:
            moment = replace(moment, score=None)  # no score of ours, NaN included
        why = occasion(moment)
        key = moment.suggestion, why
        if why and (before := self._decided.get(key)):
            return before
        decision = self._decide(moment, left, most, closed)
        if why:
            self._decided[key] = decision
            if len(self._decided) > REMEMBERED:
                self._decided.popitem(last=False)
        return decision

    def probability(self, score: float | None) -> float | None:
        """Return how likely a draft is right, as this project's labels have it."""
        stands = standing(score)
        return None if stands is None else self._study.calibration.probability(stands)

    def _decide(self, moment: Moment, left: Decimal | None, most: Decimal, closed: str) -> Decision:
        forbidden = self._forbidden(moment, left, most, closed)
        if forbidden:
            return self._record(moment, forbidden, left, note=closed if forbidden == "closed" else "")
        if moment.trigger == "invoked":
            return self._record(moment, "explicit", left, ask=True)
        if self.settings.mode == "cloud-first":
            return self._record(moment, "cloud-first", left, ask=True)
        stands = standing(moment.score, moment.typed_over)
        if stands is None:
            return self._record(moment, "unsure", left)
        keep = float(self.settings.keep_local)
        by_share = self._share.cut(keep)
        by_quality = quality_cut(self._study.rungs, float(self.settings.min_quality))
        rule: Rule = "kept"
        if is_sent(moment, by_share):
            rule = "share"
        elif is_sent(moment, by_quality):
            rule = "quality"
        cut = by_quality if rule == "quality" else max(by_share, by_quality)
        decision = self._record(moment, rule, left, ask=rule != "kept", cut=cut)
        self._share.note(stands, rule == "share", keep, sent=decision.ask)
        return decision

    def _forbidden(self, moment: Moment, left: Decimal | None, most: Decimal, closed: str) -> Rule | None:
        """Return the rule by which nothing may go out, whatever the draft is like."""
        if self.settings.mode == "local-only":
            return "mode"
        if not occasion(moment):
            return "moment"
        if closed:
            return "closed"
        if left is None or left <= 0 or left < most:
            return "budget"
        return None

    def _record(
        self,
        moment: Moment,
        rule: Rule,
        left: Decimal | None,
        *,
        ask: bool = False,
        cut: float | None = None,
        note: str = "",
    ) -> Decision:
        why = occasion(moment)
        compared = rule == "kept" and explores(
            f"{moment.suggestion}:{why}", float(self.settings.exploration), self._seed
        )
        return Decision(
            suggestion=moment.suggestion,
            occasion=why,
            time=self._now(),
            project=self._study.project,
            model=self._study.model,
            scorer=self._study.scorer,
            rule=rule,
            ask=ask,
            explore=compared,
            score=moment.score,
            probability=self.probability(moment.score),
            cut=cut,
            keep_local=float(self.settings.keep_local),
            min_quality=float(self.settings.min_quality),
            kept=self._share.kept,
            moments=self._share.moments,
            left=left,
            note=note,
        )
