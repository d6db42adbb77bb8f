"""Where each line of a chart goes: readings, thresholds as they were then, what lasted, ticks. Pure; the template only prints it.

Coordinates are pixels of a 792 x 300 picture. A gap in the readings is a gap in the line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from monitoring import thresholds

WIDTH, HEIGHT = 792, 300
TOP, RIGHT, BOTTOM, LEFT = 14, 16, 28, 48
SPARK_WIDTH, SPARK_HEIGHT = 120, 24
BARS = {"ok": 0.06, "unknown": 0.34, "warning": 0.67, "critical": 1.0}  # how high a state without values stands
TICKS_S = (900, 1800, 3600, 7200, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400, 7 * 86_400)
MOST_TICKS = 7
FAR = 1.6  # a threshold this many times above everything read would press the line flat: it is told, not drawn


@dataclass(frozen=True, slots=True)
class Point:
    """What was read in a stretch of time that begins `at`: of one reading `low`, `mean` and `high` are the same.

    Without values (None) only the state is known. `warn` and `crit` are ranges as they were sent then.
    """

    at: datetime
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    worst: str = "ok"
    n: int = 1
    bad: int = 0
    warn: str = ""
    crit: str = ""


@dataclass(frozen=True, slots=True)
class Lasting:
    """Something that lasted: a maintenance, an incident. `ends_at` None: it goes on."""

    starts_at: datetime
    ends_at: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Band:
    x: float
    width: float
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    state: str


@dataclass(frozen=True, slots=True)
class Limit:
    """One threshold line: its path, where its words stand, and the words. `kind`: warning or critical."""

    kind: str
    path: str
    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`dots` are readings with a gap on both sides; `bars` stand for a check that sends no values."""

    line: str
    area: str
    band: str
    dots: tuple[tuple[float, float], ...]
    bars: tuple[Bar, ...]
    limits: tuple[Limit, ...]
    beyond: tuple[str, ...]
    lasting: tuple[Band, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    now_x: float
    plane: Plane
    last: tuple[float, float] | None
    bottom: float = HEIGHT - BOTTOM
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP


@dataclass(frozen=True, slots=True)
class Plane:
    """From moments and values to pixels."""

    start: datetime
    end: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - min(max(share, 0.0), 1.0) * (HEIGHT - BOTTOM - TOP), 1)


def draw(
    points: Sequence[Point],
    *,
    start: datetime,
    end: datetime,
    gap: timedelta,
    unit: str,
    zone: tzinfo,
    lasting: Iterable[Lasting] = (),
    until: datetime | None = None,
    also: float | None = None,
) -> Chart:
    """`gap`: readings further apart than this are not joined. Points are in their order, inside start to end.

    `until`: so far the picture goes on past `end`, which is now; `also`: a value that must be inside it.
    """
    valued = [point for point in points if point.mean is not None]
    low, high = _reach(valued, unit, also)
    plane = Plane(start, until or end, low, high)
    runs = list(_runs(valued, gap))
    limits = [limit for kind in ("warning", "critical") for limit in _limits(kind, runs, plane, unit)]
    return Chart(
        line="".join(_line(run, plane) for run in runs if len(run) > 1),
        area="".join(_area(run, plane) for run in runs if len(run) > 1),
        band="".join(_band(run, plane) for run in runs if len(run) > 1 and any(point.low != point.high for point in run)),
        dots=tuple((plane.x(run[0].at), plane.y(_mean(run[0]))) for run in runs if len(run) == 1),
        bars=() if valued else tuple(_bars(points, gap, plane)),
        limits=tuple(limits),
        beyond=tuple(_beyond(valued, high, unit)),
        lasting=tuple(_lasting(lasting, plane, end)),
        across=tuple(_across(plane, zone)),
        up=tuple(_up(plane, unit)) if valued else (),
        now_x=plane.x(end),
        plane=plane,
        last=(plane.x(valued[-1].at), plane.y(_mean(valued[-1]))) if valued and valued[-1] is runs[-1][-1] else None,
    )


