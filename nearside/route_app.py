"""`nearside route`: names and options of its commands. What they do stands in nearside/route.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from inference.types import NearsideError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

route_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What stays on this machine, what a hosted model is asked about, and why.",
)


@route_app.command("explain")
def explain(
    project: Annotated[Path | None, typer.Option(help="One project only.")] = None,
    decisions: Annotated[int, typer.Option("-n", help="Decisions to show.", min=0, max=10_000)] = 10,
    as_json: AsJson = False,
) -> None:
    """Show what each share to keep local comes to, and why the last drafts were sent or kept."""
    from nearside import route

    route.print_explained(route.explained(_existing(project), decisions), as_json)


@route_app.command("actions")
def actions(
    project: Annotated[Path | None, typer.Option(help="One project only.")] = None,
    number: Annotated[int, typer.Option("-n", help="Actions to show.", min=1, max=10_000)] = 10,
    as_json: AsJson = False,
) -> None:
    """Show what the last code actions tried, which checks failed, and why a hosted model was asked or not."""
    from nearside import route_actions

    print(route_actions.listed(_existing(project), number, as_json))


@route_app.command("calibrate")
def calibrate(
    target: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Share of drafts to keep local, 0 to 1.")
    ] = None,
    min_quality: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Share of the kept ones to be right; 0 is no demand.")
    ] = None,
    project: Annotated[
        Path | None, typer.Option(help="Write this project's own settings instead of yours.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it comes to.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a share to keep local, or a quality of what is kept, comes to, and set it."""
    if target is None and min_quality is None:
        print("Nothing was set, because neither --target nor --min-quality was given.", file=sys.stderr)
        raise typer.Exit(2)
    from nearside import route

    try:
        found, before, said = route.calibrate(target, min_quality, _existing(project), dry_run)
    except ValueError as error:
        print(f"Nothing was set: {error}.", file=sys.stderr)
        raise typer.Exit(2) from None
    route.print_calibrated(found, before, said, as_json)


def _existing(project: Path | None) -> Path | None:
    if project is not None and not project.is_dir():
        raise NearsideError(f"Nothing was done, because {project} is no folder; name a project's folder.")
    return project
