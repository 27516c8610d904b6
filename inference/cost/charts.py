"""Charts as inline SVG: bars by day, and a share by day. No script; the page's style gives the colours."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDE, NARROW = 1080, 522
"""Widths of a chart; at the page's full width one unit is a pixel, so that all text has one size."""
HEIGHT = 220
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 10, 26
DAY = 64
"""Room for the name of a day; where there is less, only some have one."""
LINES = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One figure of every day."""

    name: str
    colour: str
    """A class of the page's style sheet: c1, c2, ..."""
    values: Sequence[float]


def bars(
    days: Sequence[str],
    series: Sequence[Series],
    written: Callable[[float], str],
    *,
    width: int = WIDE,
    named: bool = False,
) -> str:
    """Return stacked bars; what is negative hangs below the line. `written` puts a value in words.

    With `named`, the bars are not days but things with names.
    """
    above = [sum(max(0.0, one.values[day]) for one in series) for day in range(len(days))]
    below = [sum(min(0.0, one.values[day]) for one in series) for day in range(len(days))]
    scale = _Scale.of(min(below, default=0.0), max(above, default=0.0))
    step = (width - LEFT - RIGHT) / max(1, len(days))
    short = [name if len(name) < 19 else name[:17] + "…" for name in days] if named else None
    parts = _grid(scale, days, width, written, short)
    broad = min(step * 0.72, 44.0)
    for at, day in enumerate(days):
        up = down = 0.0
        shapes = []
        for one in series:
            value = one.values[at]
            if not value:
                continue
            start = up if value > 0 else down
            top, bottom = scale.y(max(start, start + value)), scale.y(min(start, start + value))
            if value > 0:
                up += value
            else:
                down += value
            x = LEFT + step * at + (step - broad) / 2
            shapes.append(
                f'<rect class="{one.colour}" x="{x:.1f}" y="{top:.1f}" width="{broad:.1f}" '
                f'height="{max(bottom - top, 0.6):.1f}"/>'
            )
        lines = [day, *(f"{one.name}: {written(one.values[at])}" for one in series)]
        parts.append(_group(shapes, LEFT + step * at, step, "\n".join(lines)))
    return _svg(parts, width, ", ".join(one.name for one in series))


def share(days: Sequence[str], values: Sequence[float | None], name: str, width: int = WIDE) -> str:
    """Return dots joined by a line where days follow each other; None is a day without a share."""
    scale = _Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))
    step = (width - LEFT - RIGHT) / max(1, len(days))
    parts = _grid(scale, days, width, lambda value: f"{100 * value:.0f} %")
    points = [
        None if value is None else (LEFT + step * (at + 0.5), scale.y(value))
        for at, value in enumerate(values)
    ]
    runs: list[list[tuple[float, float]]] = []
    last = -8
    for at, point in enumerate(points):
        if point is None:
            continue
        if at - last > 7:  # a pause of more than a week is no trend
            runs.append([])
        runs[-1].append(point)
        last = at
    for run in runs:
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
        floor = scale.y(0.0)
        under = f"{run[0][0]:.1f},{floor} {line} {run[-1][0]:.1f},{floor}"
        parts.append(f'<polygon class="area" points="{under}"/>')
        parts.append(f'<polyline class="line" points="{line}"/>')
    for day, point, value in zip(days, points, values, strict=True):
        if point is not None and value is not None:
            dot = f'<circle class="dot" cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="3"/>'
            parts.append(_group([dot], point[0] - step / 2, step, f"{day}\n{name}: {100 * value:.0f} %"))
    return _svg(parts, width, name)


def legend(series: Sequence[Series]) -> str:
    """Return the names of what is drawn."""
    marks = (
        f'<span><svg width="10" height="10" aria-hidden="true"><rect class="{one.colour}" width="10" '
        f'height="10" rx="2"/></svg> {escape(one.name)}</span>'
        for one in series
    )
    return f'<p class="legend">{"".join(marks)}</p>'


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to heights."""

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def of(cls, low: float, high: float) -> _Scale:
        """Round outwards to steps of 1, 2 or 5 times a power of ten."""
        reach = high - low
        if not math.isfinite(reach) or reach <= 0:
            return cls(0.0, 1.0, (0.0, 1.0))
        rough = reach / LINES
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * 0.999)
        first, last = math.floor(low / step), math.ceil(high / step - 1e-9)
        ticks = tuple(step * number for number in range(first, last + 1))
        return cls(ticks[0], ticks[-1], ticks)

    def y(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - min(1.0, max(0.0, part)) * (HEIGHT - TOP - BOTTOM), 1)


def _grid(
    scale: _Scale,
    days: Sequence[str],
    width: int,
    written: Callable[[float], str],
    names: Sequence[str] | None = None,
) -> list[str]:
    parts = []
    step = (width - LEFT - RIGHT) / max(1, len(days))
    for tick in scale.ticks:
        y = scale.y(tick)
        kind = "axis" if tick == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{width - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}">{escape(written(tick))}</text>')
    every = 1 if names else math.ceil(DAY / step)
    for at in range(len(days) - 1, -1, -every):  # the newest day always has its name
        x = LEFT + step * (at + 0.5)
        name = escape(names[at] if names else days[at][5:] or days[at])  # a day without its year
        parts.append(f'<text class="day" x="{x:.1f}" y="{HEIGHT - 6}">{name}</text>')
    return parts


def _group(shapes: Sequence[str], x: float, width: float, text: str) -> str:
    """Return shapes with a text that shows while the pointer is anywhere above or below them."""
    height = HEIGHT - TOP - BOTTOM
    ground = f'<rect class="hit" x="{x:.1f}" y="{TOP}" width="{width:.1f}" height="{height}"/>'
    return f"<g>{ground}{''.join(shapes)}<title>{escape(text)}</title></g>"


def _svg(parts: Sequence[str], width: int, name: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{escape(name)}">'
        f"{''.join(parts)}</svg>"
    )