def spark(points: Sequence[Point], *, start: datetime, end: datetime, gap: timedelta) -> Spark | None:
    """A line of 120 x 24 pixels. None: nothing was read."""
    valued = [point for point in points if point.mean is not None]
    if not valued:
        return None
    low, high = min(map(_mean, valued)), max(map(_mean, valued))
    edge = _bounds(valued[-1].warn)
    drawn = [value for value in edge if low - (high - low) <= value <= high + (high - low)]
    low, high = min([low, *drawn]), max([high, *drawn])
    across, up = SPARK_WIDTH - 6, SPARK_HEIGHT - 6

    def place(point: Point) -> tuple[float, float]:
        share = (_mean(point) - low) / (high - low) if high > low else 0.5
        return round((point.at - start) / (end - start) * across, 1), round(SPARK_HEIGHT - 3 - share * up, 1)

    path = "".join("M" + " ".join(f"{x:g} {y:g}" for x, y in map(place, run)) for run in _runs(valued, gap))
    limit = round(SPARK_HEIGHT - 3 - (drawn[0] - low) / (high - low) * up, 1) if drawn and high > low else None
    return Spark(path, *place(valued[-1]), limit)


@dataclass(frozen=True, slots=True)
class Spark:
    path: str
    x: float
    y: float
    limit: float | None


def figure(value: float, unit: str = "") -> str:
    """ "78 %", "1.2 GB", "48,012": few digits, thousands by commas, bytes by powers of ten."""
    if unit in ("B", "bytes"):
        for power, name in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
            if abs(value) >= 10**power:
                return f"{value / 10**power:.3g} {name}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    words = f"{value:,.{digits}f}" if abs(value) < 1e15 else f"{value:.3g}"
    if "." in words and "e" not in words:
        words = words.rstrip("0").rstrip(".")
    return f"{words} {unit}".strip()


# Lines


def _mean(point: Point) -> float:
    return 0.0 if point.mean is None else point.mean


def _runs(points: Sequence[Point], gap: timedelta) -> Iterator[list[Point]]:
    """The stretches in which nothing is missing."""
    run: list[Point] = []
    for point in points:
        if run and point.at - run[-1].at > gap:
            yield run
            run = []
        run.append(point)
    if run:
        yield run


def _line(run: Sequence[Point], plane: Plane) -> str:
    return "M" + " ".join(f"{plane.x(point.at):g} {plane.y(_mean(point)):g}" for point in run)


def _area(run: Sequence[Point], plane: Plane) -> str:
    return f"{_line(run, plane)} V{HEIGHT - BOTTOM} H{plane.x(run[0].at):g}Z"


def _band(run: Sequence[Point], plane: Plane) -> str:
    """Between the lowest and the highest of each stretch."""
    over = " ".join(f"{plane.x(point.at):g} {plane.y(_mean(point) if point.high is None else point.high):g}" for point in run)
    under = " ".join(f"{plane.x(point.at):g} {plane.y(_mean(point) if point.low is None else point.low):g}" for point in reversed(run))
    return f"M{over} {under}Z"


def _bars(points: Sequence[Point], gap: timedelta, plane: Plane) -> Iterator[Bar]:
    """Stretches of one state, each as high as it is bad."""
    run: list[Point] = []
    for place, point in enumerate(points):
        following = points[place + 1] if place + 1 < len(points) else None
        run.append(point)
        if following is None or following.worst != point.worst or following.at - point.at > gap:
            until = point.at + gap if following is None or following.at - point.at > gap else following.at
            x, height = plane.x(run[0].at), (HEIGHT - BOTTOM - TOP) * BARS[point.worst]
            yield Bar(x, round(HEIGHT - BOTTOM - height, 1), max(round(plane.x(until) - x, 1), 1.0), round(height, 1), point.worst)
            run = []


# Thresholds


def _bounds(text: str) -> list[float]:
    """Where a range begins or ends to alert: one or two finite values, not the 0 that only says "no less than nothing"."""
    try:
        found = thresholds.parse(text)
    except thresholds.BadRange:
        return []
    if found is None:
        return []
    low = [found.low] if math.isfinite(found.low) and (found.low != 0 or found.inside) else []
    return low + ([found.high] if math.isfinite(found.high) else [])


