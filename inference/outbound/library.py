"""What detect-secrets finds: its regex detectors, called one by one on single lines.

None of its global settings is read, none of its filters runs, and nothing is verified over the network.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from inference.outbound.findings import Clock, Secret
from inference.outbound.worth import made_up, varied

LEFT_OUT = frozenset(("IPPublicDetector", "PrivateKeyDetector", "BasicAuthDetector", "KeywordDetector"))
"""An address is no secret; of the others it knows the first line, or less of a password, than we do."""
LONGEST_LINE = 1000
OVERLAP = 200
"""A line is cut into pieces, so that a pattern which takes quadratic time takes it over a thousand signs."""
LIKELY = re.compile(r"[A-Za-z0-9_+/=\-]{20}|AKC[A-Za-z0-9]{10}|AP[\dA-F][A-Za-z0-9]{8}|xox|_authToken")
"""What a line must have for any of the detectors to find something; a test holds them to it."""
BLANKS = re.compile(r"[ \t]{3,}")
KINDS = {
    "AWSKeyDetector": "AWS_SECRET",
    "GitHubTokenDetector": "GITHUB_TOKEN",
    "GitLabTokenDetector": "GITLAB_TOKEN",
    "JwtTokenDetector": "JWT",
}
ANYWHERE = frozenset(("AWSKeyDetector", "GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector",
                      "NpmDetector", "OpenAIDetector", "PypiTokenDetector", "SendGridDetector",
                      "SlackDetector", "StripeDetector", "AzureStorageKeyDetector"))  # fmt: skip
"""Forms that nothing else has; what the other detectors find must also look random and stand by itself."""
SIGN = re.compile(r"[A-Za-z0-9_-]")


@cache
def detectors() -> tuple[Any, ...]:
    """Return one of each regex detector. Raises ImportError."""
    from detect_secrets import plugins
    from detect_secrets.plugins.base import RegexBasedDetector

    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(plugins.__path__):
        for name, kind in vars(importlib.import_module(f"{plugins.__name__}.{module.name}")).items():
            if isinstance(kind, type) and issubclass(kind, RegexBasedDetector) and name not in LEFT_OUT:
                found[name] = kind
    found.pop("RegexBasedDetector")
    return tuple(found[name]() for name in sorted(found))


def by_library(text: str, clock: Clock) -> Iterator[Secret]:
    """Yield the secrets that detect-secrets finds in a text. Raises Unfinished and ImportError."""
    lines = [piece for line in text.split("\n") if LIKELY.search(line) for piece in _pieces(line)]
    for detector in detectors() if lines else ():
        name = type(detector).__name__
        clock.start()
        for line in lines:
            for value in detector.analyze_string(line):
                if secret := _whole(line, str(value), name):
                    yield Secret(_kind(detector, name), secret)
            clock.check(name)


def _pieces(line: str) -> Iterator[str]:
    line = BLANKS.sub("  ", line)  # some patterns have three runs of blanks in a row
    for at in range(0, max(len(line) - OVERLAP, 1), LONGEST_LINE - OVERLAP):
        yield line[at : at + LONGEST_LINE]


def _whole(line: str, value: str, detector: str) -> str:
    """Return a found value with what it goes on with, or an empty string where it is no secret."""
    value = value.strip(" \t\"'=:")
    at = line.find(value)
    if len(value) < 8 or at < 0:
        return ""
    start, end = at, at + len(value)
    while end < len(line) and SIGN.match(line[end]):
        end += 1
    if detector not in ANYWHERE:
        before = line[start - 1 : start]
        if end > at + len(value) or (before and SIGN.match(before)) or not varied(value) or made_up(value):
            return ""
    return line[start:end]


def _kind(detector: Any, name: str) -> str:
    words = re.sub(r"[^A-Za-z]+", "_", str(detector.secret_type)).strip("_").upper()
    return KINDS.get(name, words)
