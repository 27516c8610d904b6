"""The key of a hosted model: which one it is, and what to say where there is none."""

from __future__ import annotations

from urllib.parse import urlsplit

from inference.cloud.types import KeyMissing
from settings.keys import SERVICE, find, is_key
from settings.schema import Cloud

VARIABLES = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}


def key_of(cloud: Cloud) -> str:
    """Return the key; empty for a compatible server that may need none. May wait for the keyring: call it
    in a thread. Raises KeyMissing.

    The key of one provider is never sent to the address of another: a compatible server gets what
    cloud.api_key_env names, or what the keyring holds under its host.
    """
    variable = cloud.api_key_env or VARIABLES.get(cloud.provider, "")
    account = cloud.provider if cloud.provider in VARIABLES else urlsplit(cloud.base_url).hostname or ""
    key, place = find(variable, account)
    if not key and (cloud.provider in VARIABLES or cloud.api_key_env):
        raise KeyMissing(
            f"The hosted model was not asked, because there is no key for {account}; set {variable} for the "
            f"editor, or run: keyring set {SERVICE} {account}"
        )
    if key and not is_key(key):
        raise KeyMissing(
            f"The hosted model was not asked, because what {place} holds is no key: it has blanks, line ends "
            "or other characters a key cannot have; put the key alone there."
        )
    return key
