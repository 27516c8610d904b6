"""`nearside cost tco` and `nearside cost report`: where the figures come from and how they are printed."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from inference.cost.comparison import Comparison, ComparisonError, checked, read
from inference.cost.prices import Tokens, price
from inference.cost.report import Report, from_ledger
from inference.cost.tables import comparison_json, of_comparison, of_report, printable, report_json
from inference.cost.tco import Hosted, Machine
from inference.types import NearsideError
from nearside.tables import show
from nearside.workspace import workspace_of
from settings import paths
from settings.schema import Cost

LARGEST_FILE = 1_000_000
"""Bytes of an input; what is larger is none."""
SAMPLE = 1000
"""Tokens a price is taken from."""


class PageError(NearsideError):
    """The page could not be written."""


class WrongOption(ValueError):
    """An option's value is none; the text says which and why."""


def compared(file: str, cost: Cost) -> Comparison:
    """Return what a file, or standard input as `-`, says is to be compared. Raises ComparisonError."""
    defaults = {"kwh_price": cost.kwh_price, "hourly_rate": cost.hourly_rate}
    return read(_text(file), "standard input" if file == "-" else file, cost.currency, defaults, _rates(cost))


def from_options(given: Mapping[str, str | None], model: str | None, cost: Cost) -> Comparison:
    """Return one machine as the settings and the options describe it, and a hosted model to set against it.

    Raises WrongOption, UnknownPrice, and ComparisonError where there is nothing to reckon.
    """
    options: dict[str, Any] = {}
    for name, text in given.items():
        if text is not None:
            try:
                options[name] = checked(name, text)
            except ValueError as error:
                raise WrongOption(f"--{name.replace('_', '-')}: {error}") from None
    of_hosted = {
        name: options.pop(name) for name in ("tokens_in", "tokens_out", "sessions") if name in options
    }
    machine = {
        "hardware": cost.hardware_price,
        "residual": cost.residual_value,
        "years": cost.years,
        "setup_hours": cost.setup_hours,
        "hourly_rate": cost.hourly_rate,
        "maintenance_hours": cost.maintenance_hours,
        "kwh_price": cost.kwh_price,
        "people": cost.people,
        **({"watts": cost.watts} if isinstance(cost.watts, Decimal) else {}),
        **options,
    }
    hosted: tuple[Hosted, ...] = ()
    if model or of_hosted:
        name = model or cost.hosted_model
        hosted = (Hosted(name, *_rates(cost)(name), **of_hosted),)
    what = Machine(**machine)
    idle = not (what.watts or what.electricity)
    if not hosted and idle and not (what.hardware or what.setup_hours or what.maintenance_hours):
        raise ComparisonError(
            "Nothing was reckoned, because neither a price nor watts are known; give --hardware or --watts, "
            "set them under [cost], or start from `nearside cost tco --example`."
        )
    return Comparison(cost.currency, (what,), hosted)


def report(cost: Cost, days: int, project: Path | None) -> Report:
    """Return the report of this user's ledger. Raises LedgerUnusable."""
    file = paths.ledger_file()
    if project is None:
        return from_ledger(file, cost, days)
    found = from_ledger(file, cost, days, str(project.resolve()))
    workspace = str(workspace_of(project))
    if found.projects or workspace == str(project.resolve()):
        return found
    return from_ledger(file, cost, days, workspace)


def print_comparison(comparison: Comparison, as_json: bool, page: Path | None) -> None:
    """Print a comparison, or write it as a page."""
    tables = of_comparison(comparison)
    if page:
        from inference.cost.html import comparison_page

        _write(page, comparison_page(comparison, tables))
    if as_json:
        print(json.dumps(comparison_json(comparison), indent=1, ensure_ascii=False))
    elif not page:
        show(tables)


def print_report(found: Report, as_json: bool, page: Path | None) -> None:
    """Print a report, or write it as a page."""
    tables = of_report(found)
    if page:
        from inference.cost.html import report_page

        _write(page, report_page(found, tables))
    if as_json:
        print(json.dumps(report_json(found), indent=1, ensure_ascii=False))
    elif not page:
        if found.projects:
            show(tables)
            print(f"Compared with {printable(found.compared)}.")
        for note in found.notes:
            print(printable(note))


def _rates(cost: Cost):
    """Return what gives a model's prices of a million tokens in and out, in the user's currency."""

    def rates(model: str) -> tuple[Decimal, Decimal]:
        per = 1_000_000 // SAMPLE * cost.exchange_rate
        given, taken = Tokens(SAMPLE), Tokens(0, SAMPLE)
        return price(model, "", given, cost.prices) * per, price(model, "", taken, cost.prices) * per

    return rates


def _text(file: str) -> str:
    try:
        if file == "-":
            data = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            path = Path(file)
            if not stat.S_ISREG(path.stat().st_mode):
                raise _unread(file, "it is not a regular file")
            with path.open("rb") as opened:
                data = opened.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise _unread(file, f"it is larger than {LARGEST_FILE:,} bytes")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unread(file, "it is not UTF-8") from None
    except (OSError, ValueError) as error:
        raise _unread(file, (getattr(error, "strerror", None) or str(error)).lower()) from None


def _unread(file: str, why: str) -> ComparisonError:
    return ComparisonError(
        f"Nothing was compared, because {printable(file)} cannot be read: {why}; "
        "`nearside cost tco --example` prints one to start from."
    )


def _write(page: Path, content: str) -> None:
    try:
        page.write_text(content, "utf-8")
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        where = printable(str(page))
        raise PageError(f"The page was not written to {where}: {why}; name another file.") from None
    print(f"The page is {page.resolve()}.", file=sys.stderr)
