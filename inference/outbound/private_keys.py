"""Private keys. Nothing of one may leave, not even around a placeholder: one keeps the whole request here."""

from __future__ import annotations

import re

from inference.outbound.findings import Clock

MARK = re.compile(r"-{2,5} ?(BEGIN|END) (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{2,5}")
NEAR = 500
"""Characters behind a first line, or before a last one, in which a key's own text begins."""
LINE = re.compile(r"[A-Za-z0-9+/=]{16,}")
"""A line of a key, whole or as a part of a string, a diff or a quotation."""
BARE = re.compile(
    r"MII[A-Za-z0-9+/]{3}IBA(?:AKC|DAN)[A-Za-z0-9+/]{20}"  # RSA, PKCS #1 and #8
    r"|MIIC[A-Za-z0-9+/]{2}IBA(?:AKB|DAN)[A-Za-z0-9+/]{20}"
    r"|M(?:HcCAQEEI|IGkAgEBBD|IHcAgEBBE|IGHAgEAMBMGBy|IG2AgEAMBAGBy)[A-Za-z0-9+/]{20}"  # elliptic curves
    r"|MC4CAQAwBQYDK2V[A-Za-z0-9+/]{20}"  # Ed25519
    r"|b3BlbnNzaC1rZXktdj[A-Za-z0-9+/]{40}"  # OpenSSH
    r"|AGE-SECRET-KEY-1[A-Z0-9]{40}"
)
"""A key without its first line, by how its encoding begins."""
STARTS = ("MII", "MHcCAQEE", "MIG", "MIH", "MC4CAQAw", "b3BlbnNzaC1rZXkt", "AGE-SECRET-KEY-1")
PUTTY = re.compile(r"PuTTY-User-Key-File-\d:[\s\S]{0,2000}?Private-Lines")
JWK = re.compile(r"[\"']kty[\"']\s{0,4}:")
JWK_PART = re.compile(r"\\?[\"']d\\?[\"']\s{0,4}:\s{0,4}\\?[\"'][A-Za-z0-9_-]{20,}")


def holds_private_key(text: str, clock: Clock) -> bool:
    """Tell whether a text holds a private key or a part of one; a mention of its first line is none.

    Raises Unfinished.
    """
    clock.start()
    if "PRIVATE KEY" in text:
        for mark in MARK.finditer(text):
            clock.check("private keys")
            begins = mark[1] == "BEGIN"
            near = (
                text[mark.end() : mark.end() + NEAR]
                if begins
                else text[max(0, mark.start() - NEAR) : mark.start()]
            )
            if other := (MARK.search(near) if begins else None):
                near = near[: other.start()]
            if any(_encoded(line) for line in LINE.findall(near)):
                return True
    if any(start in text for start in STARTS) and BARE.search(text):
        return True
    if "PuTTY-User-Key-File-" in text and PUTTY.search(text):
        return True
    for at in JWK.finditer(text):
        clock.check("private keys")
        if JWK_PART.search(text, max(0, at.start() - 4000), at.end() + 4000):
            return True
    return False


def _encoded(line: str) -> bool:
    """Tell base64 from words: large and small letters and digits, in short turns."""
    return (
        any(c.isdigit() for c in line) and any(c.isupper() for c in line) and any(c.islower() for c in line)
    ) or len(line) >= 60
