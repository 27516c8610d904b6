"""Reports as one page of HTML: style and charts inside, no script, nothing fetched, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape

from inference.cost import charts
from inference.cost.amounts import written
from inference.cost.charts import Series
from inference.cost.comparison import Comparison
from inference.cost.report import Line, Report
from inference.cost.tables import Table
from inference.cost.tco import own

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6878; --line: #dfe4ea; --ground: #f5f7f9;
  --card: #ffffff; --c1: #2f6fde; --c2: #e0953a; --c3: #8a94a6; --good: #1d8a5f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf0; --soft: #98a3b3; --line: #2c3541;
  --ground: #12171d; --card: #1a212a; --c1: #6b9dff; --c2: #efb061; --c3: #77839a; --good: #4cc38f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.45;
  font: 15px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1158px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { font-size: 24px; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 15px; margin: 0 0 2px; }
.lead, .about, .legend, footer, .card small { color: var(--soft); }
.lead { margin: 4px 0 22px; }
.about { margin: 0 0 10px; font-size: 13px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; }
.card, section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.card { padding: 14px 16px; }
.card b { display: block; font-size: 24px; font-weight: 650; letter-spacing: -0.02em;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.card i { font-size: 13px; font-style: normal; font-weight: 500; color: var(--soft); letter-spacing: 0; }
.card span { font-size: 13px; }
.card small { display: block; font-size: 12px; }
.card.good b { color: var(--good); }
section { padding: 18px 18px 14px; margin-top: 14px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 0 14px; }
.chart { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 6px 0 0; font-size: 13px; }
.c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); } .c4 { fill: var(--good); }
.grid { stroke: var(--line); } .axis { stroke: var(--soft); }
.tick, .day { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.tick { text-anchor: end; } .day { text-anchor: middle; }
.line { fill: none; stroke: var(--good); stroke-width: 2; stroke-linejoin: round; }
.area { fill: var(--good); opacity: 0.13; } .dot { fill: var(--good); }
.hit { fill: transparent; } g:hover .hit { fill: var(--line); opacity: 0.5; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 8px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 550; } tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { text-align: left; padding-left: 0; max-width: 300px; overflow: hidden;
  text-overflow: ellipsis; }
tr.sum td { font-weight: 650; border-top: 1px solid var(--soft); }
td:last-child, th:last-child { padding-right: 0; }
ul { margin: 6px 0 0; padding-left: 18px; font-size: 13.5px; } footer { margin-top: 18px; font-size: 12.5px; }
@media print { body { background: none; } section { break-inside: avoid; } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page may fetch nothing and run nothing, also where a name in it tried to."""


def report_page(report: Report, tables: Sequence[Table]) -> str:
    """Return the page of `nearside cost report`."""
    days = [line.label for line in report.days]
    spend = [
        Series("hosted models", "c1", [float(line.cloud) for line in report.days]),
        Series("electricity", "c2", [float(line.energy or 0) for line in report.days]),
        Series("amortisation", "c3", [float(line.amortisation) for line in report.days]),
    ]
    energy = [Series("kWh", "c2", [float(line.kwh or 0) for line in report.days])]
    kept = [None if line.kept_share is None else float(line.kept_share) for line in report.days]
    body = [
        f'<div class="cards">{"".join(_cards(report))}</div>',
        _section(
            "Spend per day",
            f"{report.currency}: hosted models, electricity of the engine's busy time, and the hardware's "
            "straight-line depreciation",
            charts.bars(days, spend, _amount) + charts.legend(spend),
        ),
        '<div class="pair">',
        _section(
            "Share kept local",
            "Of what was answered, the part no hosted model was asked about",
            charts.share(days, kept, "kept local", charts.NARROW),
        ),
        _section(
            "Energy per day",
            "Kilowatt-hours while the engine worked",
            charts.bars(days, energy, _figure, width=charts.NARROW),
        ),
        "</div>",
        *(_section(table.title, table.about, _table(table)) for table in tables),
    ]
    if report.notes:
        notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
        body.append(_section("To know", "", f"<ul>{notes}</ul>"))
    until = f"{report.first:%d %B %Y} to {report.last:%d %B %Y}"
    return page("What this assistant costs", until, body, f"Compared with {report.compared}.")


def page(title: str, lead: str, body: Sequence[str], foot: str) -> str:
    """Return a whole page; `body` is HTML, the rest is text."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><main>"
        f'<h1>{escape(title)}</h1><p class="lead">{escape(lead)}</p>\n'
        + "\n".join(body)
        + f"\n<footer>{escape(foot)} Made by Nearside on this machine.</footer></main></body></html>\n"
    )


def comparison_page(comparison: Comparison, tables: Sequence[Table]) -> str:
    """Return the page of `nearside cost tco`."""
    costs = [own(machine) for machine in comparison.machines]
    month = [
        Series("depreciation", "c3", [float(cost.depreciation) for cost in costs]),
        Series("set-up", "c1", [float(cost.setup / cost.months) for cost in costs]),
        Series("electricity", "c2", [float(cost.electricity / cost.months) for cost in costs]),
        Series("maintenance", "c4", [float(cost.maintenance / cost.months) for cost in costs]),
    ]
    body = [_section(one.title, one.about, _table(one)) for one in tables]
    if costs:
        chart = charts.bars([cost.machine.name for cost in costs], month, _amount, named=True)
        about = f"{comparison.currency}, everything spread over the years of use"
        body.insert(0, _section("A month of each machine", about, chart + charts.legend(month)))
    return page("What the machines cost", "Total cost of ownership", body, "")


def _cards(report: Report) -> list[str]:
    total = report.total
    unit = report.currency
    kept = "–" if total.kept_share is None else f"{100 * total.kept_share:.0f} %"
    kwh = "not measured" if total.kwh is None else f"{_figure(float(total.kwh))} kWh"
    shown = f"{total.shown:,} shown, {total.calls:,} hosted calls"
    return [
        _card(kept, "", "kept local", shown, "good"),
        _card(_money(total.avoided), unit, "avoided", "at the hosted model's price", "good"),
        _card(_money(total.cost), unit, "spent in all", "hosted, electricity, amortisation"),
        _card(_money(total.cloud), unit, "hosted models", f"{_tokens(total)} tokens"),
        _card(_money(total.energy), unit, "electricity", kwh),
        _card(_money(total.amortisation), unit, "amortisation", "straight line"),
    ]


def _money(amount: Decimal | None) -> str:
    return "?" if amount is None else written(amount)


def _card(figure: str, unit: str, name: str, small: str, kind: str = "") -> str:
    return (
        f'<div class="card {kind}"><b>{escape(figure)} <i>{escape(unit)}</i></b><span>{escape(name)}</span>'
        f"<small>{escape(small)}</small></div>"
    )


def _section(title: str, about: str, content: str) -> str:
    about = f'<p class="about">{escape(about)}</p>' if about else ""
    return f"<section><h2>{escape(title)}</h2>{about}{content}</section>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    rows = [f"<tr>{_row(row)}</tr>" for row in table.rows]
    if table.total:
        rows.append(f'<tr class="sum">{_row(table.total)}</tr>')
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="wide"><table>{body}</table></div>'


def _row(cells: Sequence[str]) -> str:
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells)


def _tokens(line: Line) -> str:
    count = line.hosted_input + line.hosted_output
    return f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count:,}"


def _amount(value: float) -> str:
    return written(Decimal(repr(value)))


def _figure(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
