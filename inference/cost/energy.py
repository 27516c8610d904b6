"""Energy from counters the machine keeps itself: of NVIDIA GPUs by NVML, of the processor by Linux's RAPL.

Both count energy since some moment, so the difference between two looks is what was used between them, with
everything else the machine did. Without a counter there is no figure; nothing is guessed here.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

POWERCAP = Path("/sys/class/powercap")
JOULES_A_KWH = 3_600_000


class Counter(Protocol):
    """Something that counts energy."""

    @property
    def name(self) -> str: ...

    @property
    def wraps_at(self) -> float:
        """Joules at which it begins at 0 again; 0 is never."""
        ...

    def read(self) -> float:
        """Return joules since some moment. Raises OSError where it can no longer be read."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """The counters of this machine, and why there are no others, as sentences for the user."""

    counters: tuple[Counter, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rapl:
    """One processor package; memory and cores are parts of it, and would be counted twice."""

    folder: Path
    name: str
    wraps_at: float

    def read(self) -> float:
        try:
            return int((self.folder / "energy_uj").read_text()) / 1e6
        except ValueError as error:
            raise OSError(f"{self.folder}/energy_uj holds no number") from error


@dataclass(frozen=True, slots=True)
class Nvml:
    """One GPU; NVML counts millijoules since the driver was loaded, from the Volta generation on."""

    library: Any
    handle: Any
    name: str
    wraps_at: float = 0.0

    def read(self) -> float:
        try:
            return self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle) / 1e3
        except self.library.NVMLError as error:
            raise OSError(f"the counter of {self.name} failed: {error}") from error


class Meter:
    """Joules between `start` and `stop`, summed over counters. A counter that fails is left out for good."""

    def __init__(self, counters: Sequence[Counter]) -> None:
        self._counters = list(counters)
        self._began: list[float] | None = None

    @property
    def counts(self) -> bool:
        """Whether anything is measured at all."""
        return bool(self._counters)

    def start(self) -> None:
        """Begin to count; what was begun and not stopped is forgotten."""
        self._began = self._readings()

    def so_far(self) -> float | None:
        """Return the joules since `start`; None where nothing is measured."""
        if self._began is None:
            return None
        before, after = self._began, self._readings()
        if after is None or len(after) != len(before):
            return None  # a counter was lost in between: a part would pass for the whole
        pairs = zip(self._counters, before, after, strict=True)
        return sum(used(first, last, counter.wraps_at) for counter, first, last in pairs)

    def stop(self) -> float | None:
        """Return the joules since `start` and end the measurement."""
        joules, self._began = self.so_far(), None
        return joules

    def _readings(self) -> list[float] | None:
        found = []
        for counter in list(self._counters):
            try:
                found.append(counter.read())
            except OSError:
                self._counters.remove(counter)
        return found if self._counters else None


def used(first: float, last: float, wraps_at: float) -> float:
    """Return the joules between two readings of a counter that may have begun at 0 again once."""
    if last >= first:
        return last - first
    return last - first + wraps_at if wraps_at else 0.0  # without a period, it was reset


def configured(watts: Decimal, busy_seconds: Decimal) -> Decimal:
    """Return kilowatt-hours of a machine that draws `watts` while it is busy."""
    return watts * busy_seconds / JOULES_A_KWH


def find(powercap: Path = POWERCAP, library: Callable[[], Any] | None = None) -> Found:
    """Look for counters this process may read. `library` gives NVML's bindings or raises ImportError."""
    processors, why_no_processor = _rapl(powercap)
    gpus, why_no_gpu = _nvml(library or (lambda: importlib.import_module("pynvml")))
    return Found((*processors, *gpus), tuple(filter(None, (why_no_processor, why_no_gpu))))


def _rapl(powercap: Path) -> tuple[list[Counter], str]:
    packages: list[Counter] = []
    refused = 0
    with contextlib.suppress(OSError):
        for folder in sorted(powercap.iterdir()):
            if not folder.name.startswith("intel-rapl:") or folder.name.count(":") != 1:
                continue  # the driver has this name on AMD too; a second colon is a part of a package
            try:
                name = (folder / "name").read_text().strip() or folder.name
                if name.startswith("psys"):
                    continue  # the whole board, which holds the packages
                counter = Rapl(folder, name, int((folder / "max_energy_range_uj").read_text()) / 1e6)
                counter.read()
                packages.append(counter)
            except (OSError, ValueError):
                refused += 1
    if packages:
        return packages, ""
    if refused:
        return [], (
            f"The processor's energy counter cannot be read: {powercap}/*/energy_uj is for root only; "
            "make it readable for your group, or set cost.watts."
        )
    return [], f"There is no processor counter under {powercap}; set cost.watts to reckon with that."


def _nvml(load: Callable[[], Any]) -> tuple[list[Counter], str]:
    try:
        library = load()
    except ImportError:
        return [], "GPUs are not measured, because nvidia-ml-py is not installed beside Nearside."
    gpus: list[Counter] = []
    try:
        library.nvmlInit()
        for number in range(library.nvmlDeviceGetCount()):
            handle = library.nvmlDeviceGetHandleByIndex(number)
            name = library.nvmlDeviceGetName(handle)
            counter = Nvml(library, handle, name.decode() if isinstance(name, bytes) else str(name))
            with contextlib.suppress(OSError):  # older than Volta
                counter.read()
                gpus.append(counter)
    except library.NVMLError as error:
        return [], f"GPUs are not measured, because NVML says: {error}."
    return gpus, "" if gpus else "GPUs are not measured, because none here counts its energy."
