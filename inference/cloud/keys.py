"""Where the key of a hosted model is: in the environment, else in the keyring; never in a file of ours."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from inference.cloud.types import KeyMissing
from settings.schema import Cloud

SERVICE = "nearside"
"""Under which the keyring holds keys, by provider."""
VARIABLES = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
LONGEST = 1000


def key_of(cloud: Cloud) -> str:
    """Return the key; empty for a compatible server that may need none. May wait for the keyring: call it
    in a thread. Raises KeyMissing.

    The key of one provider is never sent to the address of another: a compatible server gets what
    cloud.api_key_env names, or what the keyring holds under its host.
    """
    variable = cloud.api_key_env or VARIABLES.get(cloud.provider, "")
    account = cloud.provider if cloud.provider in VARIABLES else urlsplit(cloud.base_url).hostname or ""
    key = os.environ.get(variable, "").strip() if variable else ""
    place = f"${variable}"
    if not key:
        key, place = (_in_keyring(account) or "").strip(), "the keyring"
    if not key and (cloud.provider in VARIABLES or cloud.api_key_env):
        raise KeyMissing(
            f"The hosted model was not asked, because there is no key for {account}; set {variable} for the "
            f"editor, or run: keyring set {SERVICE} {account}"
        )
    if len(key) > LONGEST or not (key.isascii() and key.isprintable()) or " " in key:
        raise KeyMissing(
            f"The hosted model was not asked, because what {place} holds is no key: it has blanks, line ends "
            "or other characters a key cannot have; put the key alone there."
        )
    return key


def _in_keyring(account: str) -> str | None:
    """Return what the keyring holds. A machine without one, or with a locked one, has no key."""
    try:
        import keyring

        return keyring.get_password(SERVICE, account)
    except Exception:  # each backend raises its own; none of them is a reason to fail with something else
        return None
