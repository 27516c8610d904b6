"""Where keys of services are: in the environment, else in the system's keyring; never in a file of ours."""

from __future__ import annotations

import os

SERVICE = "nearside"
"""Under which the keyring holds keys, by account."""
LONGEST = 1000


def find(variable: str, account: str) -> tuple[str, str]:
    """Return a key and the place it is from; both are empty where there is none. Either name may be empty.

    May wait for the keyring: call it in a thread.
    """
    if key := os.environ.get(variable, "").strip() if variable else "":
        return key, f"${variable}"
    key = (_in_keyring(account) or "").strip() if account else ""
    return key, "the keyring" if key else ""


def is_key(text: str) -> bool:
    """Tell whether a text can be one key: no blanks, line ends or characters that no header can hold."""
    return 0 < len(text) <= LONGEST and text.isascii() and text.isprintable() and " " not in text


def _in_keyring(account: str) -> str | None:
    """Return what the keyring holds. A machine without one, or with a locked one, has no key."""
    try:
        import keyring

        return keyring.get_password(SERVICE, account)
    except Exception:  # each backend raises its own; none of them is a reason to fail with something else
        return None
