from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle, islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from servicedesk.oncall.shifts import EVERY_DAY, Layer, Override, Shift, gaps, on_call, shifts

BEN, ANA, OMAR, SAM, DANA = 1, 2, 3, 4, 5
PARIS = ZoneInfo("Europe/Paris")
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
# The days around which clocks change, in zones that each do it in a way of their own.
NIGHTS = {
    "Europe/Paris": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Africa/Casablanca": (date(2026, 2, 15), date(2026, 3, 22)),
}
WEEKLY = Layer(1, "weekly", 1, time(9), date(2026, 11, 23), "Europe/Paris", (BEN, ANA))


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS).astimezone(UTC)


def names(layers, at, overrides=()):
    return [shift.person for shift in on_call(layers, overrides, at)]


@st.composite
def _layers(draw, *, weekdays):
    zone = draw(st.sampled_from(sorted(NIGHTS)))
    night = draw(st.sampled_from(NIGHTS[zone]))
    kind, length = draw(
        st.one_of(st.tuples(st.just("hours"), st.integers(1, 60)), st.tuples(st.sampled_from(["daily", "weekly"]), st.integers(1, 4)))
    )
    handoff = draw(
        st.one_of(
            st.sampled_from([time(1, 45), time(2), time(2, 15), time(2, 30), time(3)]), st.times().map(lambda t: t.replace(microsecond=0))
        )
    )
    starts_on = night - timedelta(days=draw(st.integers(0, 40)))
    everyone = tuple(range(1, draw(st.integers(1, 5)) + 1))
    return Layer(
        draw(st.integers(1, 9)), kind, length, handoff, starts_on, zone, everyone, draw(weekdays), position=draw(st.integers(0, 2))
    )


ROUND_THE_CLOCK = _layers(weekdays=st.just(EVERY_DAY))
ANY_LAYER = _layers(weekdays=st.frozensets(st.integers(0, 6)))


@st.composite
def _moments(draw):
    """Instants crowded around the nights on which some clock changes."""
    night = draw(st.sampled_from([night for both in NIGHTS.values() for night in both]))
    return datetime.combine(night, time(), tzinfo=UTC) + timedelta(minutes=draw(st.integers(-4000, 4000)))


@st.composite
def _overrides(draw):
    start = draw(_moments())
    person, replaced = draw(st.integers(1, 6)), draw(st.none() | st.integers(1, 5))
    return Override(
        draw(st.sampled_from(["cover", "add", "remove"])), person, replaced, start, start + timedelta(minutes=draw(st.integers(1, 9000)))
    )


def test_a_weekly_hand_off_stays_at_nine_across_the_clock_change():
    line_up = shifts([replace(WEEKLY, starts_on=date(2026, 10, 19))], (), start=paris(2026, 10, 19, 9), end=paris(2026, 11, 9, 9))
    assert [shift.starts_at for shift in line_up] == [paris(2026, 10, 19, 9), paris(2026, 10, 26, 9), paris(2026, 11, 2, 9)]
    assert [shift.person for shift in line_up] == [BEN, ANA, BEN]
    assert line_up[0].ends_at - line_up[0].starts_at == WEEK + HOUR


def test_nobody_is_on_call_before_the_first_shift():
    assert names([WEEKLY], paris(2026, 11, 23, 8, 59)) == []
    assert names([WEEKLY], paris(2026, 11, 23, 9)) == [BEN]


def test_on_call_says_until_when():
    assert on_call([WEEKLY], (), paris(2026, 12, 2, 3))[0] == Shift(ANA, paris(2026, 11, 30, 9), paris(2026, 12, 7, 9), 1, "rotation")


