"""Files that hold keys and passwords: nothing is suggested in them, and their text goes into no prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import lru_cache

NAMES = (
    ".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.p8", "*.jks", "*.keystore",
    "*.kdbx", "*.ppk", "*.asc", "*.gpg", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc",
    ".npmrc", ".pypirc", ".htpasswd", ".pgpass", ".my.cnf", ".git-credentials", ".dockercfg", "credentials",
    *(f"{name}.{kind}" for name in ("credentials", "secret", "secrets")
      for kind in ("json", "toml", "yaml", "yml", "ini", "cfg", "conf", "properties", "xml", "txt")),
    "*.secret", "*.secrets", "*.tfvars", "*.tfstate", "*.ovpn",
    "authorized_keys", "known_hosts", "kubeconfig", "service-account*.json", "service_account*.json",
)  # fmt: skip
SAMPLES = ("*.example", "*.sample", "*.template", "*.dist", "*.pub")
"""Files of such names that are meant to be read."""
FOLDERS = frozenset((".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store"))


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return one expression for all: an index asks this of every file of a workspace."""
    return re.compile("|".join(map(translate, patterns)))


_NAMES, _SAMPLES = _any(NAMES), _any(SAMPLES)


@lru_cache(maxsize=1024)
def is_private(path: str) -> bool:
    """Tell by its path, relative or absolute, whether a file holds secrets."""
    *folders, name = path.replace("\\", "/").lower().split("/")
    if _SAMPLES.match(name):
        return False
    return not FOLDERS.isdisjoint(folders) or _NAMES.match(name) is not None
