"""Turns of months, and layers that count for some hours of a day only."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from servicedesk.oncall.shifts import Layer, gaps, on_call, shifts

BEN, ANA = 1, 2
PARIS = ZoneInfo("Europe/Paris")
MONTHLY = Layer(1, "monthly", 1, time(9), date(2026, 1, 31), "Europe/Paris", (BEN, ANA))
NIGHTS = Layer(2, "weekly", 1, time(9), date(2026, 11, 23), "Europe/Paris", (BEN, ANA), opens=time(18), closes=time(8))
HOURS = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS).astimezone(UTC)


def there(layers: list[Layer], *parts: int) -> list[int]:
    return [shift.person for shift in on_call(layers, (), paris(*parts))]


def test_a_month_hands_over_on_its_day_or_on_the_last_day_of_a_shorter_one() -> None:
    line = shifts([MONTHLY], (), start=paris(2026, 1, 31, 9), end=paris(2026, 6, 1))
    assert [shift.starts_at.astimezone(PARIS).date().isoformat() for shift in line] == [
        "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31",
    ]  # fmt: skip
    assert [shift.person for shift in line] == [BEN, ANA, BEN, ANA, BEN]
    assert {shift.starts_at.astimezone(PARIS).hour for shift in line} == {9}


def test_months_go_on_over_years_without_a_gap() -> None:
    start, end = paris(2027, 1, 1), paris(2036, 1, 1)
    assert gaps(shifts([MONTHLY], (), start=start, end=end), start, end) == ()


def test_three_months_are_one_turn() -> None:
    quarters = Layer(1, "monthly", 3, time(9), date(2026, 1, 1), "Europe/Paris", (BEN, ANA))
    assert (there([quarters], 2026, 3, 31, 12), there([quarters], 2026, 4, 1, 12)) == ([BEN], [ANA])


def test_a_layer_of_nights_has_nobody_by_day_and_keeps_its_person_over_midnight() -> None:
    assert there([NIGHTS], 2026, 11, 24, 12) == []
    assert there([NIGHTS], 2026, 11, 24, 18) == [BEN]
    assert there([NIGHTS], 2026, 11, 25, 7, 59) == [BEN]
    assert there([NIGHTS], 2026, 11, 25, 8) == []
    assert there([NIGHTS], 2026, 12, 1, 3) == [ANA]


def test_a_layer_of_nights_above_another_covers_it_at_night_only() -> None:
    below = Layer(3, "daily", 1, time(9), date(2026, 11, 1), "Europe/Paris", (7,))
    above = Layer(2, "weekly", 1, time(9), date(2026, 11, 23), "Europe/Paris", (BEN,), position=1, opens=time(18), closes=time(8))
    assert (there([below, above], 2026, 11, 24, 12), there([below, above], 2026, 11, 24, 22)) == ([7], [BEN])


def test_only_working_days_from_eight_to_six() -> None:
    office = Layer(4, "weekly", 1, time(8), date(2026, 11, 23), "Europe/Paris", (BEN,), frozenset(range(5)), opens=time(8), closes=time(18))
    assert (there([office], 2026, 11, 27, 17, 59), there([office], 2026, 11, 27, 18), there([office], 2026, 11, 28, 12)) == ([BEN], [], [])


@settings(max_examples=30, deadline=None)
@given(HOURS, HOURS, HOURS, st.integers(1, 3))
def test_whatever_the_hours_a_day_has_exactly_them(handoff: time, opens: time, closes: time, people: int) -> None:
    """In a zone whose clocks never change; each instant has one person inside the hours and none outside."""
    layer = Layer(5, "daily", 1, handoff, date(2026, 1, 1), "Asia/Tokyo", tuple(range(1, people + 1)), opens=opens, closes=closes)
    start = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Tokyo")).astimezone(UTC)
    line = shifts([layer], (), start=start, end=start + timedelta(days=5))
    for minute in range(0, 5 * 24 * 60, 37):
        at = start + timedelta(minutes=minute)
        local = at.astimezone(ZoneInfo("Asia/Tokyo")).time()
        inside = opens <= local < closes if opens < closes else local >= opens or local < closes
        assert sum(shift.starts_at <= at < shift.ends_at for shift in line) == int(inside)