def test_a_hand_off_the_clocks_repeat_overlaps():
    nightly = Layer(1, "daily", 1, time(2, 30), date(2026, 10, 20), "Europe/Paris", (BEN, ANA))
    assert names([nightly], datetime(2026, 10, 25, 1, tzinfo=UTC)) == [BEN, ANA]
    assert names([nightly], datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == [ANA]


def test_a_hand_off_the_clocks_leap_over_comes_at_the_first_instant_after():
    nightly = Layer(1, "daily", 1, time(2, 30), date(2026, 3, 28), "Europe/Paris", (BEN, ANA))
    first, second = shifts([nightly], (), start=paris(2026, 3, 28, 12), end=paris(2026, 3, 29, 12))
    assert first.ends_at == second.starts_at == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_rota_of_week_days_skips_nobody_for_ever():
    week_days = Layer(1, "daily", 1, time(9), date(2026, 11, 23), "Europe/Paris", (1, 2, 3, 4, 5, 6, 7), frozenset(range(5)))
    line_up = shifts([week_days], (), start=paris(2026, 11, 23, 9), end=paris(2026, 12, 5))
    assert [shift.person for shift in line_up] == [1, 2, 3, 4, 5, 6, 7, 1, 2, 3]
    assert gaps(line_up, paris(2026, 11, 23, 9), paris(2026, 12, 1)) == ((paris(2026, 11, 28, 9), paris(2026, 11, 30, 9)),)


def test_a_higher_layer_covers_a_lower_one_in_its_hours_only():
    weekend = Layer(2, "weekly", 1, time(9), date(2026, 11, 23), "Europe/Paris", (SAM,), frozenset({5, 6}), position=1)
    found = [
        (shift.person, shift.starts_at) for shift in shifts([WEEKLY, weekend], (), start=paris(2026, 11, 23, 9), end=paris(2026, 12, 1))
    ]
    assert found == [(BEN, paris(2026, 11, 23, 9)), (SAM, paris(2026, 11, 28, 9)), (ANA, paris(2026, 11, 30, 9))]


def test_layers_of_one_height_stand_side_by_side():
    beside = replace(WEEKLY, id=2, people=(SAM,))
    assert names([WEEKLY, beside], paris(2026, 11, 24)) == [BEN, SAM]


def test_an_edit_hands_over_at_its_moment_and_the_past_stays():
    edit = paris(2026, 11, 25, 12)
    layers = [replace(WEEKLY, until_at=edit), replace(WEEKLY, id=2, people=(OMAR,), from_at=edit)]
    line_up = shifts(layers, (), start=paris(2026, 11, 23, 9), end=paris(2026, 11, 26))
    assert [(shift.person, shift.starts_at) for shift in line_up] == [(BEN, paris(2026, 11, 23, 9)), (OMAR, edit)]


def test_a_cover_stands_in_for_one_person_only_where_that_person_is_on_call():
    cover = Override("cover", SAM, ANA, paris(2026, 11, 29, 9), paris(2026, 12, 1, 9))
    found = [
        (shift.person, shift.starts_at, shift.because)
        for shift in shifts([WEEKLY], [cover], start=paris(2026, 11, 29), end=paris(2026, 12, 2))
    ]
    assert found == [
        (BEN, paris(2026, 11, 23, 9), "rotation"),
        (SAM, paris(2026, 11, 30, 9), "override"),
        (ANA, paris(2026, 12, 1, 9), "rotation"),
    ]


def test_a_cover_over_several_turns_is_one_shift():
    alone = replace(WEEKLY, people=(BEN,))
    cover = Override("cover", SAM, BEN, paris(2026, 11, 25), paris(2026, 12, 20))
    assert on_call([alone], [cover], paris(2026, 12, 3)) == (Shift(SAM, cover.starts_at, cover.ends_at, 1, "override"),)


def test_a_cover_for_nobody_in_particular_fills_a_gap_and_replaces_everybody():
    cover = Override("cover", SAM, None, paris(2026, 11, 23), paris(2026, 11, 24))
    assert names([WEEKLY], paris(2026, 11, 23, 3), [cover]) == [SAM]
    assert names([WEEKLY], paris(2026, 11, 23, 10), [cover]) == [SAM]


def test_somebody_added_is_on_call_too():
    both = Override("add", SAM, None, paris(2026, 11, 24), paris(2026, 11, 25))
    assert names([WEEKLY], paris(2026, 11, 24, 3), [both]) == [BEN, SAM]


def test_somebody_removed_leaves_a_gap():
    away = Override("remove", BEN, None, paris(2026, 11, 24), paris(2026, 11, 25))
    line_up = shifts([WEEKLY], [away], start=paris(2026, 11, 23, 9), end=paris(2026, 11, 26))
    assert gaps(line_up, paris(2026, 11, 23, 9), paris(2026, 11, 26)) == ((away.starts_at, away.ends_at),)


def test_a_stand_in_can_be_stood_in_for():
    first = Override("cover", SAM, BEN, paris(2026, 11, 24), paris(2026, 11, 27))
    second = Override("cover", DANA, SAM, paris(2026, 11, 25), paris(2026, 11, 26))
    assert names([WEEKLY], paris(2026, 11, 25, 12), [first, second]) == [DANA]
    assert on_call([WEEKLY], [first, second], paris(2026, 11, 24, 12))[0].ends_at == second.starts_at


def test_a_person_on_call_twice_is_named_once_with_the_longer_shift():
    longer = Override("add", BEN, None, paris(2026, 11, 29), paris(2026, 12, 3))
    assert [shift.ends_at for shift in on_call([WEEKLY], [longer], paris(2026, 11, 29, 12))] == [longer.ends_at]


def test_a_layer_without_people_has_no_shifts():
    assert names([replace(WEEKLY, people=())], paris(2026, 11, 24)) == []


@given(layer=ROUND_THE_CLOCK)
@settings(max_examples=300)
def test_a_rotation_round_the_clock_never_has_a_gap(layer):
    start = datetime.combine(layer.starts_on + timedelta(days=1), layer.handoff, tzinfo=ZoneInfo(layer.zone)).astimezone(UTC)
    end = start + timedelta(days=60)
    assert gaps(shifts([layer], (), start=start, end=end), start, end) == ()


@given(layer=ROUND_THE_CLOCK)
@settings(max_examples=200)
def test_everybody_gets_a_turn_in_order(layer):
    assume(layer.kind != "hours" or layer.length > 1)  # an hour the clocks leap over takes the whole of such a turn
    first = datetime.combine(layer.starts_on, time(), tzinfo=UTC) - timedelta(days=2)
    turns = [shift.person for shift in shifts([layer], (), start=first, end=first + timedelta(days=90))]
    assert turns == list(islice(cycle(layer.people), len(turns)))


@given(layers=st.lists(ANY_LAYER, max_size=4), overrides=st.lists(_overrides(), max_size=4), at=_moments())
@settings(max_examples=200)
def test_gaps_are_exactly_the_instants_at_which_nobody_is_on_call(layers, overrides, at):
    start, end = at - timedelta(days=3), at + timedelta(days=3)
    empty = gaps(shifts(layers, overrides, start=start, end=end), start, end)
    assert bool(on_call(layers, overrides, at)) != any(low <= at < high for low, high in empty)


@pytest.mark.parametrize("kind", ["cover", "remove"])
@given(layers=st.lists(ANY_LAYER, min_size=1, max_size=3), at=_moments())
def test_a_person_replaced_or_removed_is_not_on_call(kind, layers, at):
    override = Override(kind, SAM if kind == "cover" else BEN, BEN, at, at + HOUR)
    assert BEN not in names(layers, at, [override])
    assert BEN not in names(layers, at + HOUR - timedelta(seconds=1), [override])
