"""`--offline`: what would go online is taken out of the settings, and our Python reaches no other machine.

The variable is inherited, so that every process of ours is held to it. A guard below the settings sees to
what they leave out; it costs a call for each of the interpreter's audit events, so only who asks for it pays.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from settings.schema import Endpoint

VARIABLE = "NEARSIDE_OFFLINE"
NO = frozenset(("", "0", "false", "no", "off"))
STAY_LOCAL = {"routing.mode": "local-only", "cloud.provider": "none", "web.search": (), "web.fetch": False}
"""Settings that have one value offline."""


def wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether nothing may leave this machine."""
    return environ.get(VARIABLE, "").strip().lower() not in NO


def begin() -> None:
    """Take the network away from this process and from those it starts."""
    os.environ[VARIABLE] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"
    sys.addaudithook(_refuse_far)


def local(dotted: str, value: Any, default: Any) -> Any:
    """Return what a setting comes to offline: itself where it needs no network."""
    if dotted in STAY_LOCAL:
        return STAY_LOCAL[dotted]
    if isinstance(value, Endpoint):
        return value if is_near(urlsplit(value.base_url).hostname or "") else default
    if dotted == "mcp.servers":
        return tuple(one for one in value if not one.url or is_near(urlsplit(one.url).hostname or ""))
    if dotted == "retrieval.uri" and isinstance(value, str) and "://" in value:
        return default
    return value


def is_near(host: str) -> bool:
    """Tell whether a host is this machine, without asking any other."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _refuse_far(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1] if len(arguments) > 1 else None
        host = address[0] if isinstance(address, tuple) and address else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if isinstance(host, str) and host and not is_near(host):
        raise ConnectionRefusedError(f"{host} is not on this machine, and --offline allows no other")
