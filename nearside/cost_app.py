"""`nearside cost`: names and options of its commands. What they do stands in nearside/cost.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nearside.workspace import workspace_of

if TYPE_CHECKING:
    from settings.schema import Cost

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Page = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with charts.")]

cost_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What it costs to answer here, and what elsewhere."
)


def _amount(about: str):
    return typer.Option(metavar="NUMBER", help=about)


@cost_app.command("tco")
def tco(
    compare: Annotated[
        str | None, typer.Option(metavar="FILE", help="Machines and hosted models as TOML; - is stdin.")
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print such a file: the published comparison.")
    ] = False,
    hardware: Annotated[str | None, _amount("Price of the hardware.")] = None,
    residual: Annotated[str | None, _amount("Its worth in the end; may exceed its price.")] = None,
    years: Annotated[str | None, _amount("Years it is used.")] = None,
    setup_hours: Annotated[str | None, _amount("Hours to set it up, once.")] = None,
    hourly_rate: Annotated[str | None, _amount("Price of an hour of work.")] = None,
    maintenance_hours: Annotated[str | None, _amount("Hours to maintain it, in a year.")] = None,
    watts: Annotated[str | None, _amount("Watts it draws in use.")] = None,
    hours_per_day: Annotated[str | None, _amount("Hours of use in a day [8].")] = None,
    days_per_month: Annotated[str | None, _amount("Days of use in a month [30].")] = None,
    kwh_price: Annotated[str | None, _amount("Price of a kilowatt-hour.")] = None,
    electricity: Annotated[str | None, _amount("Cost of all its electricity, instead of watts.")] = None,
    people: Annotated[str | None, _amount("People who share it.")] = None,
    hosted: Annotated[str | None, _amount("What they spend on hosted models in a month.")] = None,
    hosted_model: Annotated[str | None, typer.Option(help="Hosted model to set against it.")] = None,
    tokens_in: Annotated[str | None, _amount("Tokens into it in a session [50,000].")] = None,
    tokens_out: Annotated[str | None, _amount("Tokens out of it in a session [20,000].")] = None,
    sessions: Annotated[str | None, _amount("Sessions in a month [100].")] = None,
    page: Page = None,
    as_json: AsJson = False,
) -> None:
    """Reckon what a machine costs over its years, and when it has paid for itself.

    What no option says is taken from the settings under [cost].
    """
    given = {
        "hardware": hardware,
        "residual": residual,
        "years": years,
        "setup_hours": setup_hours,
        "hourly_rate": hourly_rate,
        "maintenance_hours": maintenance_hours,
        "watts": watts,
        "hours_per_day": hours_per_day,
        "days_per_month": days_per_month,
        "kwh_price": kwh_price,
        "electricity": electricity,
        "people": people,
        "hosted": hosted,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "sessions": sessions,
    }
    if example:
        from inference.cost.published import PUBLISHED

        print(PUBLISHED, end="")
        return
    from nearside import cost as command

    if compare is not None:
        named = [name for name, text in (*given.items(), ("hosted_model", hosted_model)) if text is not None]
        if named:
            options = ", ".join(f"--{name.replace('_', '-')}" for name in named)
            print(f"{options} cannot be given with --compare; write it into the file.", file=sys.stderr)
            raise typer.Exit(2)
        comparison = command.compared(compare, _settings(Path(".")))
    else:
        try:
            comparison = command.from_options(given, hosted_model, _settings(Path(".")))
        except command.WrongOption as error:
            print(error, file=sys.stderr)
            raise typer.Exit(2) from None
    command.print_comparison(comparison, as_json, page)


@cost_app.command("report")
def report(
    days: Annotated[int, typer.Option(help="Days until today.", min=1, max=3660)] = 30,
    project: Annotated[Path | None, typer.Option(help="One project only.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Hosted model the avoided spend is reckoned at.")
    ] = None,
    page: Page = None,
    as_json: AsJson = False,
) -> None:
    """Show what was spent here and on hosted models, and what was avoided, by project and day."""
    from dataclasses import replace

    from nearside import cost as command

    cost = _settings(project or Path("."))
    if model:
        cost = replace(cost, hosted_model=model)
    command.print_report(command.report(cost, days, project), as_json, page)


def _settings(project: Path) -> Cost:
    """Load the settings of cost and say on stderr what is wrong with any."""
    from settings.layers import load

    loaded = load(workspace_of(project))
    for note in loaded.notes:
        print(note, file=sys.stderr)
    return loaded.settings.cost
