"""Whoever has a ticket is warned once that a clock of it is nearly used up, by time passing alone and never by a page."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import OperationalError

from incidents import automation, changed_hours, clock_warnings, conversation, tickets
from incidents.models import Ticket
from notifications.models import Errand, MutedTopic
from servicedesk.directory.models import Organisation
from servicedesk.jobs import work
from servicedesk.jobs.models import Job
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents import racing
from tests.incidents.reporting import mails, report

TWO_MINUTES = timedelta(minutes=2)


def given(acme: Company, moment: datetime = NINE) -> Ticket:
    """A SEV3 of Ella's that Ana has: a first answer is owed in half an hour of the desk."""
    return tickets.assign(report(acme, "ella", moment), to=acme.people["ana"], actor=acme.people["ana"], now=moment)


def warned(ticket: Ticket) -> list[tuple[str, str]]:
    events = ticket.entries.filter(data__verb="warn").order_by("pk")
    told = Errand.objects.filter(thread=ticket.number, kind="notice", because__contains="is due:").count()
    assert told == len(events)
    return [(event.data["after"]["clock"], event.data["after"]["due"]) for event in events]


def test_who_has_it_is_told_once_two_minutes_before(acme: Company) -> None:
    ticket, before = given(acme), len(mails(acme, "ana"))
    due = ticket.first_answer_due_at
    assert (due, ticket.warn_at) == (at(9, 30), at(9, 28))
    assert clock_warnings.warn_due(now=at(9, 28) - timedelta(seconds=1)) == 0
    assert [clock_warnings.warn_due(now=at(9, 28)) for _round in range(2)] == [1, 0]
    assert warned(ticket) == [("first_response", at(9, 30).isoformat())]
    (mail,) = mails(acme, "ana")[before:]
    assert "The first answer is due: 09:30, 2 min left." in mail.text
    assert not Errand.objects.filter(thread=ticket.number, kind="page").exists()
    ticket.refresh_from_db()
    assert (ticket.warn_at, ticket.evaluate_at) == (ticket.solution_due_at and ticket.solution_due_at - TWO_MINUTES, NINE)


def test_a_clock_that_is_met_or_stands_still_warns_nobody_and_goes_on_to_another_time(acme: Company) -> None:
    ticket = given(acme)
    tickets.wait(ticket, "vendor", actor=acme.people["ana"], now=at(9, 20))
    clock_warnings.warn_due(now=at(9, 40))
    assert warned(ticket) == []
    tickets.take_up(ticket, actor=acme.people["ana"], now=at(9, 40))
    clock_warnings.warn_due(now=at(9, 48))
    assert warned(ticket) == [("first_response", at(9, 50).isoformat())]
    conversation.reply(ticket, author=acme.people["ana"], text="On it", now=at(9, 49))
    automation.requester_reply(ticket, author=acme.people["ella"], text="And?", now=at(10))
    clock_warnings.warn_due(now=at(13, 58))
    assert warned(ticket)[1:] == [("next_response", at(14).isoformat())]


def test_a_database_that_does_not_answer_loses_no_warning(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = given(acme)
    with monkeypatch.context() as away:
        away.setattr(clock_warnings.targets, "clocks_of", _raise)
        assert clock_warnings.warn_due(now=at(9, 28)) == 0
    assert clock_warnings.warn_due(now=at(9, 28) + timedelta(seconds=5)) == 1
    assert [name for name, _due in warned(ticket)] == ["first_response"]


def _raise(*_args: object, **_named: object) -> None:
    raise OperationalError("deadlock detected")


@pytest.mark.parametrize(("back_at", "names"), [(at(9, 29), ["first_response"]), (at(9, 30), []), (at(12), [])])
def test_after_a_standstill_it_is_still_told_while_there_is_time_left(acme: Company, back_at: datetime, names: list[str]) -> None:
    ticket = given(acme)
    for _round in range(2):
        clock_warnings.warn_due(now=back_at)
    assert [name for name, _due in warned(ticket)] == names


@pytest.mark.parametrize(("changed_at", "names"), [(at(19, 5), ["first_response"]), (at(19, 29), [])])
def test_new_hours_warn_of_what_comes_and_not_of_what_they_made_late(acme: Company, changed_at: datetime, names: list[str]) -> None:
    Organisation.objects.update(desk_hours={str(day): [["08:00", "18:00"]] for day in range(5)})
    ticket = given(acme, at(19))
    changed_hours.follow_due(now=at(19))
    Organisation.objects.update(desk_hours={str(day): [["00:00", "23:59"]] for day in range(7)})
    changed_hours.follow_due(now=changed_at)
    work.run_first(list(Job.objects.values_list("pk", flat=True)), now=changed_at)
    ticket.refresh_from_db()
    assert ticket.first_answer_due_at == at(19, 30)
    for second in (0, 10):
        clock_warnings.warn_due(now=at(19, 29) + timedelta(seconds=second))
    assert [name for name, _due in warned(ticket)] == names


def test_a_warning_left_by_older_hours_is_not_given_with_the_next_one(acme: Company) -> None:
    """The clock of the solution, moved past its warning, is silent when the first answer's comes."""
    ticket = given(acme)
    Ticket.objects.filter(pk=ticket.pk).update(warn_at=at(9, 29))  # the answer's own was at 09:28
    clock_warnings.warn_due(now=at(9, 29, day=23))
    assert warned(ticket) == []


def test_nobody_is_warned_of_what_is_nobodys_or_brought_in_or_switched_off(acme: Company) -> None:
    nobodys, muted = report(acme, "ella", NINE), given(acme)
    brought = report(acme, "omar", NINE, "The beamer hums", origin=Ticket.Origin.IMPORT)
    MutedTopic.objects.create(person=acme.people["ana"], topic="assigned")
    before = len(mails(acme, "ana"))
    clock_warnings.warn_due(now=at(9, 28))
    assert (brought.warn_at, warned(nobodys), len(mails(acme, "ana"))) == (None, [], before)
    assert [errand.state for errand in Errand.objects.filter(thread=muted.number, because__contains="is due:")] == ["cancelled"]


class TestTwoEngines:
    pytestmark = racing.marks

    def test_one_warning_from_two_engines(self, acme: Company) -> None:
        ticket = given(acme)
        assert sorted(racing.at_once(*[lambda: clock_warnings.warn_due(now=at(9, 28))] * 2)) == [0, 1]
        assert len(warned(ticket)) == 1


def test_the_page_tells_who_was_warned(acme: Company) -> None:
    ticket = given(acme)
    clock_warnings.warn_due(now=at(9, 28))
    assert "Ana was warned." in signed_in(acme.people["ana"]).get(f"/tickets/{ticket.pk}/?tab=timeline").content.decode()
