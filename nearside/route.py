"""`nearside route`: what routing would do at other shares, why it did what it did, and setting it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from inference.confidence import version
from inference.cost.amounts import number, written
from inference.cost.tables import Table, aligned, printable
from inference.routing.calibration import ISOTONIC_FROM, SHRUNK_FROM
from inference.routing.consequences import Consequence, consequences
from inference.routing.decision import Decision
from inference.routing.quality import quality_cut
from inference.routing.reasons import sentence
from inference.routing.shipped import shipped
from inference.routing.study import History, Study, history, latest_model, study
from inference.types import SettingsError
from nearside.tables import show
from nearside.workspace import workspace_of
from nearside.write_setting import write_setting
from settings import paths, trust
from settings.layers import Loaded, load, project_file
from settings.schema import Routing
from settings.values import KEYS, accepted, value_of


@dataclass(frozen=True)
class Explained:
    """Everything `nearside route explain` shows."""

    project: str
    """Empty where it is all of them."""
    routing: Routing
    study: Study
    history: History
    rows: tuple[Consequence, ...]
    notes: tuple[str, ...]


def explained(project: Path | None, decisions: int, change: Routing | None = None) -> Explained:
    """Return what the user's ledger says. `change` is a setting to be tried out. Raises LedgerUnusable."""
    file = paths.ledger_file()
    loaded = load(workspace_of(project or Path(".")))
    routing = loaded.settings.routing
    name = "" if project is None else str(project.resolve())
    found = latest_model(file, name or None)
    if project is not None and found is None:
        workspace = str(workspace_of(project))
        found = latest_model(file, workspace)
        name = workspace if found else name
    model, scorer = found or latest_model(file) or ("", version())
    known = study(file, name, model, scorer)
    past = history(file, name or None, decisions)
    new = change or routing
    also = [] if change is None else [float(routing.keep_local)]
    rows = consequences(known, past.spending, shipped(), float(new.keep_local), also)
    notes = [*loaded.notes, *_about_labels(known), *_about_quality(new, known)]
    if new.mode == "local-only":
        notes.append('Nothing is sent while routing.mode is local-only; "local-first" is what this is about.')
    if past.spending.cost is None:
        notes.append("What a day costs is not known before a hosted model has been asked for completions.")
    if (compared := past.compared).drafts:
        notes.append(
            f"Of {compared.drafts:,} drafts kept local and compared, the local one was right in "
            f"{compared.local_right:,}, the hosted one in {compared.hosted_right:,}; "
            f"{compared.agreed:,} were the same."
        )
    return Explained(name, new, known, past, tuple(rows), tuple(dict.fromkeys(notes)))


def _about_labels(known: Study) -> list[str]:
    """Say how far the figures can be relied on."""
    labels, own = len(known.labels), sum(label.project == known.project for label in known.labels)
    if labels < SHRUNK_FROM:
        known_of = f"only {labels} drafts" if labels else "no draft"
        return [
            f"What became of drafts of this model is known for {known_of} yet, so this is what "
            f"{shipped().drafts:,} of the bundled one were like before it was shipped; "
            f"from {SHRUNK_FROM} on the table is yours."
        ]
    of = f"{own:,} of them in this project" if known.project else "of all projects"
    how = "their own steps" if labels >= ISOTONIC_FROM else "a curve near the shipped one"
    return [f"From {labels:,} drafts of {known.model}, {of}; probabilities follow {how}."]


def _about_quality(routing: Routing, known: Study) -> list[str]:
    wanted = float(routing.min_quality)
    if wanted <= 0:
        return []
    cut = quality_cut(known.rungs, wanted)
    if cut == -math.inf:
        return [f"routing.min_quality of {wanted:.0%} is met whatever is kept."]
    if cut == math.inf:
        return [f"No cut meets routing.min_quality of {wanted:.0%}, so that every draft you stop at is sent."]
    return [
        f"routing.min_quality of {wanted:.0%} is met by drafts with a score of {cut:.2f} or more; "
        "the others are sent."
    ]


def print_explained(found: Explained, as_json: bool, was: Routing | None = None) -> None:
    """Print the table of consequences and the reasons of decisions."""
    if as_json:
        print(json.dumps(as_dict(found), indent=1, ensure_ascii=False))
        return
    show([_table(found, was)])
    for line in _lines(found):
        print(line)


def as_text(found: Explained) -> str:
    """Return the table of consequences and the reasons of decisions as plain text."""
    return "\n".join([aligned(_table(found, None)), "", *_lines(found)])


def _lines(found: Explained) -> list[str]:
    """Return what there is to say beside the table."""
    decided = [f"{_when(decision)}  {sentence(decision)}" for decision in found.history.decisions]
    return [printable(line) for line in (*found.notes, *decided)]


def _table(found: Explained, was: Routing | None) -> Table:
    counted = any(row.kept.labels for row in found.rows)
    rows = []
    for row in found.rows:
        kept = row.kept
        mark = ("<- new" if was else "<- now") if row.now else ""
        if was and kept.share == float(was.keep_local):
            mark = "<- now" + (", unchanged" if row.now else "")
        rows.append(
            (
                f"{100 * kept.share:.0f} %",
                "?" if math.isnan(kept.right) else f"{100 * kept.right:.0f} %",
                f"{100 * kept.low:.0f} to {100 * kept.high:.0f} %" if kept.labels else "",
                "?" if row.cost is None else written(row.cost),
                mark,
            )
        )
    about = "Bounds hold in 9 of 10 cases each." if counted else "Expected."
    columns = ("kept local", "of these right", "between", "USD a day", "routing.keep_local")
    where = f" in {found.project}" if found.project else ""
    return Table(f"What each share to keep local comes to{where}", columns, tuple(rows), about)


