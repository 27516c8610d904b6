"""Settings from all the places a user may write them, later ones winning; a mistake is a note, never a crash.

defaults < user file < project file (as far as it is trusted) < editor < environment
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from settings import offline, paths, trust
from settings.schema import Settings
from settings.tables import shown
from settings.values import KEYS, MODELS, SECTIONS, Key, accepted, built, from_text

LARGEST_FILE = 1_000_000  # bytes; a settings file beyond this is not one
SECRET = re.compile(r"(^|[._])(api_?key|key|token|secret|password)$", re.IGNORECASE)
MOST_UNKNOWN = 10  # unknown keys named per place; the rest is counted


@dataclass(frozen=True)
class Loaded:
    """The settings in force, what the user should hear about them, and where each came from."""

    settings: Settings
    notes: tuple[str, ...]
    origin: dict[str, str]
    """Dotted key -> 'default', a file, 'editor' or 'environment'."""
    refused: Refused | None = None


@dataclass(frozen=True)
class Refused:
    """What a project's file may not set before the user consents; `note` says it in a line."""

    file: ProjectFile
    settings: tuple[str, ...]
    """Dotted keys."""
    note: str


@dataclass(frozen=True)
class Layer:
    """One place's settings as written, by dotted key."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    folder: Path | None = None
    """What a relative path of a model is relative to."""


@dataclass(frozen=True)
class ProjectFile:
    """The settings a project brings, and the file that holds them."""

    path: Path
    table: Mapping[str, Any]


def load(
    workspace: Path | None,
    editor: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    trusted: bool = False,
) -> Loaded:
    """Read every layer. `trusted` is the editor's own word that the workspace is the user's."""
    notes: list[str] = []
    refused: Refused | None = None
    values = {dotted: key.default for dotted, key in KEYS.items()}
    origin = dict.fromkeys(values, "default")

    user_file = paths.config_file()
    if user := _read_toml(user_file, notes):
        _apply(_layer(str(user_file), user, user_file.parent), values, origin, notes)
    if workspace and (project := project_file(workspace, notes)):
        layer = _layer(str(project.path), project.table, workspace)
        free = trusted or trust.granted(workspace, project.table)
        if keys := _apply(layer, values, origin, notes, untrusted=not free):
            refused = Refused(project, keys, _not_consented(keys, project.path, workspace))
            notes.append(refused.note)
    if editor is not None:
        _apply(_layer("editor", _editor_table(editor), workspace), values, origin, notes)
    _apply(_environment(environ), values, origin, notes)
    if offline.wanted(environ):
        _stay_local(values, origin, notes)

    paths.state_dir()  # the user should hear now that it cannot be written
    return Loaded(built(values), tuple(dict.fromkeys([*notes, *paths.notes()])), origin, refused)


def _stay_local(values: dict[str, Any], origin: dict[str, str], notes: list[str]) -> None:
    """Take out what would go online."""
    changed = []
    for dotted, key in KEYS.items():
        near = offline.local(dotted, values[dotted], key.default)
        if near != values[dotted]:
            changed.append(dotted)
            values[dotted], origin[dotted] = near, "--offline"
    if changed:
        are = "is" if len(changed) == 1 else "are"
        notes.append(
            f"{', '.join(changed)} {are} not used, because Nearside is offline; leave out --offline for that."
        )


def project_file(workspace: Path, notes: list[str]) -> ProjectFile | None:
    """Return the project's settings: `.nearside.toml`, else [tool.nearside] of pyproject.toml."""
    own, shared = workspace / ".nearside.toml", workspace / "pyproject.toml"
    table = _read_toml(own, notes)
    if table is not None:
        return ProjectFile(own, table)
    try:
        about_us = b"tool.nearside" in _read(shared)
    except (OSError, ValueError):
        return None
    # A broken pyproject.toml without a word about us is somebody else's business.
    tool = ((_read_toml(shared, notes) if about_us else None) or {}).get("tool")
    table = tool.get("nearside") if isinstance(tool, Mapping) else None
    if table is None:
        return None
    return ProjectFile(shared, table if isinstance(table, Mapping) else {"tool.nearside": table})


def _apply(
    layer: Layer,
    values: dict[str, Any],
    origin: dict[str, str],
    notes: list[str],
    untrusted: bool = False,
) -> tuple[str, ...]:
    """Lay one layer over what is below it. An untrusted one may only tighten; return what it may not set."""
    notes.extend(_unknown(layer))
    refused: list[str] = []
    for dotted, raw in layer.values.items():
        key = KEYS[dotted]
        try:
            value = _anchored(key, accepted(key, raw), layer.folder)
        except ValueError as error:
            place = key.variable if layer.name == "environment" else f"{dotted} in {_place(layer.name)}"
            notes.append(
                f"{place} is not used and {shown(values[dotted])} stays, because {error}; correct it there."
            )
            continue
        if untrusted and value != values[dotted]:
            value = trust.tightened(key.untrusted, values[dotted], value, key.choices)
            if value is None:
                refused.append(dotted)
                continue
        values[dotted], origin[dotted] = value, layer.name
    return tuple(refused)


