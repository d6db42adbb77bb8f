"""Desk hours, and the due times they give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents import automation, conversation, deskhours, starter, targets, tickets
from incidents.models import Ticket
from servicedesk.operations.worlds.company import Company
from tests.actors import at
from tests.incidents.reporting import report

PARIS = deskhours.desk(starter.DESK_HOURS, "Europe/Paris", "FR")
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("moment", "is_open", "opens", "change"),
    [
        (at(9), True, at(9), at(18)),
        (at(8), True, at(8), at(18)),
        (at(18), False, at(8, day=24), at(8, day=24)),
        (at(7, 59), False, at(8), at(8)),
        (at(12, day=28), False, at(8, day=30), at(8, day=30)),
    ],
)
def test_the_desk_opens_and_closes(moment: datetime, is_open: bool, opens: datetime, change: datetime) -> None:
    assert (PARIS.is_open(moment), PARIS.opens_at(moment), PARIS.next_change(moment)) == (is_open, opens, change)


def test_public_holidays_are_closed() -> None:
    christmas = datetime(2026, 12, 25, 9, tzinfo=UTC)
    assert not PARIS.is_open(christmas)
    assert PARIS.opens_at(christmas) == datetime(2026, 12, 28, 7, tzinfo=UTC)


def test_a_desk_without_hours_never_closes() -> None:
    always = deskhours.desk({}, "Europe/Paris")
    assert (always.is_open(at(3)), always.opens_at(at(3)), always.next_change(at(3))) == (True, at(3), None)
    assert deskhours.due(always, at(3), 3600) == at(4)


def test_a_night_shift_closes_the_next_morning() -> None:
    nights = deskhours.desk({str(day): [["22:00", "06:00"]] for day in range(7)}, "Europe/Paris")
    assert nights.is_open(at(3))
    assert not nights.is_open(at(6))
    assert deskhours.due(nights, at(5), 2 * 3600) == at(23)


def test_a_whole_day_joins_the_next() -> None:
    days = deskhours.desk({str(day): [["00:00", "24:00"]] for day in range(5)}, "Europe/Paris")
    assert days.next_change(at(9)) == at(0, day=28)


def test_the_clocks_going_back_keep_the_opening_hours() -> None:
    saturday = datetime(2026, 10, 23, 15, tzinfo=UTC)  # Friday 17:00, summer time
    assert deskhours.due(PARIS, saturday, 2 * 3600) == datetime(2026, 10, 26, 8, tzinfo=UTC)  # Monday 09:00, winter time


@settings(max_examples=40, deadline=None)
@given(
    start=st.integers(0, 7 * 24 * 60),
    seconds=st.integers(1, 20 * 60),
    pauses=st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 600)), max_size=3),
)
def test_due_is_where_counting_open_minutes_one_by_one_ends(start: int, seconds: int, pauses: list[tuple[int, int]]) -> None:
    begin = at(0) + start * MINUTE
    spans = [(begin + since * MINUTE, begin + (since + length) * MINUTE) for since, length in pauses]
    now, left = begin, seconds
    while left:
        left -= PARIS.is_open(now) and not any(since <= now < until for since, until in spans)
        now += MINUTE
    assert deskhours.due(PARIS, begin, seconds * 60, spans) == now


# A ticket's own


def due(ticket: Ticket) -> tuple[datetime | None, datetime | None]:
    ticket.refresh_from_db()
    return ticket.first_answer_due_at, ticket.solution_due_at


def test_sev1_and_sev2_run_round_the_clock_and_sev3_in_desk_hours(acme: Company) -> None:
    assert due(report(acme, "ella", at(17, 50), impacted="everyone")) == (at(18), at(21, 50))
    assert due(report(acme, "omar", at(17, 50), impacted="department")) == (at(18, 20), at(1, 50, day=24))
    assert due(report(acme, "lea", at(17, 50), "The printer is out of toner")) == (at(8, 20, day=24), at(17, 50, day=25))


@pytest.mark.parametrize(
    ("rank", "first", "solution"), [(1, at(9, 25), at(13, 15)), (2, at(9, 30), at(17, 15)), (4, at(13), at(9, day=30))]
)
def test_a_rise_shortens_from_then_and_a_fall_lengthens_from_the_report(
    acme: Company, rank: int, first: datetime, solution: datetime
) -> None:
    ticket = report(acme, "ella", at(9))
    assert due(ticket) == (at(9, 30), at(9, day=25))
    tickets.set_severity(ticket, rank=rank, actor=acme.people["ana"], now=at(9, 15), reason="x")
    assert due(ticket) == (first, solution)


def test_a_fall_after_a_rise_gives_back_what_is_later(acme: Company) -> None:
    ticket, change = report(acme, "ella", at(9)), {"actor": acme.people["ana"], "reason": "x"}
    tickets.set_severity(ticket, rank=1, now=at(9, 5), **change)
    tickets.set_severity(ticket, rank=3, now=at(9, 10), **change)
    assert due(ticket) == (at(9, 30), at(9, day=25))


def test_the_next_answer_is_owed_from_the_oldest_word_that_has_none(acme: Company) -> None:
    ticket, ana, ella = report(acme, "ella", at(9), impacted="department"), acme.people["ana"], acme.people["ella"]
    assert ticket.next_answer_due_at is None
    conversation.reply(ticket, author=ana, text="We look.", now=at(9, 5))
    for hour in (10, 11):
        ticket = automation.requester_reply(ticket, author=ella, text="And?", now=at(hour))
    assert ticket.next_answer_due_at == at(12)
    conversation.reply(ticket, author=ana, text="Soon.", now=at(11, 30))
    ticket.refresh_from_db()
    assert ticket.next_answer_due_at is None


def test_who_logged_it_for_somebody_answers_as_staff(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), reported_by=acme.people["ana"], origin=Ticket.Origin.STAFF)
    conversation.reply(ticket, author=acme.people["ana"], text="Here you are.", now=at(9, 5))
    ticket.refresh_from_db()
    states = targets.clocks_of(ticket, now=at(9, 10))
    assert (ticket.first_answered_at, states["first_response"].state, states["first_response"].done_at) == (at(9, 5), "met", at(9, 5))


def test_each_clock_tells_its_stretches(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    tickets.wait(ticket, Ticket.Waiting.VENDOR, actor=ana, now=at(10))
    tickets.take_up(ticket, actor=ana, now=at(12))
    parts = targets.clocks_of(ticket, now=at(13))["resolution"].segments
    assert [(part.because, part.starts_at, part.ends_at) for part in parts] == [
        ("", at(9), at(10)),
        ("vendor", at(10), at(12)),
        ("", at(12), at(13)),
    ]


def test_a_met_clock_stays_as_it_was(acme: Company) -> None:
    ticket: Any = tickets.solve(report(acme, "ella", at(9)), actor=acme.people["ana"], now=at(9, 10))
    before = due(ticket)
    tickets.set_severity(ticket, rank=1, actor=acme.people["ana"], now=at(9, 15))
    assert due(ticket) == before
