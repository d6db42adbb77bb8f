from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicedesk import walltime

PARIS = ZoneInfo("Europe/Paris")
wall = datetime.fromisoformat
YEARS = (wall("2009-01-01"), wall("2036-01-01"))
ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/Santiago", "UTC"]


def test_a_time_that_never_comes_is_the_first_instant_after():
    hole = wall("2026-03-29T02:30")
    assert walltime.first(hole, PARIS) == walltime.last(hole, PARIS) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_time_that_comes_twice_has_a_first_and_a_last_instant():
    twice = wall("2026-10-25T02:30")
    assert walltime.first(twice, PARIS) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert walltime.last(twice, PARIS) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_day_leapt_over_ends_where_the_next_one_starts():
    skipped = wall("2011-12-30T12:00")
    assert walltime.first(skipped, ZoneInfo("Pacific/Apia")) == datetime(2011, 12, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize("name", ZONES)
@given(at=st.datetimes(*YEARS, timezones=st.just(UTC)))
def test_every_instant_lies_between_the_first_and_the_last_of_what_it_shows(name, at):
    zone = ZoneInfo(name)
    shown = walltime.shown(at, zone)
    assert at in (walltime.first(shown, zone), walltime.last(shown, zone))


@pytest.mark.parametrize("name", ZONES)
@given(shown=st.datetimes(*YEARS), later=st.integers(0, 200_000))
def test_later_on_the_wall_is_never_earlier_in_time(name, shown, later):
    zone = ZoneInfo(name)
    after = shown + timedelta(seconds=later)
    assert walltime.first(shown, zone) <= walltime.first(after, zone)
    assert walltime.last(shown, zone) <= walltime.last(after, zone)
