"""Files whose text goes into no prompt but their own: keys, passwords and the like."""

from __future__ import annotations

from fnmatch import fnmatchcase

NAMES = (
    ".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.p8", "*.jks", "*.keystore",
    "*.kdbx", "*.ppk", "*.asc", "*.gpg", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc",
    ".npmrc", ".pypirc", ".htpasswd", ".pgpass", ".my.cnf", ".git-credentials", ".dockercfg", "credentials",
    "credentials.*", "secret.*", "secrets.*", "*.secret", "*.secrets", "*.tfvars", "*.tfstate", "*.ovpn",
    "authorized_keys", "known_hosts", "kubeconfig", "service-account*.json", "service_account*.json",
)  # fmt: skip
FOLDERS = frozenset((".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store"))


def is_private(path: str) -> bool:
    """Tell by its path, relative or absolute, whether a file holds secrets."""
    *folders, name = path.replace("\\", "/").lower().split("/")
    return not FOLDERS.isdisjoint(folders) or any(fnmatchcase(name, pattern) for pattern in NAMES)
