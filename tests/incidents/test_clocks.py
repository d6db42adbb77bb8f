"""A ticket's clocks from its events. Pure: no database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from incidents import deskhours, starter
from incidents.clocks import ALWAYS, ClockState, Event, Terms, add_working, evaluate, working_between
from incidents.deskhours import Desk
from tests.actors import at
from tests.incidents import plain_due

TARGETS = {target.severity: target for target in starter.TARGETS}
DESK = deskhours.desk(starter.DESK_HOURS, "Europe/Paris")  # Monday to Friday, 08:00 to 18:00
HOUR, MINUTE = 3600, 60


def event(kind: Any, when: datetime, value: int | str | None = None) -> Event:
    return Event(kind, when, value)


def clock(name: Any, events: Sequence[Event], when: datetime, desk: Desk = DESK) -> ClockState:
    return evaluate(events, TARGETS, desk, when)[name]


def reported(rank: int, when: datetime) -> Event:
    return event("created", when, rank)


def test_a_first_response_in_time_is_met() -> None:
    events = [reported(1, at(9)), event("answer", at(9, 8))]
    found = clock("first_response", events, at(12))
    assert (found.state, found.used_s, found.left_s, found.due_at, found.done_at) == ("met", 8 * MINUTE, 2 * MINUTE, at(9, 10), at(9, 8))


def test_an_answer_on_the_second_it_is_due_is_in_time_and_one_later_is_not() -> None:
    late = at(9, 10) + timedelta(seconds=1)
    assert clock("first_response", [reported(1, at(9)), event("answer", at(9, 10))], at(12)).state == "met"
    assert clock("first_response", [reported(1, at(9)), event("answer", late)], at(12)).state == "missed"


def test_a_late_clock_says_by_how_much() -> None:
    found = clock("first_response", [reported(1, at(9))], at(9, 25))
    assert (found.state, found.left_s, found.due_at) == ("missed", -15 * MINUTE, at(9, 10))


def test_desk_hours_stop_the_clock_of_a_lesser_severity_over_night() -> None:
    found = clock("first_response", [reported(3, at(17, 50))], at(20))
    assert (found.state, found.used_s, found.due_at) == ("running", 10 * MINUTE, at(8, 20, day=24))
    assert clock("first_response", [reported(2, at(17, 50))], at(20)).state == "missed"


def test_waiting_pauses_and_says_for_what() -> None:
    events = [reported(4, at(9)), event("waiting", at(10), "vendor"), event("resumed", at(12))]
    paused = clock("first_response", events, at(11))
    assert (paused.state, paused.used_s, paused.due_at, paused.segments[-1].because) == ("paused", HOUR, None, "vendor")
    running = clock("first_response", events, at(12))
    assert (running.state, running.due_at, [part.because for part in running.segments]) == ("running", at(15), ["", "vendor"])


def test_a_reason_that_is_not_the_policys_does_not_pause() -> None:
    found = evaluate([reported(4, at(9)), event("waiting", at(10), "vendor")], TARGETS, DESK, at(11), pauses=frozenset({"approval"}))
    assert (found["first_response"].state, found["first_response"].used_s) == ("running", 2 * HOUR)


def test_the_next_response_runs_from_the_oldest_unanswered_message() -> None:
    events = [reported(2, at(9)), event("answer", at(9, 5)), event("message", at(10)), event("message", at(11))]
    assert clock("next_response", events, at(11)).due_at == at(12)
    again = [*events, event("answer", at(11, 30)), event("message", at(13))]
    assert (clock("next_response", again, at(13)).due_at, clock("next_response", again, at(13)).earlier) == (at(15), ("met",))


def test_before_the_first_answer_no_other_is_owed() -> None:
    events = [reported(2, at(9)), event("message", at(9, 1))]
    assert "next_response" not in evaluate(events, TARGETS, DESK, at(9, 2))
    assert "next_response" not in evaluate([*events, event("answer", at(9, 5))], TARGETS, DESK, at(9, 6))


def test_a_message_ends_waiting_for_the_requester_and_for_nobody_else() -> None:
    begun = [reported(2, at(9)), event("answer", at(9, 5))]
    waiting = [*begun, event("waiting", at(10), "requester"), event("message", at(11))]
    assert clock("resolution", waiting, at(11)).state == "running"
    vendor = [*begun, event("waiting", at(10), "vendor"), event("message", at(11))]
    assert {found.state for name, found in evaluate(vendor, TARGETS, DESK, at(11)).items() if name != "first_response"} == {"paused"}


def test_a_rise_takes_the_earlier_of_the_old_due_and_the_rise_plus_the_new_target() -> None:
    found = clock("resolution", [reported(3, at(9)), event("severity", at(10), 1)], at(10))
    assert (found.due_at, found.left_s) == (at(14), 4 * HOUR)
    near = clock("first_response", [reported(3, at(9)), event("severity", at(9, 25), 1)], at(9, 25))
    assert near.due_at == at(9, 30)


def test_a_fall_takes_the_later_of_the_old_due_and_the_beginning_plus_the_new_target() -> None:
    events = [reported(1, at(9)), event("waiting", at(9, 2), "requester"), event("resumed", at(9, 7)), event("severity", at(9, 8), 2)]
    assert clock("first_response", events, at(9, 8)).due_at == at(9, 35)


def test_a_missed_clock_stays_missed_whatever_the_severity_becomes() -> None:
    found = clock("first_response", [reported(1, at(9)), event("severity", at(9, 30), 4), event("answer", at(9, 31))], at(10))
    assert (found.state, found.due_at, found.left_s) == ("missed", at(9, 10), -21 * MINUTE)


def test_the_same_severity_said_again_moves_nothing() -> None:
    odd = {3: TARGETS[1], 2: TARGETS[4]}  # a table on which the worse severity may take longer
    events = [reported(3, at(9)), event("severity", at(9, 5), 2)]
    once, twice = (evaluate(each, odd, DESK, at(9, 6))["first_response"] for each in (events, [*events, event("severity", at(9, 6), 2)]))
    assert (once.due_at, twice.due_at) == (at(9, 10), at(9, 10))


def test_solving_ends_every_clock() -> None:
    found = evaluate([reported(1, at(9)), event("solved", at(9, 5))], TARGETS, DESK, at(20))
    assert {(each.state, each.done_at) for each in found.values()} == {("met", at(9, 5))}


def test_reopening_sets_the_solution_going_again_where_it_stood() -> None:
    events = [reported(1, at(9)), event("solved", at(10)), event("reopened", at(15))]
    found = clock("resolution", events, at(15))
    assert (found.state, found.used_s, found.due_at, found.segments[-1].because) == ("running", HOUR, at(18), "solved")
    assert evaluate(events, TARGETS, DESK, at(15))["first_response"].state == "missed"


def test_what_a_solved_ticket_waited_for_is_over() -> None:
    events = [reported(1, at(9)), event("answer", at(9, 1)), event("waiting", at(9, 2), "vendor"), event("solved", at(10))]
    found = evaluate([*events, event("reopened", at(11)), event("message", at(11))], TARGETS, DESK, at(11))
    assert (found["next_response"].state, found["resolution"].state) == ("running", "running")


def test_a_miss_survives_reopening() -> None:
    events = [reported(1, at(9)), event("solved", at(14)), event("reopened", at(15))]
    assert (clock("resolution", events, at(15)).state, clock("resolution", events, at(15)).due_at) == ("missed", at(13))


def test_the_warning_comes_at_three_quarters_or_two_minutes_before_whichever_is_later() -> None:
    assert clock("first_response", [reported(1, at(9))], at(9)).warn_at == at(9, 8)
    assert clock("resolution", [reported(1, at(9))], at(9)).warn_at == at(12, 58)


LUNCH = {str(day): [["08:30", "12:15"], ["13:00", "17:45"]] for day in range(5)}
NIGHTS = {str(day): [["22:00", "06:00"]] for day in range(7)}
WHOLE = {str(day): [["00:00", "24:00"]] for day in (4, 5, 6)}
TWICE = {str(day): [["01:00", "02:30"], ["02:30", "04:00"]] for day in range(7)}  # meets in the hour clocks repeat or leap over
ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]
DESKS = st.builds(
    deskhours.desk,
    st.sampled_from([dict(starter.DESK_HOURS), LUNCH, NIGHTS, WHOLE, TWICE, {}]),
    st.sampled_from(ZONES),
    st.sampled_from(["", "FR"]),
)
# Half of the moments lie around a night on which some clock changes.
SOME = st.integers(0, 500_000_000).map(lambda ms: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms * 60))
CHANGES = st.sampled_from(["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04", "2026-02-15", "2026-03-22"])
AROUND = st.builds(
    lambda day, s: datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(seconds=s), CHANGES, st.integers(-90_000, 90_000)
)
MOMENTS = SOME | AROUND
SPANS = st.integers(0, 400_000)
SPAN_S = st.integers(60, 400_000)


@given(desk=DESKS, start=MOMENTS, seconds=SPANS)
@settings(max_examples=200)
def test_as_much_as_was_added_lies_between_and_not_a_moment_sooner(desk: Desk, start: datetime, seconds: int) -> None:
    end = add_working(desk, start, seconds)
    assert end is not None
    assert working_between(desk, start, end) == seconds
    assert seconds or end == start
    assert not seconds or working_between(desk, start, end - timedelta(microseconds=1)) < seconds


@given(desk=DESKS, start=MOMENTS, one=SPANS, other=SPANS)
def test_working_time_only_grows_adds_up_and_never_outruns_the_clock(desk: Desk, start: datetime, one: int, other: int) -> None:
    middle, end = start + timedelta(seconds=one), start + timedelta(seconds=one + other)
    first, second = working_between(desk, start, middle), working_between(desk, middle, end)
    assert 0 <= first <= one
    assert first + second == pytest.approx(working_between(desk, start, end), abs=1e-5)


@given(desk=DESKS, start=MOMENTS, minutes=st.integers(0, 4000))
@settings(max_examples=50)
def test_working_time_is_counting_the_open_minutes(desk: Desk, start: datetime, minutes: int) -> None:
    start = start.replace(second=0, microsecond=0)
    counted = sum(desk.is_open(start + timedelta(minutes=n)) for n in range(minutes))
    assert working_between(desk, start, start + timedelta(minutes=minutes)) == counted * 60


def test_a_night_on_which_clocks_go_back_has_an_hour_more() -> None:
    nights = deskhours.desk(NIGHTS, "Europe/Paris")
    evening = datetime(2026, 10, 24, 20, tzinfo=UTC)
    assert working_between(nights, evening, evening + timedelta(days=1)) == (8 + 1) * HOUR


def test_years_of_desk_time_are_counted_to_the_end() -> None:
    week = working_between(DESK, at(0), at(0) + timedelta(weeks=1))
    assert working_between(DESK, at(0), at(0) + timedelta(weeks=52 * 3)) == week * 52 * 3


KINDS = st.sampled_from(["severity", "message", "answer", "waiting", "resumed", "solved", "reopened"])


@st.composite
def _histories(draw: st.DrawFn) -> list[Event]:
    when = draw(MOMENTS)
    events = [reported(draw(st.integers(1, 4)), when)]
    for kind in draw(st.lists(KINDS, max_size=8)):
        when += timedelta(seconds=draw(st.integers(0, 20_000)))
        value: Any = (
            draw(st.integers(1, 4)) if kind == "severity" else draw(st.sampled_from(["requester", "vendor"])) if kind == "waiting" else None
        )
        events.append(event(kind, when, value))
    return events


@given(events=_histories(), desk=DESKS, later=st.integers(0, 90_000))
@settings(max_examples=200)
def test_segments_tell_the_whole_story_of_a_clock(events: list[Event], desk: Desk, later: int) -> None:
    now = events[-1].at + timedelta(seconds=later)
    for found in evaluate(events, TARGETS, desk, now).values():
        edges = [found.began_at, *(part.ends_at for part in found.segments)]
        assert [part.starts_at for part in found.segments] == edges[:-1]
        assert edges[-1] == (found.done_at or now)
        assert found.used_s == pytest.approx(sum(part.worked_s for part in found.segments))
        assert found.state != "running" or found.due_at is None or found.due_at >= now
        assert found.state != "missed" or (found.due_at is not None and found.due_at < now)


@given(events=_histories(), desk=DESKS, later=st.integers(0, 90_000), data=st.data())
@settings(max_examples=200)
def test_a_missed_first_response_is_missed_for_ever(events: list[Event], desk: Desk, later: int, data: st.DataObject) -> None:
    early = events[data.draw(st.integers(0, len(events) - 1))].at + timedelta(seconds=later)
    before = clock("first_response", events, early, desk)
    assume(before.state == "missed")
    after = clock("first_response", events, early + timedelta(days=3), desk)
    assert (after.state, after.due_at) == ("missed", before.due_at)


@given(
    rank=st.integers(1, 4), start=MOMENTS, desk=DESKS, pauses=st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 90_000)), max_size=4)
)
def test_due_is_the_target_after_the_report_with_the_pauses_left_out(
    rank: int, start: datetime, desk: Desk, pauses: list[tuple[int, int]]
) -> None:
    events, spans, when = [reported(rank, start)], [], start
    for runs, rests in pauses:
        begins, when = when + timedelta(seconds=runs), when + timedelta(seconds=runs + rests)
        events += [event("waiting", begins, "planned"), event("resumed", when)]
        spans.append((begins, when))
    found, goal = clock("resolution", events, when, desk), TARGETS[rank]
    whose = ALWAYS if goal.is_round_the_clock else desk
    assert found.state == "missed" or found.due_at == deskhours.due(whose, start, goal.solution_s, spans)


@given(
    start=MOMENTS, desk=DESKS, first=st.integers(1, 4), changes=st.lists(st.tuples(st.integers(1, 40_000), st.integers(1, 4)), max_size=4)
)
def test_changes_of_severity_give_the_due_time_of_the_plain_way_until_a_clock_is_missed(
    start: datetime, desk: Desk, first: int, changes: list[tuple[int, int]]
) -> None:
    events, steps, when = [reported(first, start)], [plain_due.Step(start, first)], start
    for seconds, rank in changes:
        when += timedelta(seconds=seconds)
        events.append(event("severity", when, rank))
        steps += [plain_due.Step(when, rank)] if rank != steps[-1].rank else []
    found = clock("resolution", events, when, desk)
    assume(found.state == "running")
    assert found.due_at == plain_due.due(steps, "solution_s", desk, [])


TERMS = st.builds(
    lambda times, pauses: Terms({rank: starter.Target(rank, *times[rank - 1]) for rank in range(1, 5)}, pauses),
    st.lists(st.tuples(SPAN_S, SPAN_S, SPAN_S, st.booleans()), min_size=4, max_size=4),
    st.sampled_from([frozenset(), frozenset({"vendor"}), frozenset({"vendor", "requester"})]),
)


def _redefined(events: list[Event], terms: Terms, seconds: int) -> tuple[list[Event], datetime]:
    """The history with other terms from so long after its last event."""
    moment = events[-1].at + timedelta(seconds=seconds)
    return [*events, Event("terms", moment, terms=terms)], moment


@given(events=_histories(), desk=DESKS, terms=TERMS, later=st.integers(0, 90_000))
@settings(max_examples=200)
def test_other_terms_make_nothing_late_and_take_back_no_verdict(events: list[Event], desk: Desk, terms: Terms, later: int) -> None:
    changed, moment = _redefined(events, terms, later)
    before, after = (evaluate(each, TARGETS, desk, moment) for each in (events, changed))
    for name, found in after.items():
        assert found.state == "missed" or found.due_at is None or found.due_at >= moment or found.done_at is not None
        assert (found.state == "missed") == (before[name].state == "missed")
        assert before[name].state not in ("met", "missed") or found == before[name]


@given(rank=st.integers(1, 4), start=MOMENTS, desk=DESKS, terms=TERMS, later=st.integers(0, 90_000))
def test_other_terms_leave_a_due_time_between_the_beginning_and_now_plus_the_new_target(
    rank: int, start: datetime, desk: Desk, terms: Terms, later: int
) -> None:
    events, moment = _redefined([reported(rank, start)], terms, later)
    old, new = clock("resolution", events[:1], moment, desk), clock("resolution", events, moment, desk)
    assume(old.state == "running" and old.due_at is not None and new.due_at is not None)
    goal = terms.targets[rank]
    whose = ALWAYS if goal.is_round_the_clock else desk
    low, high = (add_working(whose, since, goal.solution_s) for since in (start, moment))
    assert low
    assert high
    assert new.due_at == min(max(old.due_at or low, low), high)


@given(rank=st.integers(1, 4), start=MOMENTS, desk=DESKS, terms=TERMS, later=st.integers(0, 90_000))
def test_terms_of_the_moment_of_the_report_are_those_it_began_on(rank: int, start: datetime, desk: Desk, terms: Terms, later: int) -> None:
    now = start + timedelta(seconds=later)
    said = [[reported(rank, start), Event("terms", start, terms=terms)], [Event("created", start, rank, terms)]]
    one, other = (evaluate(each, TARGETS, desk, now) for each in said)
    assert one == other