def as_dict(found: Explained) -> dict[str, Any]:
    """Return everything as JSON knows it; null is what is not known, or infinite."""
    known, spending = found.study, found.history.spending
    return {
        "project": found.project or None,
        "model": known.model or None,
        "labels": len(known.labels),
        "calibration": known.calibration.kind,
        "mode": found.routing.mode,
        "keep_local": float(found.routing.keep_local),
        "min_quality": float(found.routing.min_quality),
        "consequences": [
            {
                "keep_local": row.kept.share,
                "right": _finite(row.kept.right),
                "low": row.kept.low if row.kept.labels else None,
                "high": row.kept.high if row.kept.labels else None,
                "labels": row.kept.labels,
                "cut": _finite(row.kept.cut),
                "dollars_a_day": None if row.cost is None else number(row.cost),
                "now": row.now,
            }
            for row in found.rows
        ],
        "drafts_a_day": spending.stops,
        "asked": spending.asked,
        "dollars_each": None if spending.cost is None else number(spending.cost),
        "compared": asdict(found.history.compared),
        "decisions": [_decision_json(decision) for decision in found.history.decisions],
        "notes": list(found.notes),
    }


def _decision_json(decision: Decision) -> dict[str, Any]:
    values = asdict(decision) | {"sentence": sentence(decision)}
    values["left"] = None if decision.left is None else number(decision.left)
    return {name: _finite(value) if isinstance(value, float) else value for name, value in values.items()}


def calibrate(
    target: str | None, min_quality: str | None, project: Path | None, dry_run: bool
) -> tuple[Explained, Routing, list[str]]:
    """Write what is asked for into the user's settings, or a project's own, and return what it comes to.

    Also returned: the settings before, and lines on what was written. Raises ValueError with what is wrong as
    'routing.keep_local: X is not Y', SettingsError and LedgerUnusable.
    """
    given = {"keep_local": target, "min_quality": min_quality}
    changes: dict[str, Decimal] = {}
    for name, text in given.items():
        if text is not None:
            try:
                changes[name] = accepted(KEYS[f"routing.{name}"], text)
            except ValueError as error:
                raise ValueError(f"routing.{name}: {error}") from None
    workspace = workspace_of(project or Path("."))
    before = load(workspace).settings.routing
    found = explained(project, 0, replace(before, **changes))
    if dry_run:
        return found, before, ["Nothing was written, because of --dry-run."]
    said = _write_project(workspace, changes) if project else _write_user(changes)
    return found, before, [*said, *_overruled(load(workspace), changes, project is not None)]


def _write_user(changes: dict[str, Decimal]) -> list[str]:
    file = paths.config_file()
    for name, value in changes.items():
        write_setting(file, "routing", name, f"{value:f}")
    return [_written(file, changes)]


def _write_project(workspace: Path, changes: dict[str, Decimal]) -> list[str]:
    """Write a project's file. Consent that was given stays; where it was not, the file may only tighten."""
    notes: list[str] = []
    present = project_file(workspace, notes)
    if notes:
        raise SettingsError(notes[0])
    consented = present is not None and trust.granted(workspace, present.table)
    file = present.path if present else workspace / ".nearside.toml"
    table = "tool.nearside.routing" if file.name == "pyproject.toml" else "routing"
    for name, value in changes.items():
        write_setting(file, table, name, f"{value:f}")
    said = [_written(file, changes)]
    if consented and (after := project_file(workspace, notes)):
        try:
            trust.grant(workspace, after.table)
        except OSError:
            said.append(f"Your consent to it was not kept; run: nearside trust {workspace}")
    return said


def _written(file: Path, changes: dict[str, Decimal]) -> str:
    values = ", ".join(f"routing.{name} = {value:f}" for name, value in changes.items())
    return f"Written to {file}: {values}."


def _overruled(loaded: Loaded, changes: dict[str, Decimal], in_project: bool) -> list[str]:
    """Say where another place wins over what was written, or consent is missing for it."""
    said = []
    for name, value in changes.items():
        dotted = f"routing.{name}"
        stands, origin = value_of(loaded.settings, dotted), loaded.origin[dotted]
        if stands != value and not (in_project and any(dotted in note for note in loaded.notes)):
            said.append(f"Here {dotted} stays {stands:f}, because {_place(origin)} says so.")
    return [*said, *(note for note in loaded.notes if "routing." in note)]


def _place(origin: str) -> str:
    return "your environment" if origin == "environment" else origin


def _when(decision: Decision) -> str:
    from datetime import datetime

    try:
        return f"{datetime.fromtimestamp(decision.time):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return "?"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def print_calibrated(found: Explained, before: Routing, said: Sequence[str], as_json: bool) -> None:
    """Print what a change comes to, and what was written."""
    if as_json:
        print(json.dumps(as_dict(found) | {"written": list(said)}, indent=1, ensure_ascii=False))
        return
    print_explained(found, False, before)
    for line in said:
        print(printable(line))
