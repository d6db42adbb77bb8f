"""One outage, many reports: who joins, who hears of it, who is solved with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from incidents import automation, conversation, incidents, tickets
from incidents.models import Entry, Incident
from incidents.states import Severity
from servicedesk.operations.worlds.company import Company
from tests.actors import at
from tests.incidents.reporting import mails, report


def outage(acme: Company, **given: Any) -> Incident:
    """Email is down since 08:50, declared by Dana at nine."""
    known = {"title": "Outlook cannot connect", "reason": "Seen by Dana.", "severity": Severity.SEV2, "since": at(8, 50)}
    grounds = incidents.Grounds(**known | {"service": acme.services["email"], "what": ""} | given)
    incident = incidents.declare(grounds, now=at(9), actor=acme.people["dana"]).incident
    assert incident is not None
    return incident


def test_a_similar_report_joins_the_open_incident_of_its_service_and_says_why(acme: Company) -> None:
    incident = outage(acme)
    ticket = report(acme, "ella", at(9, 5))
    assert (ticket.incident, ticket.incident_reason) == (incident, f"Similar to {incident.number}, which is open for Email.")


def test_who_joins_hears_at_once_that_it_is_known_and_that_is_the_first_answer(acme: Company) -> None:
    outage(acme)
    ticket = report(acme, "ella", at(9, 5))
    (mail,) = mails(acme, "ella")
    assert "We know of trouble with Email since 08:50 and are working on it." in mail.text
    assert ticket.number in mail.text
    assert "INC-" not in mail.text + mail.subject
    assert (ticket.first_answered_at, ticket.state) == (at(9, 5), "new")


def test_each_person_hears_once_and_the_next_report_is_covered(acme: Company) -> None:
    incident = outage(acme)
    first, second = report(acme, "ella", at(9, 5)), report(acme, "ella", at(9, 15))
    assert len(mails(acme, "ella")) == 1
    assert second.first_answered_at == at(9, 15)
    assert second.entries.get(data__verb="hold").text == f"Covered by the answer on {first.number} about {incident.number}."


@pytest.mark.parametrize(
    ("what", "answers"),
    [
        ("The calendar of Legal shows no events", {"service": "email"}),
        ("Outlook cannot connect", {"service": "vpn"}),
        ("Outlook cannot connect", {"effect": "question"}),
        ("Outlook cannot connect", {"loss": True}),
    ],
)
def test_other_trouble_other_services_requests_and_confidential_reports_stay_alone(
    acme: Company, what: str, answers: dict[str, Any]
) -> None:
    incident = outage(acme)
    chosen = {"service": acme.services[answers.pop("service")]} if "service" in answers else {}
    assert report(acme, "ella", at(9, 5), what, **answers, **chosen).incident != incident


def test_nobody_hears_of_a_confidential_incident(acme: Company) -> None:
    outage(acme, is_confidential=True)
    ticket = report(acme, "ella", at(9, 5))
    assert ticket.incident is None
    assert "We have your message: Outlook" in mails(acme, "ella")[0].text


def test_a_proposal_tells_nobody_until_it_is_accepted(acme: Company) -> None:
    for who, minute in (("ella", 0), ("omar", 5), ("lea", 10)):
        report(acme, who, at(9, minute))
    automation.evaluate_due(now=at(9, 12))
    assert [len(mails(acme, who)) for who in ("ella", "omar", "lea")] == [1, 1, 1]
    incidents.accept(Incident.objects.get(), actor=acme.people["dana"], now=at(9, 13))
    automation.evaluate_due(now=at(9, 14))
    automation.evaluate_due(now=at(9, 15))
    assert [len(mails(acme, who)) for who in ("ella", "omar", "lea")] == [2, 2, 2]


def test_who_was_answered_by_a_person_gets_no_holding_answer(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    conversation.reply(ticket, author=acme.people["ana"], text="We look.", now=at(9, 2))
    incidents.link_ticket(outage(acme), ticket, reason="The same", actor=acme.people["ana"], now=at(9, 5))
    automation.evaluate_due(now=at(9, 6))
    assert not Entry.objects.filter(data__has_key="holding").exists()


def test_resolving_the_incident_solves_its_tickets_with_a_friendly_word(acme: Company) -> None:
    incident = outage(acme)
    ticket = report(acme, "ella", at(9, 5))
    incidents.resolve(incident, actor=acme.people["dana"], reason="Restarted", now=at(10))
    automation.evaluate_due(now=at(10, 1))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.solved_at) == ("solved", at(10, 1))
    assert "Email works again since 10:00." in mails(acme, "ella")[-1].text


def test_a_ticket_whose_requester_waits_for_an_answer_stays_open(acme: Company) -> None:
    incident = outage(acme)
    ticket = report(acme, "ella", at(9, 5))
    automation.requester_reply(ticket, author=acme.people["ella"], text="My calendar is gone too", now=at(9, 30))
    incidents.resolve(incident, actor=acme.people["dana"], reason="Restarted", now=at(10))
    automation.evaluate_due(now=at(10, 1))
    ticket.refresh_from_db()
    assert ticket.is_open


def test_who_says_it_still_fails_is_not_solved_again(acme: Company) -> None:
    incident = outage(acme)
    ticket = report(acme, "ella", at(9, 5))
    incidents.resolve(incident, actor=acme.people["dana"], reason="Restarted", now=at(10))
    automation.evaluate_due(now=at(10, 1))
    automation.requester_reply(ticket, author=acme.people["ella"], text="Still not", now=at(10, 5))
    conversation.reply(ticket, author=acme.people["ana"], text="I look.", now=at(10, 6))
    tickets.set_severity(ticket, rank=3, actor=acme.people["ana"], now=at(10, 6))
    for minute in (7, 8):
        automation.evaluate_due(now=at(10, minute))
    ticket.refresh_from_db()
    assert ticket.state == "open"


def test_the_sweep_finds_nothing_to_do_when_all_is_said(acme: Company) -> None:
    report(acme, "ella", outage(acme).created_at + timedelta(minutes=5))
    automation.evaluate_due(now=at(9, 6))
    assert automation.evaluate_due(now=at(9, 7)) == 0


def test_staff_may_solve_a_ticket_of_an_incident_before_it_ends(acme: Company) -> None:
    incident = outage(acme)
    ticket = tickets.solve(report(acme, "ella", at(9, 5)), actor=acme.people["ana"], now=at(9, 10))
    incidents.resolve(incident, actor=acme.people["dana"], reason="Restarted", now=at(10))
    automation.evaluate_due(now=at(10, 1))
    ticket.refresh_from_db()
    assert ticket.solved_at == at(9, 10)
