"""Which method of a person, and when. Pure: no database."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.plan import Bundle, Method, Page, Plan, Quiet, Rung, bundle, plan, quiet_until
from tests.actors import at

SMS, CALL, MAIL = Method(1, "sms"), Method(2, "voice"), Method(3, "email")
NEW, OFF = Method(4, "push", verified=False), Method(5, "sms", disabled=True)
BAD, BAD_CALL = Method(6, "sms", flagged=True), Method(7, "voice", flagged=True)
NIGHT = Quiet(time(22), time(7), "Europe/Paris")
MINUTE = timedelta(minutes=1)


def ladder(*rungs: tuple[int, Method]) -> list[Rung]:
    return [Rung(position, delay_s, method) for position, (delay_s, method) in enumerate(rungs)]


def page(rungs: list[Rung], *, now: datetime, on_duty: bool = True, quiet: Quiet | None = None) -> Plan:
    return plan(rungs, kind="page", on_duty=on_duty, quiet=quiet, now=now)


def times(made: Plan, start: datetime) -> list[tuple[int, int]]:
    return [(step.method.id, int((step.due_at - start).total_seconds())) for step in made.steps]


def test_each_method_has_its_turn() -> None:
    made = page(ladder((0, SMS), (180, CALL)), now=at(3))
    assert times(made, at(3)) == [(1, 0), (2, 180)]
    assert (made.skipped, made.unreachable) == ((), False)


def test_two_rungs_at_nought_both_go_at_once() -> None:
    assert times(page(ladder((0, SMS), (0, MAIL), (180, CALL)), now=at(3)), at(3)) == [(1, 0), (3, 0), (2, 180)]


def test_what_cannot_be_used_is_left_out_with_the_reason_and_the_next_goes_now() -> None:
    made = page(ladder((0, NEW), (60, OFF), (180, CALL), (300, MAIL)), now=at(3))
    assert made.skipped == ((0, "unverified"), (1, "disabled"))
    assert times(made, at(3)) == [(2, 0), (3, 300)]
    assert [step.why for step in made.steps] == ["pulled_forward", "in_turn"]


def test_when_the_first_is_left_out_the_next_goes_now_however_late_the_first_was_to_be() -> None:
    assert times(page(ladder((60, OFF), (180, CALL)), now=at(3)), at(3)) == [(2, 0)]


def test_a_method_left_out_in_between_hands_its_moment_on() -> None:
    assert times(page(ladder((0, SMS), (60, OFF), (600, CALL)), now=at(3)), at(3)) == [(1, 0), (2, 60)]


def test_a_flagged_method_comes_after_the_others_and_hands_them_its_moment() -> None:
    assert times(page(ladder((0, MAIL), (0, BAD), (180, CALL)), now=at(3)), at(3)) == [(3, 0), (2, 0), (6, 60)]


def test_where_the_others_only_write_mail_a_flagged_method_keeps_its_turn() -> None:
    assert times(page(ladder((0, BAD), (0, MAIL), (180, BAD_CALL)), now=at(3)), at(3)) == [(3, 0), (6, 0), (7, 180)]


def test_a_ladder_that_begins_later_begins_later() -> None:
    assert times(page(ladder((120, SMS)), now=at(3)), at(3)) == [(1, 120)]


@pytest.mark.parametrize("rungs", [[], ladder((0, NEW), (60, OFF))])
def test_nobody_can_be_reached_without_a_usable_method(rungs: list[Rung]) -> None:
    assert page(rungs, now=at(3)).unreachable


def test_quiet_hours_never_hold_a_page_to_somebody_on_duty() -> None:
    made = page(ladder((0, SMS)), now=at(3), quiet=NIGHT)
    assert (times(made, at(3)), made.steps[0].held_until, made.unreachable) == ([(1, 0)], None, False)


def test_a_page_by_name_to_somebody_off_duty_is_held_and_counts_as_unreachable() -> None:
    made = page(ladder((0, SMS), (180, CALL)), now=at(3), quiet=NIGHT, on_duty=False)
    assert times(made, at(7)) == [(1, 0), (2, 180)]
    assert {(step.held_until, step.why) for step in made.steps} == {(at(7), "quiet_hours")}
    assert made.unreachable


def test_a_held_notice_is_only_late() -> None:
    made = plan(ladder((0, MAIL)), kind="notice", on_duty=False, quiet=NIGHT, now=at(23))
    assert (made.steps[0].due_at, made.unreachable) == (at(7, day=24), False)


def test_a_step_that_falls_into_quiet_hours_waits_and_the_page_still_reaches() -> None:
    made = page(ladder((0, SMS), (180, CALL)), now=at(21, 58), quiet=NIGHT, on_duty=False)
    assert [step.due_at for step in made.steps] == [at(21, 58), at(7, day=24)]
    assert not made.unreachable


def test_quiet_hours_belong_to_the_day_they_begin_on() -> None:
    friday = Quiet(time(22), time(7), "Europe/Paris", frozenset({4}))
    assert quiet_until(friday, at(3, day=28)) == at(7, day=28)  # the night to Saturday
    assert quiet_until(friday, at(3, day=27)) is None
    assert quiet_until(friday, at(23, day=28)) is None


def test_quiet_hours_within_a_day_end_the_same_day() -> None:
    noon = Quiet(time(12), time(13), "Europe/Paris")
    assert (quiet_until(noon, at(12, 30)), quiet_until(noon, at(13)), quiet_until(noon, at(11, 59))) == (at(13), None, None)


def test_quiet_hours_end_on_the_wall_clock_when_clocks_change() -> None:
    assert quiet_until(NIGHT, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == datetime(2026, 10, 25, 6, tzinfo=UTC)


def test_hours_that_begin_and_end_alike_are_none() -> None:
    assert quiet_until(Quiet(time(7), time(7), "Europe/Paris"), at(7)) is None


METHODS = st.builds(Method, st.integers(1, 9), st.just("sms"), st.booleans(), st.booleans())
RUNGS = st.lists(st.tuples(st.integers(0, 900), METHODS), max_size=6).map(lambda rungs: ladder(*rungs))
MOMENTS = st.integers(0, 525_600).map(lambda minutes: at(0) + minutes * MINUTE)
QUIETS = st.none() | st.builds(Quiet, st.times(), st.times(), st.just("Europe/Paris"), st.frozensets(st.integers(0, 6)))


@given(rungs=RUNGS, quiet=QUIETS, now=MOMENTS, on_duty=st.booleans())
def test_every_rung_is_planned_or_skipped_in_order_and_never_later_than_asked_but_for_quiet(
    rungs: list[Rung], quiet: Quiet | None, now: datetime, on_duty: bool
) -> None:
    made = page(rungs, now=now, quiet=quiet, on_duty=on_duty)
    asked = {rung.position: rung.delay_s for rung in rungs}
    assert sorted([step.rung for step in made.steps] + [position for position, _why in made.skipped]) == sorted(asked)
    assert [step.due_at for step in made.steps] == sorted(step.due_at for step in made.steps)
    for step in made.steps:
        assert step.held_until or now <= step.due_at <= now + timedelta(seconds=asked[step.rung])
        assert on_duty is False or step.held_until is None
        assert on_duty or quiet_until(quiet, step.due_at) is None


@given(quiet=QUIETS, now=MOMENTS)
def test_quiet_hours_end_later_than_now_and_are_over_then(quiet: Quiet | None, now: datetime) -> None:
    end = quiet_until(quiet, now)
    assert end is None or (now < end and quiet_until(quiet, end) is None)


def sent(number: int, seconds: float, *, about: str = "", rank: int = 2) -> Page:
    return Page(number, about or f"INC-{number}", rank, at(3) + timedelta(seconds=seconds))


def after(seconds: float) -> datetime:
    return at(3) + timedelta(seconds=seconds)


def test_the_first_two_pages_of_a_minute_are_never_delayed() -> None:
    assert bundle([], [sent(1, 0)], after(0)) == Bundle(alone=(1,))
    assert bundle([sent(1, 0)], [sent(2, 5)], after(5)) == Bundle(alone=(2,))


def test_from_the_third_on_they_wait_a_minute_and_go_as_one_the_worst_first() -> None:
    before, waiting = [sent(1, 0), sent(2, 5)], [sent(3, 10, rank=3), sent(4, 20, rank=1)]
    assert bundle(before, waiting, after(20)) == Bundle(wait_until=after(70))
    assert bundle(before, waiting, after(69)) == Bundle(wait_until=after(70))
    assert bundle(before, waiting, after(70)) == Bundle(together=(4, 3))


def test_a_page_that_waited_alone_goes_alone() -> None:
    assert bundle([sent(1, 0), sent(2, 5)], [sent(3, 10)], after(70)) == Bundle(alone=(3,))


def test_of_a_burst_the_worst_two_go_first() -> None:
    assert bundle([], [sent(n, 0, rank=4 - n) for n in (1, 2, 3)], after(0)) == Bundle(alone=(3, 2), wait_until=after(60))


def test_a_minute_later_a_page_is_a_first_one_again() -> None:
    assert bundle([sent(1, 0), sent(2, 1)], [sent(3, 61)], after(61)) == Bundle(alone=(3,))


def test_a_noisy_service_delays_itself_and_no_other() -> None:
    noise = [sent(n, n, about="mail") for n in range(1, 8)]
    assert bundle(noise, [sent(8, 9, about="mail"), sent(9, 10, about="payroll")], after(10)) == Bundle(alone=(9,), wait_until=after(69))


@given(arrivals=st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc"), st.integers(1, 4)), max_size=30), pace=st.integers(1, 9))
@settings(max_examples=200)
def test_every_page_goes_exactly_once_and_within_a_minute(arrivals: list[tuple[int, str, int]], pace: int) -> None:
    seconds, pages, gone, when = 0, [], [], {}
    for number, (step, about, rank) in enumerate(arrivals):
        seconds += step
        pages.append(sent(number, seconds, about=about, rank=rank))
    for tick in range(0, seconds + 70, pace):
        waiting = [each for each in pages if each.at <= after(tick) and each.id not in when]
        made = bundle([pages[number] for number in gone], waiting, after(tick))
        gone += made.alone + made.together
        when.update(dict.fromkeys(made.alone + made.together, after(tick)))
    assert sorted(gone) == [each.id for each in pages]
    assert all(when[each.id] - each.at <= timedelta(seconds=60 + pace) for each in pages)
