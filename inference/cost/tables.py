"""Reports and comparisons as tables of text, which the terminal and the page share, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from inference.cost.amounts import number, written
from inference.cost.comparison import Comparison
from inference.cost.report import Line, Report
from inference.cost.tco import WEEKS_A_MONTH, Ownership, break_even, differ, own

UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    about: str = ""
    total: tuple[str, ...] | None = None


def of_report(report: Report) -> list[Table]:
    """Return the tables by project and by day; days without anything are left out."""
    columns = (
        *("requests", "shown", "accepted", "kept", "tokens read", "generated", "kWh"),
        *("electricity", "amortised", "calls", "hosted", "avoided"),
    )
    days = [line for line in report.days if line.requests or line.busy or line.calls or line.amortisation]
    total = _cells(report.total)
    unit = f"Amounts in {report.currency}."
    return [
        Table("By project", ("project", *columns), tuple(map(_cells, report.projects)), unit, total),
        Table("By day", ("day", *columns), tuple(map(_cells, reversed(days))), unit, total),
    ]


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.label,
        f"{line.requests:,}",
        f"{line.shown:,}",
        f"{line.accepted:,}",
        "" if line.kept_share is None else f"{100 * line.kept_share:.0f} %",
        _count(line.evaluated),
        _count(line.generated),
        UNKNOWN if line.kwh is None else f"{line.kwh:.4f}",
        UNKNOWN if line.energy is None else written(line.energy),
        written(line.amortisation),
        f"{line.calls:,}",
        written(line.cloud),
        UNKNOWN if line.avoided is None else written(line.avoided),
    )


def _count(tokens: int) -> str:
    return f"{tokens / 1_000_000:,.2f} M" if tokens >= 1_000_000 else f"{tokens:,}"


def printable(text: str) -> str:
    """Return text without what would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def aligned(table: Table) -> str:
    """Return a table as lines of text."""
    rows = [table.columns, *table.rows, *([table.total] if table.total else [])]
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(table.columns))]
    lines = [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join([f"{table.title}. {table.about}".rstrip(), *(line.rstrip() for line in lines)])


def report_json(report: Report) -> dict[str, Any]:
    """Return the whole report; null is what is not known."""

    def line(one: Line) -> dict[str, Any]:
        figures = {name: getattr(one, name) for name in Line.__dataclass_fields__}
        return {name: _plain(value) for name, value in (*figures.items(), ("cost", one.cost))}

    return {
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "currency": report.currency,
        "compared_with": report.compared,
        "total": line(report.total),
        "projects": [line(one) for one in report.projects],
        "days": [line(one) for one in report.days],
        "notes": list(report.notes),
    }


def of_comparison(comparison: Comparison) -> list[Table]:
    """Return the tables of what was compared; a table nothing stands in is left out."""
    costs = [own(machine) for machine in comparison.machines]
    unit = f"Amounts in {comparison.currency}."
    tables = []
    if comparison.hosted:
        tables.append(
            Table(
                "Hosted models",
                ("model", "in, 1 M", "out, 1 M", "one session", "sessions", "a month"),
                tuple(
                    (
                        *(one.name, written(one.input), written(one.output)),
                        *(written(one.session), f"{one.sessions:,f}", written(one.month)),
                    )
                    for one in comparison.hosted
                ),
                unit,
            )
        )
    if powered := [cost for cost in costs if cost.electricity]:
        tables.append(
            Table(
                "Electricity",
                ("machine", "watts", "an hour", "a month"),
                tuple(map(_electricity, powered)),
                unit,
            )
        )
    if costs:
        tables.append(
            Table(
                "All years",
                (
                    *("machine", "years", "hardware", "residual", "set-up", "electricity", "maintenance"),
                    *("total", "a month", "for each of"),
                ),
                tuple(map(_owned, costs)),
                unit,
            )
        )
    if two := [cost for cost in costs if differ(cost)]:
        tables.append(
            Table(
                "A month's cost, seen in two ways",
                ("machine", "depreciated", "of it depreciation", "first year as an expense", "later years"),
                tuple(map(_views, two)),
                f"{unit} Hardware serves for years; as an expense of the first it looks dear, and then free.",
            )
        )
    if columns := _against(comparison, costs):
        tables.append(columns)
    return tables


def _electricity(cost: Ownership) -> tuple[str, ...]:
    known = cost.electricity_hour is not None
    return (
        cost.machine.name,
        f"{cost.machine.watts:,f}" if known else UNKNOWN,
        written(cost.electricity_hour or Decimal(0)) if known else UNKNOWN,
        written(cost.electricity_month),
    )


def _owned(cost: Ownership) -> tuple[str, ...]:
    machine = cost.machine
    return (
        machine.name,
        f"{machine.years.normalize():f}",
        *(written(machine.hardware), written(machine.residual), written(cost.setup)),
        *(written(cost.electricity), written(cost.maintenance), written(cost.total), written(cost.per_month)),
        f"{machine.people}: {written(cost.per_developer)}",
    )


def _views(cost: Ownership) -> tuple[str, ...]:
    later = f"{written(cost.years[1].expense / 12)}" if len(cost.years) > 2 else ""
    return (
        cost.machine.name,
        written(cost.per_month),
        written(cost.depreciation),
        written(cost.first_year),
        later,
    )


def _against(comparison: Comparison, costs: Sequence[Ownership]) -> Table | None:
    """Return after how long each machine has paid for itself against each hosted spend."""
    own_spend = any(cost.machine.hosted is not None for cost in costs)
    rows = []
    for cost in costs:
        outlay = cost.machine.hardware + cost.setup
        if not outlay:
            continue
        own_months = "" if cost.machine.hosted is None else _months(cost.break_even, cost)
        rows.append(
            (
                cost.machine.name,
                *([own_months] if own_spend else []),
                *(_months(break_even(outlay, one.month, cost.running), cost) for one in comparison.hosted),
            )
        )
    columns = (*(["its hosted spend"] if own_spend else []), *(one.name for one in comparison.hosted))
    if not rows or not columns:
        return None
    return Table(
        "Paid for itself after",
        ("machine", *columns),
        tuple(rows),
        "Hardware and set-up over what a month saves: hosted spend less electricity and maintenance. "
        "* is longer than it is used.",
    )


def _months(months: Decimal | None, cost: Ownership) -> str:
    if months is None:
        return "never"
    if months > cost.months:
        return f"{months:,.0f} months*"
    if months < 3:
        return f"{months:.2f} months ({months * WEEKS_A_MONTH:.1f} weeks)"
    return f"{months:.1f} months"


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Return everything that was put in and that came out; a break-even of null is never."""
    machines = []
    for machine in comparison.machines:
        cost = own(machine)
        figures = {name: getattr(cost, name) for name in Ownership.__dataclass_fields__}
        given = {name: _plain(getattr(machine, name)) for name in type(machine).__dataclass_fields__}
        against = {
            one.name: _plain(break_even(machine.hardware + cost.setup, one.month, cost.running))
            for one in comparison.hosted
        }
        del figures["machine"]
        years = [
            {"year": year.number, "expense": _plain(year.expense), "depreciated": _plain(year.depreciated)}
            for year in figures.pop("years")
        ]
        results = {name: _plain(value) for name, value in figures.items()}
        machines.append(
            {"name": machine.name, "given": given, **results, "years": years, "break_even_against": against}
        )
    hosted = [
        {name: _plain(getattr(one, name)) for name in (*type(one).__dataclass_fields__, "session", "month")}
        for one in comparison.hosted
    ]
    return {"currency": comparison.currency, "machines": machines, "hosted": hosted}


def _plain(value: Any) -> Any:
    return number(value) if isinstance(value, Decimal) else value
