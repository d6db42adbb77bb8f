"""Who is on call, from layers and overrides. Pure calendar arithmetic: no models, no clock.

A shift starts at the first instant its wall-clock time comes and ends at the last, so a hand-off the clocks repeat
overlaps and none leaves a gap; a hand-off the clocks leap over happens at the first instant after.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from servicedesk import walltime

Span = tuple[datetime, datetime]

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
MARGIN = timedelta(hours=26)  # clocks have leapt a whole day (Pacific/Apia, 2011)
EVERY_DAY = frozenset(range(7))
UNITS = {"daily": DAY, "weekly": 7 * DAY, "hours": timedelta(hours=1)}
MONTHS = 12
# After so many shifts the pattern of week days comes round: n days x 7, n weeks x 1, n hours x 168 are whole weeks;
# a month holds every week day.
ROUND = {"daily": 7, "weekly": 1, "hours": 168, "monthly": 1}

Person = TypeVar("Person")


@dataclass(frozen=True, slots=True)
class Layer:
    """People taking turns. `length` counts days, weeks, months or hours by `kind`, on the wall clock of `zone`; a month
    too short for the day it began on hands over on its last day.

    `weekdays` (0 is Monday; empty: every day) are days of duty, each from its hand-off to the next day's; a shift
    wholly outside them takes nobody's turn. With `opens` and `closes` only these hours of such days count (`closes` not
    after `opens`: until the next day), whatever the hand-off. `from_at` and `until_at` bound one version of an edited layer. A layer of
    a higher `position` covers lower ones while it has somebody; layers of one position stand side by side.
    """

    id: int
    kind: Literal["daily", "weekly", "hours", "monthly"]
    length: int
    handoff: time
    starts_on: date
    zone: str
    people: tuple[int, ...]
    weekdays: frozenset[int] = EVERY_DAY
    position: int = 0
    from_at: datetime | None = None
    until_at: datetime | None = None
    opens: time | None = None
    closes: time | None = None


@dataclass(frozen=True)
class Turns(Generic[Person]):
    """Who follows whom, as somebody would have it: `people` by rows, or by the names that stand in a file."""

    people: tuple[Person, ...]
    starts_on: date
    kind: str
    length: int
    handoff: time
    zone: str
    weekdays: tuple[int, ...] = ()
    opens: time | None = None
    closes: time | None = None
    position: int = 0  # as of a layer


@dataclass(frozen=True, slots=True)
class Override:
    """cover: `person` stands in for `replaces` wherever that one is on call, or for everybody and nobody if None.
    add: `person` too. remove: not `person`."""

    kind: Literal["cover", "add", "remove"]
    person: int
    replaces: int | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """[starts_at, ends_at) in UTC. `layer` is None for an override that stands in for no layer."""

    person: int
    starts_at: datetime
    ends_at: datetime
    layer: int | None
    because: Literal["rotation", "override"]


def on_call(layers: Sequence[Layer], overrides: Sequence[Override], at: datetime) -> tuple[Shift, ...]:
    """Everyone on call at that instant, each once with the shift that lasts longest."""
    there = shifts(layers, overrides, start=at, end=at + INSTANT)
    longest = {shift.person: shift for shift in sorted(there, key=lambda shift: shift.ends_at)}
    return tuple(shift for shift in there if longest[shift.person] is shift)


def shifts(layers: Sequence[Layer], overrides: Sequence[Override], *, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The final line-up that touches [start, end), whole shifts not cut to it, sorted by start.

    Overrides apply in the order given, oldest first: a later one sees what an earlier one made.
    """
    overrides = [_in_utc(override) for override in overrides]
    raw = [shift for layer in layers for shift in _turns(layer, start, end)]
    asked = [_window(override) for override in overrides if override.starts_at < end and override.ends_at > start]
    # A raw shift reaches beyond the span, and what cuts it there decides when it really begins and ends.
    low = min([start, *(shift.starts_at for shift in raw + asked)])
    high = max([end, *(shift.ends_at for shift in raw + asked)])
    line_up = _stack(layers, low, high)
    for override in overrides:
        line_up = _apply(override, line_up)
    touching = (shift for shift in line_up if shift.starts_at < end and shift.ends_at > start)
    return tuple(sorted(touching, key=lambda shift: (shift.starts_at, shift.ends_at, shift.person)))


def gaps(shifts: Iterable[Shift], start: datetime, end: datetime) -> tuple[Span, ...]:
    """The parts of [start, end) in which nobody is on call."""
    return tuple(_without((start, end), [(shift.starts_at, shift.ends_at) for shift in shifts]))


def _stack(layers: Sequence[Layer], start: datetime, end: datetime) -> list[Shift]:
    """From the top: a layer keeps what no higher one covers."""
    kept: list[Shift] = []
    by_height = sorted(layers, key=lambda layer: -layer.position)
    for _, level in groupby(by_height, key=lambda layer: layer.position):
        above = [(shift.starts_at, shift.ends_at) for shift in kept]
        mine = [shift for layer in level for shift in _turns(layer, start, end)]
        kept += [part for shift in mine for part in _parts(shift, above)]
    return kept


def _apply(override: Override, line_up: list[Shift]) -> list[Shift]:
    if override.kind == "add":
        return [*line_up, _window(override)]
    out = override.person if override.kind == "remove" else override.replaces
    stays = [part for shift in line_up for part in _left_alone(shift, override, out)]
    if override.kind == "remove":
        return stays
    if override.replaces is None:
        return [*stays, _window(override)]
    taken = [_cut(shift, override.starts_at, override.ends_at) for shift in line_up if shift.person == out]
    return stays + _joined([replace(shift, person=override.person, because="override") for shift in taken if shift is not None])


