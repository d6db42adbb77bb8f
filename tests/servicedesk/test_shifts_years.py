"""Two years of turns on six clocks: no hour open that should be covered, none twice, and the hand-off stays where it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicedesk.oncall.shifts import EVERY_DAY, Layer, Shift, gaps, shifts

FIRST = date(2026, 1, 1)
DAYS = 731
ZONES = [
    "Europe/Paris",
    "America/New_York",
    "America/Santiago",  # southern, and leaps at midnight
    "Australia/Adelaide",  # southern, at half an hour
    "Asia/Kolkata",  # half an hour, never changes
    "Asia/Tokyo",  # never changes
]
A_FEW = settings(max_examples=6)
PEOPLE = st.integers(1, 5).map(lambda n: tuple(range(1, n + 1)))
HAND_OFFS = st.times(time(4), time(22)).map(lambda t: t.replace(second=0, microsecond=0))  # no clock leaps then
STARTS = st.integers(1, 40).map(lambda n: FIRST - timedelta(days=n))
SHAPES = st.tuples(st.sampled_from(["daily", "weekly"]), st.integers(1, 5))
EACH_ZONE = pytest.mark.parametrize("zone", ZONES)


def turns(layer: Layer, *, days: int = DAYS) -> list[Shift]:
    start = moment(layer, FIRST)
    return list(shifts([layer], [], start=start, end=start + timedelta(days=days)))


def moment(layer: Layer, day: date) -> datetime:
    """The hand-off of that day."""
    return datetime.combine(day, layer.handoff, ZoneInfo(layer.zone)).astimezone(UTC)


def wall(moment: datetime, layer: Layer) -> datetime:
    return moment.astimezone(ZoneInfo(layer.zone)).replace(tzinfo=None)


@EACH_ZONE
@A_FEW
@given(SHAPES, HAND_OFFS, STARTS, PEOPLE)
def test_every_hour_has_exactly_one_person(zone: str, shape: tuple, handoff: time, starts_on: date, people: tuple) -> None:
    layer = Layer(1, *shape, handoff, starts_on, zone, people)
    line = turns(layer)
    assert gaps(line, moment(layer, FIRST), moment(layer, FIRST) + timedelta(days=DAYS)) == ()
    assert [one.ends_at for one in line[:-1]] == [other.starts_at for other in line[1:]]


@EACH_ZONE
@A_FEW
@given(SHAPES, HAND_OFFS, STARTS, PEOPLE)
def test_they_hand_over_at_the_same_time_by_the_wall_clock(zone: str, shape: tuple, handoff: time, starts_on: date, people: tuple) -> None:
    layer = Layer(1, *shape, handoff, starts_on, zone, people)
    span = timedelta(days=shape[1] * (7 if shape[0] == "weekly" else 1))
    for one, other in pairwise(turns(layer)):
        assert wall(other.starts_at, layer).time() == handoff
        assert wall(other.starts_at, layer) - wall(one.starts_at, layer) == span
        assert other.person == one.person % len(people) + 1


@EACH_ZONE
@A_FEW
@given(st.frozensets(st.integers(0, 6), min_size=1), SHAPES, HAND_OFFS, PEOPLE)
def test_only_the_days_of_duty_are_covered_and_each_once(
    zone: str, weekdays: frozenset, shape: tuple, handoff: time, people: tuple
) -> None:
    layer = Layer(1, *shape, handoff, FIRST - timedelta(days=7), zone, people, weekdays or EVERY_DAY)
    line = turns(layer)
    there = dict.fromkeys(range(DAYS - 1), 0)
    for shift in line:
        first = (wall(shift.starts_at, layer).date() - FIRST).days
        last = (wall(shift.ends_at, layer).date() - FIRST).days
        for day in range(max(first, 0), min(last, DAYS - 1)):
            there[day] += 1
    assert there == {day: int((FIRST + timedelta(days=day)).weekday() in weekdays) for day in there}
