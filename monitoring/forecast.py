"""Will a level reach its limit, and when? Theil-Sen over two windows, warned of only where both say so. Pure.

A line is the median of all slopes between two points, which a third of wrong points does not move (Sen 1968). It counts
where it grows in at least GROWING parts of the longer window, where the level is high already, and where it stands above
every peak it came back from: a daily rise and a log that is rotated are no leak. The span of the answer comes from the
90 % interval of the slope (Sen's, by the normal approximation of Kendall's score) and from both windows.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

SHORT = timedelta(hours=2)
LONGER = (timedelta(hours=6), timedelta(hours=24))
HISTORY = timedelta(hours=48)
HORIZON = timedelta(hours=24)
LEAST_POINTS = 20
MOST_POINTS = 48  # of a window, after medians of neighbours: 1,128 slopes
FLOOR = 0.7  # of the limit; below it nothing is said
PARTS, GROWING = 6, 3
FELL = 0.05  # of the limit: a smaller fall is noise and no return
Z90 = 1.645
EARLY, LATE = 0.85, 1.25  # the interval knows of the slope only; levels are noisy too, so the span is never narrower

FRESH = timedelta(minutes=20)  # four rounds of looking ahead

Points = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """Units a second: the slope, and the ends of its 90 % interval."""

    slope: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds until the limit is reached: the estimate, the earliest and the latest. `window_s`: the longer window used."""

    seconds: float
    earliest_s: float
    latest_s: float
    level: float
    limit: float
    window_s: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a level reaches its limit, as it was reckoned `at`."""

    at: datetime
    level: float
    limit: float
    unit: str
    seconds: float
    earliest_s: float
    latest_s: float

    @property
    def due_at(self) -> datetime:
        return self.at + timedelta(seconds=self.seconds)

    @property
    def earliest_at(self) -> datetime:
        return self.at + timedelta(seconds=self.earliest_s)

    @property
    def latest_at(self) -> datetime:
        return self.at + timedelta(seconds=self.latest_s)


def crossing(kept: Mapping[str, Any] | None, now: datetime) -> Crossing | None:
    """What a check's state keeps of one metric, while it is fresh: the next round either says it again or takes it back."""
    if not kept or (at := datetime.fromisoformat(kept["at"])) < now - FRESH:
        return None
    spans = {name: float(kept[name]) for name in ("level", "limit", "seconds", "earliest_s", "latest_s")}
    return Crossing(at=at, unit=str(kept.get("unit", "")), **spans)


def look(points: Points, limit: float, now: datetime, *, horizon: timedelta = HORIZON, is_floor: bool = False) -> Forecast | None:
    """None: no warning. `points` in order of time, at most HISTORY long; `is_floor`: the level must not fall below the limit."""
    series = [(at, -value if is_floor else value) for at, value in points if math.isfinite(value) and now - HISTORY <= at <= now]
    bound = -limit if is_floor else limit
    if len(series) < LEAST_POINTS or bound == 0:
        return None
    level = statistics.median(value for _at, value in series[-3:])
    if not _is_near(level, bound) or level <= _peak_it_came_back_from(series, abs(bound) * FELL):
        return None
    near = _reaching(series, level, bound, SHORT, now, horizon)
    if near is None:
        return None
    for window in LONGER:
        far = _reaching(series, level, bound, window, now, horizon)
        if far is not None and _grows(series, window, now):
            return _forecast(near, far, level, bound, limit, window, is_floor)
    return None


def is_far(level: float, limit: float, *, is_floor: bool = False) -> bool:
    """Whether nothing will be said of this level, whatever its history is: the cheap question before the dear one."""
    return not _is_near(-level, -limit) if is_floor else not _is_near(level, limit)


def line(points: Points) -> Line | None:
    """The Theil-Sen line of a window; None where it has too few points."""
    if len(points) < LEAST_POINTS:
        return None
    few = _thinned(points)
    slopes = sorted((b[1] - a[1]) / (b[0] - a[0]).total_seconds() for a, b in combinations(few, 2) if b[0] > a[0])
    if not slopes:
        return None
    n = len(few)
    spread = Z90 * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low, high = (len(slopes) - spread) / 2, (len(slopes) + spread) / 2
    return Line(statistics.median(slopes), slopes[max(0, math.floor(low))], slopes[min(len(slopes) - 1, math.ceil(high))])


def _reaching(series: Points, level: float, bound: float, window: timedelta, now: datetime, horizon: timedelta) -> Line | None:
    """The window's line, where it reaches the limit inside the horizon. A window that is not even half full says nothing."""
    inside = [point for point in series if point[0] > now - window]
    if not inside or inside[-1][0] - inside[0][0] < window * 0.6:
        return None
    found = line(inside)
    if found is None or found.slope <= 0 or (bound - level) / found.slope > horizon.total_seconds():
        return None
    return found


def _is_near(level: float, bound: float) -> bool:
    """At least FLOOR of an upper limit, or within the same share above a lower one, and not beyond it."""
    return level < bound and (level >= FLOOR * bound if bound > 0 else level >= bound / FLOOR)


def _peak_it_came_back_from(series: Points, fell: float) -> float:
    """The highest level it fell back from by more than `fell`; minus infinity where it never did."""
    peak = top = -math.inf
    for _at, value in series:
        top = max(top, value)
        if top - value > fell:
            peak, top = max(peak, top), value
    return peak


def _grows(series: Points, window: timedelta, now: datetime) -> bool:
    """Higher at the end than at the beginning in enough separate parts of the window."""
    begin, part = now - window, window / PARTS
    grown = 0
    for n in range(PARTS):
        values = [value for at, value in series if begin + n * part < at <= begin + (n + 1) * part]
        half = len(values) // 2
        grown += half > 0 and statistics.median(values[-half:]) > statistics.median(values[:half])
    return grown >= GROWING


def _thinned(points: Points) -> list[tuple[datetime, float]]:
    """At most MOST_POINTS: neighbours become their median in value and middle in time."""
    size = math.ceil(len(points) / MOST_POINTS)
    groups = [points[n : n + size] for n in range(0, len(points), size)]
    return [(group[len(group) // 2][0], statistics.median(value for _at, value in group)) for group in groups]


def _forecast(near: Line, far: Line, level: float, bound: float, limit: float, window: timedelta, is_floor: bool) -> Forecast:
    left = bound - level
    both = left / math.sqrt(near.slope * far.slope)
    fast, slow = max(near.slope, far.slope, far.high), min(near.slope, far.slope, max(far.low, far.slope / 3))
    return Forecast(
        both,
        min(left / fast, both * EARLY),
        max(left / slow, both * LATE),
        -level if is_floor else level,
        limit,
        int(window.total_seconds()),
    )
