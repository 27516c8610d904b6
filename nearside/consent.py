"""`nearside trust`: the user's consent to what a project's own settings loosen."""

from __future__ import annotations

from pathlib import Path

from inference.types import SettingsError
from nearside.workspace import workspace_of
from settings import trust
from settings.layers import load, project_file
from settings.schema import Endpoint


def give(path: Path) -> str:
    """Remember the consent and return what it covers. Raises SettingsError."""
    workspace = workspace_of(path)
    notes: list[str] = []
    project = project_file(workspace, notes)
    if notes:
        raise SettingsError(notes[0])
    if project is None:
        raise SettingsError(
            f"Nothing to trust in {workspace}, because it brings no settings of its own; "
            "name a folder with a .nearside.toml or a [tool.nearside] in pyproject.toml."
        )
    try:
        trust.grant(workspace, project.table)
    except OSError as error:
        raise SettingsError(_not_kept(error)) from error
    loaded = load(workspace, {}, {})
    lines = [f"Trusted: {project.path}, until its settings change. It sets:"]
    for dotted, origin in loaded.origin.items():
        if origin == str(project.path):
            section, name = dotted.split(".")
            value = getattr(getattr(loaded.settings, section), name)
            lines.append(f"  {dotted} = {value.base_url if isinstance(value, Endpoint) else value!r}")
    return "\n".join([*lines, *loaded.notes])


def take_back(path: Path) -> str:
    """Forget the consent and say what that means. Raises SettingsError."""
    workspace = workspace_of(path)
    try:
        had = trust.revoke(workspace)
    except OSError as error:
        raise SettingsError(_not_kept(error)) from error
    if had:
        return f"No longer trusted: {workspace}. Its settings may still tighten yours."
    return f"{workspace} was not trusted; nothing changed."


def _not_kept(error: OSError) -> str:
    reason = (error.strerror or type(error).__name__).lower()
    return f"Nothing changed, because the record of consents cannot be written ({reason}); make room for it."
