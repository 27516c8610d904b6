"""What was spent and what was avoided, by day and by project: the ledger's rows with the user's prices.

Energy is that of the engine's busy time. Amortisation is straight-line depreciation, of every day since the
first one recorded whether the machine was used or not, and of the user's share of it. Avoided spend is what
the suggestions shown would have cost at a hosted model; tokens found in the KV cache count there as read from
the provider's cache, and answers from our own cache as nothing, so the figure is a cautious one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from inference import calls
from inference.cost import energy
from inference.cost import rows as ledger
from inference.cost.energy import JOULES_A_KWH, configured
from inference.cost.prices import Tokens, UnknownPrice, price, source
from inference.cost.rows import Row, Rows
from settings.schema import Cost, Price

DAYS_A_YEAR = Decimal("365.25")
UNUSED = "not in use"
"""Where the amortisation of days goes on which no engine worked."""
NOWHERE = "outside of projects"
LARGE = 1000
"""Tokens a rate is taken from: few enough for the lowest tier of every model, as completions are."""


@dataclass(frozen=True, slots=True)
class Line:
    """One day, one project, or all; money in the user's currency."""

    label: str
    requests: int
    shown: int
    accepted: int
    kept_share: Decimal | None
    """Of what was answered, the part no hosted model was asked about, in [0, 1]; None where nothing was."""
    evaluated: int
    generated: int
    busy: Decimal
    """Seconds."""
    kwh: Decimal | None
    """None: the engine worked, and nothing measured it."""
    energy: Decimal | None
    amortisation: Decimal
    calls: int
    hosted_input: int
    hosted_output: int
    cloud: Decimal
    avoided: Decimal | None
    """None: the price of the model compared with is unknown."""

    @property
    def cost(self) -> Decimal:
        """What this came to, as far as it is known."""
        return (self.energy or Decimal(0)) + self.amortisation + self.cloud


@dataclass(frozen=True, slots=True)
class Report:
    first: date
    """The first day that is counted."""
    last: date
    currency: str
    compared: str
    """The hosted model behind the avoided spend, and where its price comes from."""
    total: Line
    days: tuple[Line, ...]
    """Every day from the first to the last, also those without anything."""
    projects: tuple[Line, ...]
    notes: tuple[str, ...]
    """What the reader should know of the figures, one line each."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars for one token at the hosted model compared with."""

    input: Decimal
    cache_read: Decimal
    output: Decimal


def make(rows: Rows, cost: Cost, today: date, days: int, missing: Sequence[str] = ()) -> Report:
    """Return the report of the last `days` days. `missing` says why nothing is measured, for a note."""
    notes: list[str] = []
    rates, compared = _rates(cost, notes)
    known = [day for text, _ in rows if (day := _day(text)) is not None and day <= today]
    first = max(min(known, default=today), today - timedelta(days=days - 1))
    calendar = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    shares = _amortisation(rows, cost, [day.isoformat() for day in calendar])
    everything = ledger.total(rows.values())
    _explain(everything, cost, missing, notes)

    def lines(of: int, labels: Iterable[str]) -> list[Line]:
        """Sum up by one of (day, project)."""
        return [
            _line(
                label or NOWHERE,
                ledger.total(row for key, row in rows.items() if key[of] == label),
                sum((amount for key, amount in shares.items() if key[of] == label), Decimal(0)),
                cost,
                rates,
            )
            for label in labels
        ]

    labels = [day.isoformat() for day in calendar]
    later = sorted({day for day, _ in rows} - set(labels))  # a clock may have been ahead
    projects = lines(1, sorted({where for _, where in (*rows, *shares)}))
    return Report(
        first=first,
        last=today,
        currency=cost.currency,
        compared=compared,
        total=_line("all", everything, sum(shares.values(), Decimal(0)), cost, rates),
        days=tuple(lines(0, [*labels, *later])),
        projects=tuple(sorted(projects, key=lambda one: (one.label == UNUSED, -one.requests, one.label))),
        notes=tuple(notes),
    )


