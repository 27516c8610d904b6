"""What a new user saw and when, and how it is printed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STEP = "step"
"""Where a moment is the user's own doing, or its end."""
SPINNER = re.compile(r"[\u2800-\u28ff]")
NUMBER = re.compile(r"\d+(\.\d+)?")
PIP = re.compile(r"\b(Collecting|Downloading|Processing|Using cached) \S.*")
"""What pip says of each package."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened."""

    at: float
    """Seconds since the user began."""
    where: str
    """`step`, or the place on the screen a text was in."""
    text: str
    megabytes: int | None = None
    """On disk at the end of a step, of all that the user has because of us."""


@dataclass(slots=True)
class Timeline:
    """The moments of one first run. What pip says of each package is noted for the first one, and of texts
    that differ in a number only the first.
    """

    title: str
    clock: Callable[[], float] = time.monotonic
    moments: list[Moment] = field(default_factory=list)
    began: float = field(init=False)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def step(self, text: str, megabytes: int | None = None) -> None:
        """Note that a step is done."""
        self.moments.append(Moment(self.clock() - self.began, STEP, text, megabytes))

    def saw(self, where: str, texts: Sequence[str]) -> None:
        """Note what of the texts now in a place is new there."""
        for text in texts:
            text = " ".join(SPINNER.sub(" ", text).split())
            key = (where, NUMBER.sub("0", PIP.sub(r"\1", text)))
            if text and key not in self._seen:
                self._seen.add(key)
                self.moments.append(Moment(self.clock() - self.began, where, text))

    @property
    def seconds(self) -> float:
        """Until the last moment."""
        return self.moments[-1].at if self.moments else 0.0

    @property
    def megabytes(self) -> int:
        """On disk at the last step that counted."""
        return next((one.megabytes for one in reversed(self.moments) if one.megabytes is not None), 0)

    def markdown(self) -> str:
        """Return a table: seconds, the user's steps, what was seen where, MB on disk."""
        rows = ["| s | step | seen | MB |", "|---|---|---|---|"]
        for one in self.moments:
            text = one.text.replace("|", "\\|")
            step, seen = (text, "") if one.where == STEP else ("", f"{one.where}: *{text}*")
            size = "" if one.megabytes is None else f"{one.megabytes:,}"
            rows.append(f"| {one.at:.1f} | {step} | {seen} | {size} |")
        return f"{self.title}\n\n" + "\n".join(rows)


def megabytes(*folders: Path) -> int:
    """Return what folders take on disk, in MB (10^6 bytes) of whole blocks; links are not followed."""
    blocks, inodes = 0, set()
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            try:
                status = path.lstat()
            except OSError:  # gone meanwhile
                continue
            if status.st_ino not in inodes:  # a file with several names counts once
                inodes.add(status.st_ino)
                blocks += status.st_blocks
    return round(blocks * 512 / 1e6)


def packages(site: Path, most: int) -> list[tuple[str, int]]:
    """Return the largest entries of a site-packages folder and their MB, the largest first."""
    sizes = [(entry.name, megabytes(entry)) for entry in site.iterdir()]
    return sorted(sizes, key=lambda one: -one[1])[:most]