def _limits(kind: str, runs: Sequence[Sequence[Point]], plane: Plane, unit: str) -> Iterator[Limit]:
    """One stepped line a bound, as it was at each time; the words name the value now, and what it was before."""
    points = [point for run in runs for point in run]
    edges = [_bounds(point.warn if kind == "warning" else point.crit) for point in points]
    for at in range(max(map(len, edges), default=0)):
        held = [(point, edge[at]) for point, edge in zip(points, edges, strict=True) if len(edge) > at and edge[at] <= plane.high]
        if held:
            path, first = _steps(held, plane), held[0][1]
            yield Limit(kind, path, LEFT + 6, plane.y(first) + 14, figure(held[-1][1], unit))


def _steps(held: Sequence[tuple[Point, float]], plane: Plane) -> str:
    """Level until it changes. Drawn to the right edge: it holds now."""
    path = f"M{plane.x(held[0][0].at):g} {plane.y(held[0][1]):g}"
    for (_before, old), (point, new) in pairwise(held):
        if new != old:
            path += f"H{plane.x(point.at):g}V{plane.y(new):g}"
    return f"{path}H{WIDTH - RIGHT}"


def _beyond(points: Sequence[Point], high: float, unit: str) -> Iterator[str]:
    """Thresholds of now that lie above the picture."""
    for text in (points[-1].warn, points[-1].crit) if points else ():
        yield from (figure(edge, unit) for edge in _bounds(text) if edge > high)


# Axes


def _reach(points: Sequence[Point], unit: str, also: float | None = None) -> tuple[float, float]:
    """From a little under the least to a little over the most; from 0 where nothing is below it; all of a percentage."""
    if not points:
        return 0.0, 1.0
    low = min(_mean(point) if point.low is None else point.low for point in points)
    high = max(_mean(point) if point.high is None else point.high for point in points)
    if unit == "%" and low >= 0 and high <= 100:
        return 0.0, 100.0
    edges = [edge for point in (points[0], points[-1]) for text in (point.warn, point.crit) for edge in _bounds(text)]
    near = [edge for edge in edges if edge <= FAR * max(high, 0)]
    if also is not None:
        low, high = min(low, also), max(high, also)
    high, low = max([high, *near]), min([low, 0.0]) if low < 0 or low < high / 2 else low - (high - low)
    step = _round_up((high - low) / 4 if high > low else max(abs(high), 1.0) / 4)
    bottom = math.floor(low / step) * step
    return bottom, bottom + step * max(1, math.ceil(round((high - bottom) / step, 6)))


def _round_up(step: float) -> float:
    """To 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    return next(power * part for part in (1, 2, 2.5, 5, 10) if power * part >= step * 0.999999)


def _up(plane: Plane, unit: str) -> Iterator[Tick]:
    step = _round_up((plane.high - plane.low) / 4)
    value = plane.low
    while value <= plane.high + step / 1000:
        yield Tick(plane.y(value), figure(value, unit if abs(value - plane.high) < step / 2 or unit in ("B", "bytes") else ""))
        value += step


def _across(plane: Plane, zone: tzinfo) -> Iterator[Tick]:
    """Round moments of the reader's clock; days by their name."""
    span = (plane.end - plane.start).total_seconds()
    step = next((one for one in TICKS_S if span / one <= MOST_TICKS), TICKS_S[-1])
    day = plane.start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(int(span / step) + int(86_400 / step) + 2):
        at = (day.replace(tzinfo=None) + timedelta(seconds=number * step)).replace(tzinfo=zone)
        x = plane.x(at)
        if plane.start < at < plane.end and LEFT + 12 < x < WIDTH - RIGHT - 12:
            yield Tick(x, f"{at:%a %d %b}" if step >= 86_400 else f"{at:%a %H:%M}" if at.hour == at.minute == 0 else f"{at:%H:%M}")


def _lasting(given: Iterable[Lasting], plane: Plane, now: datetime) -> Iterator[Band]:
    for one in given:
        end = min(one.ends_at or now, plane.end)
        if one.starts_at < plane.end and end > plane.start:
            x = plane.x(one.starts_at)
            yield Band(x, max(round(plane.x(end) - x, 1), 2.0), one.words)
