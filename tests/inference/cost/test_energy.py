"""Energy counters: differences, wrap-around, counters that may not be read or that fail later."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from inference.cost.energy import Meter, configured, find, used


class Fake:
    """A counter that shows what it is given."""

    def __init__(self, *readings: float, wraps_at: float = 0.0) -> None:
        self.name = "fake"
        self.wraps_at = wraps_at
        self._readings = list(readings)

    def read(self) -> float:
        if not self._readings:
            raise OSError("gone")
        return self._readings.pop(0)


class NvmlError(Exception):
    pass


def nvml(*millijoules: int | None, init: Exception | None = None) -> Any:
    """Bindings that know GPUs with these counters; None cannot count."""

    def start() -> None:
        if init:
            raise init

    def energy(number: int) -> int:
        value = millijoules[number]
        if value is None:
            raise NvmlError("Not Supported")
        return value

    return SimpleNamespace(
        NVMLError=NvmlError,
        nvmlInit=start,
        nvmlDeviceGetCount=lambda: len(millijoules),
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetName=lambda number: f"GPU {number}".encode(),
        nvmlDeviceGetTotalEnergyConsumption=energy,
    )


def no_library() -> Any:
    raise ImportError


def package(root: Path, folder: str, name: str, energy: str, wraps: str = "262143328850") -> None:
    place = root / folder
    place.mkdir(parents=True)
    for file, text in (("name", name), ("energy_uj", energy), ("max_energy_range_uj", wraps)):
        (place / file).write_text(text + "\n")


def test_what_was_used_is_the_difference_over_all_counters() -> None:
    meter = Meter([Fake(10.0, 12.5, 14.0), Fake(100.0, 101.0, 103.0)])
    assert meter.so_far() is None
    meter.start()
    assert meter.so_far() == 3.5
    assert meter.stop() == 7.0
    assert meter.stop() is None


@pytest.mark.parametrize(
    ("first", "last", "wraps_at", "joules"),
    [(5.0, 9.0, 100.0, 4.0), (95.0, 3.0, 100.0, 8.0), (95.0, 3.0, 0.0, 0.0), (5.0, 5.0, 0.0, 0.0)],
)
def test_a_counter_that_began_anew_is_understood(
    first: float, last: float, wraps_at: float, joules: float
) -> None:
    assert used(first, last, wraps_at) == joules


def test_a_counter_that_fails_makes_no_part_pass_for_the_whole() -> None:
    meter = Meter([Fake(1.0), Fake(1.0, 2.0, 3.0, 7.0)])
    meter.start()
    assert meter.stop() is None
    meter.start()
    assert meter.stop() == 4.0
    assert meter.counts


def test_without_counters_nothing_is_measured() -> None:
    meter = Meter([])
    meter.start()
    assert meter.stop() is None and not meter.counts


def test_packages_are_counted_and_their_parts_are_not(tmp_path: Path) -> None:
    package(tmp_path, "intel-rapl:0", "package-0", "2500000")
    package(tmp_path, "intel-rapl:0:0", "core", "1000000")
    package(tmp_path, "intel-rapl:1", "package-1", "500000")
    package(tmp_path, "intel-rapl:2", "psys", "9000000")
    package(tmp_path, "intel-rapl-mmio:0", "package-0", "9000000")
    found = find(tmp_path, no_library)
    assert [(one.name, one.read()) for one in found.counters] == [("package-0", 2.5), ("package-1", 0.5)]
    assert found.counters[0].wraps_at == pytest.approx(262143.32885)
    assert found.missing == ("GPUs are not measured, because nvidia-ml-py is not installed beside Nearside.",)


def test_a_counter_that_may_not_be_read_is_said_so(tmp_path: Path) -> None:
    package(tmp_path, "intel-rapl:0", "package-0", "2500000")
    (tmp_path / "intel-rapl:0" / "energy_uj").unlink()
    (tmp_path / "intel-rapl:0" / "energy_uj").mkdir()  # what even root cannot read
    found = find(tmp_path, no_library)
    assert found.counters == () and "for root only" in found.missing[0]
    assert "no processor counter" in find(tmp_path / "nowhere", no_library).missing[0]


@pytest.mark.parametrize("content", ["", "many", "1.5"])
def test_a_counter_that_holds_no_number_is_left_out(tmp_path: Path, content: str) -> None:
    package(tmp_path, "intel-rapl:0", "package-0", content)
    assert find(tmp_path, no_library).counters == ()


def test_gpus_that_count_are_found(tmp_path: Path) -> None:
    found = find(tmp_path, lambda: nvml(1500, None, 2500))
    assert [(one.name, one.read()) for one in found.counters] == [("GPU 0", 1.5), ("GPU 2", 2.5)]


@pytest.mark.parametrize(
    ("library", "why"),
    [
        (nvml(init=NvmlError("Driver Not Loaded")), "Driver Not Loaded"),
        (nvml(), "none here counts"),
        (nvml(None), "none here counts"),
    ],
)
def test_why_no_gpu_is_measured_is_said(tmp_path: Path, library: Any, why: str) -> None:
    found = find(tmp_path, lambda: library)
    assert found.counters == () and why in found.missing[1]


def test_looking_on_this_machine_raises_nothing() -> None:
    found = find()
    meter = Meter(found.counters)
    meter.start()
    assert (meter.stop() is None) == (not found.counters)


def test_watts_times_seconds_is_energy() -> None:
    assert configured(Decimal(500), Decimal(7200)) == 1
