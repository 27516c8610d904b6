"""Write the settings of settings/schema.py into package.json, so that the settings editor shows what holds.

Run from anywhere with the project's Python; `--check` writes nothing and fails where something would change.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from settings.schema import Endpoint
from settings.values import KEYS, MODELS, SECTIONS, Key, plain

PACKAGE = Path(__file__).parents[1] / "package.json"
ENDPOINT = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in Endpoint.__dataclass_fields__},
    "required": ["base_url"],
    "additionalProperties": False,
}
NUMBERS = {
    name: {"type": "number", "minimum": 0} for name in ("input", "output", "cache_read", "cache_write")
}
TABLES: dict[str, dict[str, Any]] = {
    "cost.prices": {
        "type": "object",
        "properties": NUMBERS,
        "required": ["input", "output"],
        "additionalProperties": False,
    },
    "mcp.servers": {"type": "object"},
}
"""Settings that are tables with names of the user's own: what each entry is."""
TITLES = {"docs": "Documentation", "mcp": "MCP", "routing.actions": "Routing of Actions"}


def contributed() -> list[dict[str, Any]]:
    """Return the schema's settings as the settings editor takes them, one group for each table."""
    groups = []
    for order, section in enumerate(SECTIONS, start=1):
        keys = [key for key in KEYS.values() if key.section == section]
        title = TITLES.get(section, section.capitalize())
        properties = {f"nearside.{key.dotted}": _property(key, at) for at, key in enumerate(keys)}
        groups.append({"title": title, "order": order, "properties": properties})
    return groups


def restricted() -> list[str]:
    """Return the settings whose value a workspace nobody trusts does not get to say: all it could say."""
    return [f"nearside.{key.dotted}" for key in KEYS.values() if _scope(key) != "machine"]


def _scope(key: Key) -> str:
    """What a project's own settings may never say, VS Code's workspace settings may not either."""
    return "machine" if key.untrusted == "refuse" else "window"


def _property(key: Key, order: int) -> dict[str, Any]:
    default = {} if key.dotted in TABLES else plain(key.default)
    common = {"default": default, "description": key.about, "scope": _scope(key), "order": order}
    return {**_type(key), **common}


def _type(key: Key) -> dict[str, Any]:
    bounds = {"minimum": _number(key.low), "maximum": _number(key.high)}
    if key.dotted in TABLES:
        return {"type": "object", "additionalProperties": TABLES[key.dotted]}
    if key.dotted == "cost.watts":
        return {"anyOf": [{"type": "string", "enum": [key.default]}, {"type": "number", **bounds}]}
    if isinstance(key.default, bool):
        return {"type": "boolean"}
    if isinstance(key.default, int):
        return {"type": "integer", **bounds}
    if isinstance(key.default, Decimal):
        return {"type": "number", **bounds}
    if isinstance(key.default, tuple):
        items = {"type": "string", **({"enum": list(key.choices)} if key.choices else {})}
        return {"type": "array", "items": items, "uniqueItems": True}
    if key.dotted in MODELS:
        return {"anyOf": [{"type": "string"}, ENDPOINT]}
    return {"type": "string", **({"enum": list(key.choices)} if key.choices else {})}


def _number(value: int | Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


def main(arguments: list[str]) -> int:
    package = json.loads(PACKAGE.read_text("utf-8"))
    contributes, trust = package["contributes"], package["capabilities"]["untrustedWorkspaces"]
    own = [group for group in contributes["configuration"] if group["title"] == "Server"]
    contributes["configuration"] = [*own, *contributed()]
    trust["restrictedConfigurations"] = restricted()
    text = json.dumps(package, indent=2, ensure_ascii=False) + "\n"
    if text == PACKAGE.read_text("utf-8"):
        return 0
    if "--check" in arguments:
        print(f"{PACKAGE} does not hold the settings as they are; run this without --check.", file=sys.stderr)
        return 1
    PACKAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
