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
LEAPS = ["00:00", "00:30", "01:00", "01:30", "02:00", "02:30", "03:00", "23:00", "23:30"]  # skipped or doubled on one of these clocks
HAND_OFFS = st.sampled_from(LEAPS).map(time.fromisoformat) | st.times().map(lambda t: t.replace(second=0, microsecond=0))
STARTS = st.integers(1, 40).map(lambda n: FIRST - timedelta(days=n))
SHAPES = st.tuples(st.sampled_from(["daily", "weekly"]), st.integers(1, 5))
EACH_ZONE = pytest.mark.parametrize("zone", ZONES)


def turns(layer: Layer, *, days: int = DAYS) -> list[Shift]:
    start = moment(layer, FIRST)
    return list(shifts([layer], [], start=start, end=start + timedelta(days=days)))


def moment(layer: Layer, day: date) -> datetime:
    """The first instant of that day's hand-off."""
    return min(instants(layer, day))


def instants(layer: Layer, day: date) -> list[datetime]:
    """When its clocks show the hand-off: once, twice where the hour is doubled; where it is skipped, the first minute after."""
    asked = datetime.combine(day, layer.handoff)
    for minutes in range(181):
        found = instants_of(asked + timedelta(minutes=minutes), layer.zone)
        if found:
            return found
    raise AssertionError("no clock leaps three hours")


def instants_of(wall: datetime, zone: str) -> list[datetime]:
    both = {wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(at for at in both if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall)


@EACH_ZONE
@A_FEW
@given(SHAPES, HAND_OFFS, STARTS, PEOPLE)
def test_every_moment_has_somebody_and_two_only_while_a_hand_off_is_doubled(
    zone: str, shape: tuple, handoff: time, starts_on: date, people: tuple
) -> None:
    layer = Layer(1, *shape, handoff, starts_on, zone, people)
    line = turns(layer)
    assert gaps(line, moment(layer, FIRST), moment(layer, FIRST) + timedelta(days=DAYS)) == ()
    for one, other in pairwise(line):
        assert one.starts_at < other.starts_at <= one.ends_at < other.ends_at


@EACH_ZONE
@A_FEW
@given(SHAPES, HAND_OFFS, STARTS, PEOPLE)
def test_they_hand_over_when_the_clocks_first_and_last_show_the_time(
    zone: str, shape: tuple, handoff: time, starts_on: date, people: tuple
) -> None:
    layer = Layer(1, *shape, handoff, starts_on, zone, people)
    span = timedelta(days=shape[1] * (7 if shape[0] == "weekly" else 1))
    began = {min(instants(layer, day)): (nth, day) for nth, day in enumerate(days_from(starts_on, span))}
    for shift in turns(layer):
        nth, day = began[shift.starts_at]
        assert shift.person == people[nth % len(people)]
        assert shift.ends_at == max(instants(layer, day + span))


@EACH_ZONE
@pytest.mark.parametrize("leap", LEAPS)
def test_no_hour_of_a_leap_is_left_out(zone: str, leap: str) -> None:
    """Daily turns whose hand-off is skipped or doubled somewhere: each day, by the instants at which clocks show it."""
    layer = Layer(1, "daily", 1, time.fromisoformat(leap), FIRST - timedelta(days=1), zone, (1, 2, 3))
    found = [(shift.starts_at, shift.ends_at) for shift in turns(layer)]
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    expected = [(min(instants(layer, day)), max(instants(layer, day + timedelta(days=1)))) for day in days]
    assert [pair for pair in found if pair[0] >= expected[0][0]] == expected


def days_from(first: date, span: timedelta) -> list[date]:
    return [first + n * span for n in range((DAYS + 400) // span.days)]


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone not in ("Asia/Kolkata", "Asia/Tokyo")])
@pytest.mark.parametrize("number", [0, 2])
def test_the_skipped_and_the_doubled_hour_are_among_what_is_tried(zone: str, number: int) -> None:
    """Where clocks change, some hand-off of the list is never shown on some day, and some is shown twice."""
    every = (FIRST + timedelta(days=n) for n in range(DAYS))
    shown = [len(instants_of(datetime.combine(day, time.fromisoformat(leap)), zone)) for day in every for leap in LEAPS]
    assert number in shown


@EACH_ZONE
@A_FEW
@given(st.frozensets(st.integers(0, 6), min_size=1), SHAPES, HAND_OFFS, PEOPLE)
def test_only_the_days_of_duty_are_covered_and_all_of_them(
    zone: str, weekdays: frozenset, shape: tuple, handoff: time, people: tuple
) -> None:
    layer = Layer(1, *shape, handoff, FIRST - timedelta(days=7), zone, people, weekdays or EVERY_DAY)
    line = turns(layer)
    for day in (FIRST + timedelta(days=n) for n in range(DAYS - 1)):
        low, high = max(instants(layer, day)), min(instants(layer, day + timedelta(days=1)))
        middle = low + (high - low) / 2
        assert any(one.starts_at <= middle < one.ends_at for one in line) is (day.weekday() in weekdays)
