"""Change one setting in a TOML file by its line, so that the user's comments and order stay as they are."""

from __future__ import annotations

import contextlib
import copy
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inference.types import SettingsError

HEADER = re.compile(r"\s*\[")
QUOTED = r"""(?:"{0}"|'{0}'|{0})"""


def write_setting(path: Path, table: str, name: str, value: str) -> None:
    """Set `name` in the table of a dotted name to `value`, a TOML literal; a missing file is made.

    It is written in one step, through a link to what that points to. Raises SettingsError, and leaves the
    file as it was, where it cannot be read or written, or is laid out as only its author can edit it.
    """
    path = path.resolve()
    instead = f"write `{name} = {value}` under [{table}] yourself"
    try:
        before = path.read_bytes().decode("utf-8") if path.exists() else ""
        known = tomllib.loads(before.removeprefix("\ufeff"))
    except UnicodeDecodeError:
        raise SettingsError(f"Nothing was written, because {path} is not UTF-8; correct it first.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(
            f"Nothing was written, because {path} is not valid TOML ({_line(error)}); correct it first."
        ) from None
    except OSError as error:
        raise SettingsError(f"Nothing was written, because {path} {_why(error)}; {instead}.") from None
    after = with_setting(before, table, name, value)
    try:
        fits = tomllib.loads(after.removeprefix("\ufeff")) == _wanted(known, table, name, value)
    except (tomllib.TOMLDecodeError, RecursionError, TypeError):
        fits = False
    if not fits:
        raise SettingsError(
            f"Nothing was written, because {path} is laid out in a way only its author can edit; {instead}."
        )
    try:
        _replace(path, after)
    except OSError as error:
        raise SettingsError(f"Nothing was written, because {path} {_why(error)}; {instead}.") from None


def with_setting(text: str, table: str, name: str, value: str) -> str:
    """Return TOML in which a line of a table is changed, or added behind its header, or both at the end."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    path = r"\s*\.\s*".join(map(_name, table.split(".")))
    header = re.compile(rf"\s*\[\s*{path}\s*\]\s*(#.*)?\s*")
    assigned = re.compile(rf"(\s*{_name(name)}\s*=\s*)([^#\r\n]*?)(\s*(#.*)?[\r\n]*)")
    start = next((at for at, line in enumerate(lines) if header.fullmatch(line)), None)
    if start is None:
        gap = end if lines and lines[-1].strip() else ""
        last = "" if not text or text.endswith(("\n", "\r")) else end
        return f"{text}{last}{gap}[{table}]{end}{name} = {value}{end}"
    for at in range(start + 1, len(lines)):
        if HEADER.match(lines[at]):
            break
        if found := assigned.fullmatch(lines[at]):
            lines[at] = found[1] + value + found[3]
            return "".join(lines)
    if not lines[start].endswith(("\n", "\r")):
        lines[start] += end
    lines.insert(start + 1, f"{name} = {value}{end}")
    return "".join(lines)


def _name(part: str) -> str:
    return QUOTED.format(re.escape(part))


def _wanted(known: Mapping[str, Any], table: str, name: str, value: str) -> dict[str, Any]:
    """Return what the file should hold in the end: all that it did, and the setting."""
    wanted = copy.deepcopy(dict(known))
    inner = wanted
    for part in table.split("."):
        inner = inner.setdefault(part, {})
    inner[name] = tomllib.loads(f"value = {value}")["value"]
    return wanted


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _why(error: OSError) -> str:
    return f"cannot be written ({(error.strerror or type(error).__name__).lower()})"


def _line(error: Exception) -> str:
    return "".join(c if c.isprintable() else "?" for c in str(error)[:120])
