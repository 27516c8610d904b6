"""What a machine costs over the years it is used, and when it has paid for itself. Pure decimal arithmetic.

Hardware is depreciated in a straight line from its price to its residual value; where that is the higher one,
depreciation is negative. A month is a twelfth of a year throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

WEEKS_A_MONTH = Decimal("365.25") / 12 / 7
MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Machine:
    """What goes into the sum, in one currency."""

    name: str = "this machine"
    hardware: Decimal = Decimal(0)
    residual: Decimal = Decimal(0)
    years: Decimal = Decimal(3)
    setup_hours: Decimal = Decimal(0)
    hourly_rate: Decimal = Decimal(0)
    maintenance_hours: Decimal = Decimal(0)
    """Hours in a year."""
    watts: Decimal = Decimal(0)
    hours_per_day: Decimal = Decimal(8)
    days_per_month: Decimal = Decimal(30)
    kwh_price: Decimal = Decimal("0.16")
    electricity: Decimal | None = None
    """Cost of all years, where it is known; otherwise it follows from the watts."""
    people: int = 1
    hosted: Decimal | None = None
    """What is spent on hosted models in a month without it, by everybody."""


@dataclass(frozen=True, slots=True)
class Year:
    """One year's cost, seen in two ways."""

    number: int
    expense: Decimal
    """Everything in the year it is paid; the residual value comes back in the last one."""
    depreciated: Decimal
    """Hardware and set-up spread over the years of use."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """What comes out: amounts of all years, unless a name says otherwise."""

    machine: Machine
    months: Decimal
    setup: Decimal
    electricity: Decimal
    maintenance: Decimal
    total: Decimal
    """Hardware less its residual value, set-up, electricity and maintenance."""
    per_month: Decimal
    per_developer: Decimal
    """A month's cost for each of the people."""
    depreciation: Decimal
    """A month's; negative where the hardware gains."""
    running: Decimal
    """Electricity and maintenance of a month."""
    electricity_hour: Decimal | None
    """Of an hour of use; None where only the total is known."""
    electricity_month: Decimal
    first_year: Decimal
    """A month's cost where hardware and set-up are an expense of the first year."""
    years: tuple[Year, ...]
    break_even: Decimal | None
    """Months until it has paid for itself against `machine.hosted`; None is never, or nothing to compare."""


def own(machine: Machine) -> Ownership:
    """Reckon what a machine costs. Raises ValueError for years that are not positive or nobody to share."""
    if machine.years <= 0:
        raise ValueError("years must be more than 0")
    if machine.people < 1:
        raise ValueError("people must be 1 or more")
    months = 12 * machine.years
    setup = machine.setup_hours * machine.hourly_rate
    maintenance = machine.maintenance_hours * machine.hourly_rate * machine.years
    hour = machine.watts / 1000 * machine.kwh_price
    if machine.electricity is None:
        monthly = hour * machine.hours_per_day * machine.days_per_month
        electricity = monthly * months
    else:
        electricity = machine.electricity
        monthly = electricity / months
    loss = machine.hardware - machine.residual
    total = loss + setup + electricity + maintenance
    running = (electricity + maintenance) / months
    years = _years(machine, setup, 12 * running)
    return Ownership(
        machine=machine,
        months=months,
        setup=setup,
        electricity=electricity,
        maintenance=maintenance,
        total=total,
        per_month=total / months,
        per_developer=total / months / machine.people,
        depreciation=loss / months,
        running=running,
        electricity_hour=hour if machine.electricity is None else None,
        electricity_month=monthly,
        first_year=years[0].expense / min(months, Decimal(12)),
        years=years,
        break_even=break_even(machine.hardware + setup, machine.hosted, running),
    )


def break_even(outlay: Decimal, hosted: Decimal | None, running: Decimal) -> Decimal | None:
    """Return after how many months what is saved makes up for the outlay; None is never."""
    saved = (hosted or Decimal(0)) - running
    return max(outlay, Decimal(0)) / saved if saved > 0 else None


def _years(machine: Machine, setup: Decimal, running: Decimal) -> tuple[Year, ...]:
    """Both views year by year; a last year may be a part of one. `running` is a whole year's."""
    spread = (machine.hardware - machine.residual + setup) / machine.years
    last = int(machine.years.to_integral_value(ROUND_CEILING))
    found = []
    for number in range(1, last + 1):
        part = min(Decimal(1), machine.years - (number - 1))
        expense = running * part
        if number == 1:
            expense += machine.hardware + setup
        if number == last:
            expense -= machine.residual
        found.append(Year(number, expense, (spread + running) * part))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Hosted:
    """A hosted model and how much of it is used in a month."""

    name: str
    input: Decimal
    """Price of a million tokens."""
    output: Decimal
    tokens_in: int = 50_000
    """In one session."""
    tokens_out: int = 20_000
    sessions: Decimal = Decimal(100)
    """In a month."""

    @property
    def session(self) -> Decimal:
        """Cost of one session."""
        return (self.input * self.tokens_in + self.output * self.tokens_out) / MILLION

    @property
    def month(self) -> Decimal:
        return self.session * self.sessions


def differ(cost: Ownership) -> bool:
    """Tell whether the two views of the years say different things."""
    return any(year.expense != year.depreciated for year in cost.years)