def _in_utc(override: Override) -> Override:
    return replace(override, starts_at=override.starts_at.astimezone(UTC), ends_at=override.ends_at.astimezone(UTC))


def _window(override: Override) -> Shift:
    return Shift(override.person, override.starts_at, override.ends_at, None, "override")


def _left_alone(shift: Shift, override: Override, out: int | None) -> Iterator[Shift]:
    if out is None or shift.person == out:
        yield from _parts(shift, [(override.starts_at, override.ends_at)])
    else:
        yield shift


def _joined(parts: Sequence[Shift]) -> list[Shift]:
    """One override over several turns of a layer is one shift: nobody hands over in between."""
    joined: list[Shift] = []
    for part in sorted(parts, key=lambda part: (part.layer or 0, part.starts_at)):
        last = joined[-1] if joined else None
        if last is not None and last.layer == part.layer and part.starts_at <= last.ends_at:
            joined[-1] = replace(last, ends_at=max(last.ends_at, part.ends_at))
        else:
            joined.append(part)
    return joined


def _turns(layer: Layer, start: datetime, end: datetime) -> list[Shift]:
    """The layer's own shifts that touch [start, end), in order."""
    if not layer.people:
        return []
    zone = ZoneInfo(layer.zone)
    found = []
    for number in _numbers(layer, walltime.shown(start, zone) - MARGIN, walltime.shown(end, zone) + MARGIN):
        for opens, closes in _pieces(layer, number):
            shift = Shift(_person(layer, number), walltime.first(opens, zone), walltime.last(closes, zone), layer.id, "rotation")
            cut = _cut(shift, layer.from_at, layer.until_at)
            if cut is not None and cut.starts_at < end and cut.ends_at > start:
                found.append(cut)
    return found


def _numbers(layer: Layer, start: datetime, end: datetime) -> range:
    """The shifts, counted from the first, that touch this span of the wall clock."""
    first = _slot(layer, 0)[0]
    if layer.kind == "monthly":
        return range(max(0, _months(first, start) // layer.length - 1), max(0, _months(first, end) // layer.length + 1))
    length = layer.length * UNITS[layer.kind]
    return range(max(0, (start - first) // length), max(0, (end - first) // length + 1))


def _slot(layer: Layer, number: int) -> Span:
    """Naive: hand-off to hand-off on the wall clock."""
    if layer.kind == "monthly":
        return _month(layer, number), _month(layer, number + 1)
    length = layer.length * UNITS[layer.kind]
    opens = datetime.combine(layer.starts_on, layer.handoff) + number * length
    return opens, opens + length


def _month(layer: Layer, number: int) -> datetime:
    """The hand-off that begins a shift of months."""
    years, month = divmod(layer.starts_on.month - 1 + number * layer.length, MONTHS)
    year = layer.starts_on.year + years
    day = min(layer.starts_on.day, calendar.monthrange(year, month + 1)[1])
    return datetime.combine(date(year, month + 1, day), layer.handoff)


def _months(first: datetime, then: datetime) -> int:
    return (then.year - first.year) * MONTHS + then.month - first.month


def _pieces(layer: Layer, number: int) -> list[Span]:
    """The parts of a shift that lie on the layer's days of duty, naive."""
    opens, closes = _slot(layer, number)
    if layer.opens is None and (not layer.weekdays or layer.weekdays >= EVERY_DAY):
        return [(opens, closes)]
    day = datetime.combine(opens.date() - DAY, layer.opens if layer.opens is not None else layer.handoff)
    pieces: list[Span] = []
    while day < closes:
        low, high = max(opens, day), min(closes, _closes(layer, day))
        if low < high and day.weekday() in (layer.weekdays or EVERY_DAY):
            begins = pieces.pop()[0] if pieces and pieces[-1][1] == low else low
            pieces.append((begins, high))
        day += DAY
    return pieces


def _closes(layer: Layer, day: datetime) -> datetime:
    """The end of the hours of duty that begin at this moment."""
    if layer.opens is None or layer.closes is None:
        return day + DAY
    closes = datetime.combine(day.date(), layer.closes)
    return closes if closes > day else closes + DAY


def _person(layer: Layer, number: int) -> int:
    """Turns are counted over the shifts that take place, so a rota of week days does not skip the same people for ever."""
    before = _taking_place(layer)
    rounds, rest = divmod(number, ROUND[layer.kind])
    return layer.people[(rounds * before[-1] + before[rest]) % len(layer.people)]


@lru_cache(maxsize=512)
def _taking_place(layer: Layer) -> tuple[int, ...]:
    """How many of the first 0, 1, 2 … shifts of a round take place."""
    counts = [0]
    for number in range(ROUND[layer.kind]):
        counts.append(counts[-1] + bool(_pieces(layer, number)))
    return tuple(counts)


def _cut(shift: Shift, start: datetime | None, end: datetime | None) -> Shift | None:
    """The part of a shift inside [start, end), if any."""
    low = max(shift.starts_at, start.astimezone(UTC)) if start else shift.starts_at
    high = min(shift.ends_at, end.astimezone(UTC)) if end else shift.ends_at
    return replace(shift, starts_at=low, ends_at=high) if low < high else None


def _parts(shift: Shift, covered: Iterable[Span]) -> Iterator[Shift]:
    """What is left of a shift where nothing covers it."""
    for low, high in _without((shift.starts_at, shift.ends_at), covered):
        yield replace(shift, starts_at=low, ends_at=high)


def _without(span: Span, covered: Iterable[Span]) -> Iterator[Span]:
    at, end = span
    for low, high in sorted(covered):
        if low >= end or at >= end:
            break
        if low > at:
            yield at, low
        at = max(at, high)
    if at < end:
        yield at, end