def from_ledger(file: Path, cost: Cost, days: int, project: str | None = None) -> Report:
    """Return the report of a ledger, which need not exist yet. Raises LedgerUnusable. Reads files."""
    today = date.today()
    found: Rows = {}
    if file.exists():
        with calls.read(file, "No report was made") as connection:
            found = ledger.read(connection, today - timedelta(days=days - 1), project)
    missing: tuple[str, ...] = ()
    if cost.watts == "measured" and any(row.busy > row.measured for row in found.values()):
        missing = energy.find().missing
    report = make(found, cost, today, days, missing)
    if found:
        return report
    where = f" for {project}" if project else ""
    nothing = f"Nothing is recorded in {file}{where} since {today - timedelta(days=days - 1)}."
    return replace(report, notes=(nothing, *report.notes))


def depreciation_of_a_day(cost: Cost) -> Decimal:
    """Return what the hardware loses in a day, for each of those who share it; negative where it gains."""
    return (cost.hardware_price - cost.residual_value) / (cost.years * DAYS_A_YEAR) / cost.people


def _line(label: str, row: Row, amortisation: Decimal, cost: Cost, rates: Rates | None) -> Line:
    answered = row.kept + row.asked
    kwh = _energy(row, cost)
    avoided = None
    if rates:
        avoided = cost.exchange_rate * (
            row.answered_evaluated * rates.input
            + row.answered_reused * rates.cache_read
            + row.answered_generated * rates.output
        )
    return Line(
        label=label,
        requests=row.requests,
        shown=row.shown,
        accepted=row.accepted,
        kept_share=Decimal(row.kept) / answered if answered else None,
        evaluated=row.evaluated,
        generated=row.generated,
        busy=row.busy,
        kwh=kwh,
        energy=None if kwh is None else kwh * cost.kwh_price,
        amortisation=amortisation,
        calls=row.calls,
        hosted_input=row.hosted_input,
        hosted_output=row.hosted_output,
        cloud=row.dollars * cost.exchange_rate,
        avoided=avoided,
    )


def _energy(row: Row, cost: Cost) -> Decimal | None:
    if isinstance(cost.watts, Decimal):
        return configured(cost.watts, row.busy)
    if row.measured or not row.busy:
        return row.joules / JOULES_A_KWH
    return None


def _amortisation(rows: Rows, cost: Cost, calendar: Iterable[str]) -> dict[tuple[str, str], Decimal]:
    """Return each day's amortisation by project, in proportion to the time the engine worked for it."""
    daily = depreciation_of_a_day(cost)
    shares: dict[tuple[str, str], Decimal] = {}
    if not daily:
        return shares
    for day in calendar:
        busy = {where: row.busy for (on, where), row in rows.items() if on == day and row.busy > 0}
        whole = sum(busy.values())
        for where, seconds in busy.items():
            shares[day, where] = daily * seconds / whole
        if not busy:
            shares[day, UNUSED] = daily
    return shares


def _rates(cost: Cost, notes: list[str]) -> tuple[Rates | None, str]:
    def of(usage: Tokens) -> Decimal:
        return price(cost.hosted_model, "", usage, own) / LARGE

    own: tuple[Price, ...] = cost.prices
    try:
        rates = Rates(of(Tokens(LARGE)), of(Tokens(LARGE, cache_read=LARGE)), of(Tokens(0, LARGE)))
        return rates, str(source(cost.hosted_model, "", own))
    except UnknownPrice as error:
        notes.append(f"The avoided spend is not known. {error}")
        return None, cost.hosted_model


def _explain(row: Row, cost: Cost, missing: Sequence[str], notes: list[str]) -> None:
    if cost.watts == "measured" and row.busy > row.measured:
        share = 100 * (row.busy - row.measured) / row.busy
        why = missing[0] if missing else "Set cost.watts to reckon with that."
        notes.append(f"Energy was not measured for {share:.0f} % of the time the engine worked. {why}")
    if row.unsettled:
        notes.append(
            f"{row.unsettled} {'call' if row.unsettled == 1 else 'calls'} to hosted models count with what "
            "was reserved, because what they cost is not known."
        )
    if not cost.hardware_price and not cost.residual_value:
        notes.append("Nothing is amortised, because cost.hardware_price is 0.")
    if cost.currency != "USD" and cost.exchange_rate == 1:
        notes.append(
            f"Hosted prices are in US dollars and one counts as 1 {cost.currency}; set cost.exchange_rate."
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
