"""Counting repeats by SQL: what counts, what does not, and that the database answers as memory does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents.likeness import signature
from incidents.models import Incident, LinkedAlert, Ticket
from incidents.repeats import LiveHistory
from incidents.rules import Counted, Repeat
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at

OUTLOOK = "Outlook cannot connect to the server"
SEVERAL = Repeat(3, 1800, ("service", "text"), distinct_people=True)
USUAL = Repeat(3, 1800, ("service", "text"), distinct_people=True, times_usual=3, at_least_without_history=5)


def reported(acme: Company, who: str, when: datetime, what: str = OUTLOOK, *, service: str | None = "email", **columns: Any) -> Ticket:
    person = acme.people[who]
    row = {
        "requester": person,
        "title": what,
        "what": what,
        "service": acme.services.get(service or ""),
        "signature": list(signature(what)),
    }
    return Ticket.objects.create(**row | columns, created_at=when, updated_at=when)


def weeks_ago(weeks: int, clock: str) -> datetime:
    """That time on the clocks of Paris, so many weeks before this Monday; summer time ended on 25 October."""
    hour, minute = map(int, clock.split(":"))
    return (at(0).astimezone(ZoneInfo("Europe/Paris")) - timedelta(weeks=weeks)).replace(hour=hour, minute=minute)


def count(ticket: Ticket, repeat: Repeat, now: datetime) -> Counted:
    facts = {
        "ticket.id": ticket.number,
        "ticket.requester": ticket.requester.username,
        "ticket.signature": list(ticket.signature),
        "ticket.reported_at": ticket.created_at.isoformat(),
        "service.slug": ticket.service.slug if ticket.service else None,
        "time.zone": "Europe/Paris",
    }
    return LiveHistory().count(repeat, facts, now)


def test_three_people_with_one_trouble_are_three(acme: Company) -> None:
    ella, omar = reported(acme, "ella", at(9)), reported(acme, "omar", at(9, 10), "Outlook does not connect")
    lea = reported(acme, "lea", at(9, 20), "outlook: connect to server failed")
    found = count(lea, SEVERAL, at(9, 20))
    assert (found.people, found.number, found.since) == (3, 3, at(9))
    assert found.items == (ella.number, omar.number, lea.number)


def test_one_persons_three_reports_are_one_person(acme: Company) -> None:
    for minute in (0, 5):
        reported(acme, "ella", at(9, minute))
    last = reported(acme, "ella", at(9, 10))
    assert count(last, SEVERAL, at(9, 10)).people == 1


def test_both_ends_of_the_window_count_and_nothing_before(acme: Company) -> None:
    reported(acme, "ella", at(9))
    reported(acme, "omar", at(8, 59))
    assert count(reported(acme, "lea", at(9, 30)), SEVERAL, at(9, 30)).people == 2


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": Ticket.Kind.REQUEST},
        {"origin": Ticket.Origin.IMPORT},
        {"origin": Ticket.Origin.MONITORING},
        {"is_confidential": True},
        {"state": "merged"},
        {"service": None},
    ],
)
def test_what_is_no_report_of_a_person_is_not_counted(acme: Company, columns: dict[str, Any]) -> None:
    reported(acme, "omar", at(9), **columns)
    assert count(reported(acme, "lea", at(9, 5)), SEVERAL, at(9, 5)).people == 1


@pytest.mark.parametrize("kind", [User.Kind.SHARED, User.Kind.SERVICE])
def test_shared_mailboxes_and_service_accounts_are_not_counted(acme: Company, kind: str) -> None:
    reported(acme, "omar", at(9))
    User.objects.filter(username="omar").update(kind=kind)
    assert count(reported(acme, "lea", at(9, 5)), SEVERAL, at(9, 5)).people == 1


@pytest.mark.parametrize(("state", "people"), [("proposed", 2), ("rejected", 2), ("triggered", 1), ("resolved", 1)])
def test_children_of_a_declared_incident_are_counted_there(acme: Company, state: str, people: int) -> None:
    incident = Incident.objects.create(title="Email", state=state, severity=2, since=NINE, created_at=NINE, last_event_at=NINE)
    reported(acme, "omar", at(9), incident=incident)
    assert count(reported(acme, "lea", at(9, 5)), SEVERAL, at(9, 5)).people == people


def test_other_words_and_other_services_are_not_alike(acme: Company) -> None:
    reported(acme, "omar", at(9), "The calendar of Legal shows no events")
    reported(acme, "ella", at(9), service="vpn")
    lea = reported(acme, "lea", at(9, 5))
    assert count(lea, SEVERAL, at(9, 5)).people == 1
    assert count(lea, Repeat(3, 1800, ("service",), distinct_people=True), at(9, 5)).people == 2


def test_a_solved_ticket_counts_only_where_it_was_solved_before_this_one(acme: Company) -> None:
    again = Repeat(2, 7 * 86_400, ("requester", "service"), after_solved=True)
    reported(acme, "ella", at(8), state="solved", solved_at=at(8, 30))
    ella = reported(acme, "ella", at(9))
    reported(acme, "ella", at(8, 10), state="solved", solved_at=at(9, 10))
    assert count(ella, again, at(9, 20)).number == 2
    assert count(ella, again, at(9, 20) + timedelta(days=7)).number == 1


def test_what_is_usual_is_the_average_of_the_same_hour_of_the_week(acme: Company) -> None:
    for week in range(1, 11):
        reported(acme, "ella", weeks_ago(week, "09:10"))
        reported(acme, "omar", weeks_ago(week, "09:15"), "The inbox is full")
        reported(acme, "omar", weeks_ago(week, "14:00"))
    found = count(reported(acme, "lea", at(9, 20)), USUAL, at(9, 20))
    assert found.weeks == pytest.approx(10, abs=0.1)
    assert found.usual == 2.0


def test_nine_in_the_morning_stays_nine_when_summer_time_ends(acme: Company) -> None:
    for week in range(1, 11):
        reported(acme, "ella", weeks_ago(week, "10:10" if week > 4 else "09:10"))
    assert count(reported(acme, "lea", at(9, 20)), USUAL, at(9, 20)).usual == 0.4


def test_before_eight_weeks_nothing_is_usual(acme: Company) -> None:
    reported(acme, "ella", at(9, 10) - timedelta(weeks=7))
    found = count(reported(acme, "lea", at(9, 20)), USUAL, at(9, 20))
    assert (found.usual, round(found.weeks)) == (None, 7)


@pytest.mark.parametrize("number", [3, 40])
def test_the_number_of_questions_does_not_grow_with_the_number_of_tickets(
    acme: Company, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    reported(acme, "ella", at(9) - timedelta(weeks=9))
    for minute in range(number):
        reported(acme, "omar", at(9) + timedelta(seconds=minute))
    lea = reported(acme, "lea", at(9, 5))
    with django_assert_num_queries(3):
        count(lea, USUAL, at(9, 5))


def test_alerts_are_counted_by_service_and_status(acme: Company) -> None:
    for minute, (slug, status) in enumerate(
        [("smtp-01", "warning"), ("smtp-02", "warning"), ("smtp-03", "critical"), ("smtp-01", "warning")]
    ):
        columns = {"check_id": 1, "check_slug": slug, "service": acme.services["email"], "status": status}
        LinkedAlert.objects.create(alert_id=minute, since=at(9, minute), status_since=at(9), updated_at=at(9), **columns)
    facts = {"alert.id": 3, "check.slug": "smtp-01", "service.slug": "email", "alert.status": "warning"}
    found = LiveHistory().count(Repeat(5, 86_400, ("service", "status"), of="alerts"), facts, at(9, 5))
    assert (found.number, found.items) == (3, ("smtp-01", "smtp-02", "smtp-01"))