def _not_consented(keys: tuple[str, ...], file: Path, workspace: Path) -> str:
    return (
        f"{', '.join(keys)} in {file} {'is' if len(keys) == 1 else 'are'} not used, because you have not "
        f"consented to what this project sets; read it, then run: "
        f"nearside trust {shlex.quote(str(workspace))}"
    )


def _layer(name: str, table: Mapping[Any, Any], folder: Path | None) -> Layer:
    """Sort a place's tables into settings we know and keys we do not."""
    values: dict[str, Any] = {}
    unknown: list[str] = []
    for dotted, raw in _dotted(table):
        if dotted in KEYS:
            values[dotted] = raw
        else:
            unknown.append(dotted)
    return Layer(name, values, tuple(unknown), folder)


def _dotted(table: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, content in table.items():
        dotted = f"{prefix}{name}"
        if dotted in SECTIONS and isinstance(content, Mapping):
            yield from _dotted(content, dotted + ".")
        else:
            yield dotted, content


def _environment(environ: Mapping[str, str]) -> Layer:
    """Read NEARSIDE_<SECTION>_<KEY>; an empty variable counts as unset."""
    variables = {key.variable: key for key in KEYS.values()}
    ours = {name: text for name, text in environ.items() if name.startswith("NEARSIDE_") and text}
    ours.pop(offline.VARIABLE, None)
    values = {
        variables[name].dotted: from_text(variables[name], ours[name]) for name in ours if name in variables
    }
    try:
        folder = Path.cwd()
    except OSError:  # it was deleted under us
        folder = None
    return Layer("environment", values, tuple(name for name in ours if name not in variables), folder)


def _editor_table(editor: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return an editor's settings in our spelling; null is how an editor says 'not set'."""
    if not isinstance(editor, Mapping):
        return {"the value sent": editor}
    nested = editor.get("nearside")
    return _snake(nested if isinstance(nested, Mapping) else editor)


def _snake(table: Mapping[Any, Any], prefix: str = "") -> dict[Any, Any]:
    """Return tables of settings, and a server's, in our spelling. Other tables' names are the user's own."""
    ours: dict[Any, Any] = {}
    for given, value in table.items():
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(given)).lower()
        if isinstance(value, Mapping) and (prefix + name in SECTIONS or prefix + name in MODELS):
            value = _snake(value, f"{prefix}{name}.")
        if value is not None:
            ours[name] = value
    return ours


def _unknown(layer: Layer) -> Iterator[str]:
    """Name each unknown key with the nearest one that exists."""
    variable = layer.name == "environment"
    for given in layer.unknown[:MOST_UNKNOWN]:
        place = _clean(given) if variable else f"{_clean(given)} in {_place(layer.name)}"
        near = _nearest(given, variable)
        if SECRET.search(given):
            yield (
                f"{place} is not used, because a key does not belong into settings; take it out, replace it "
                "where others may have read it, and see cloud.api_key_env."
            )
        elif given in SECTIONS:
            yield f"{place} is not used, because it is not a table; write its settings under [{given}]."
        elif near:
            yield f"{place} does nothing, because there is no such setting; the nearest is {near}."
        else:
            yield f"{place} does nothing, because there is no such setting; `nearside settings` lists all."
    if (rest := len(layer.unknown) - MOST_UNKNOWN) > 0:
        yield f"{rest} more keys in {_place(layer.name)} do nothing; `nearside settings` lists all there are."


def _nearest(given: str, variable: bool) -> str:
    if variable:
        found = difflib.get_close_matches(given[:80], [key.variable for key in KEYS.values()], 1)
        return found[0] if found else ""
    if found := difflib.get_close_matches(given[:80], [*KEYS, *SECTIONS], 1):
        return found[0]
    names = {key.name: key.dotted for key in KEYS.values()}
    found = difflib.get_close_matches(given.rpartition(".")[2][:80], names, 1)
    return names[found[0]] if found else ""


def _anchored(key: Key, value: Any, folder: Path | None) -> Any:
    """Return a relative path as one from the folder its layer counts from."""
    if folder is None or not isinstance(value, str) or value.startswith("~"):
        return value
    match key.dotted:
        case "model.completion" | "model.chat":
            is_path = re.search(r"[/\\]|\.gguf$", value) and not value.startswith("hf:")
        case "retrieval.embedder":  # `organisation/model` is a name
            is_path = value.startswith((".", "/"))
        case "retrieval.uri":
            is_path = value and "://" not in value
        case _:
            is_path = False
    return str(folder / value) if is_path else value


def _read(path: Path) -> bytes:
    """Return a regular file's content. Raises OSError, and ValueError with the reason not to read it."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not a regular file")
    if status.st_size > LARGEST_FILE:
        raise ValueError(f"it is larger than {LARGEST_FILE:,} bytes")
    return path.read_bytes()


def _read_toml(path: Path, notes: list[str]) -> dict[str, Any] | None:
    """Return a file's tables, or None with a note saying why unless it just is not there."""
    try:
        return tomllib.loads(_read(path).decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        reason = f"it is not valid TOML: {_clean(str(error))}"
    except RecursionError:
        reason = "its tables are nested too deeply"
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
    except ValueError as error:
        reason = _clean(str(error))
    notes.append(f"{path} is not used, because {reason}; correct it and save it again.")
    return None


def _place(name: str) -> str:
    return "the editor's settings" if name == "editor" else name


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:160])
