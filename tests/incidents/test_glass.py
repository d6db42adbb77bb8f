"""Breaking the glass: for a reason, on the trail, and told to everybody who may read it."""

from __future__ import annotations

import pytest

from incidents import glass
from incidents.models import Incident, Ticket
from notifications.models import Message
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.alarms import email_down
from tests.incidents.test_incidents import ticket

REASON = "The police ask for it tonight"


@pytest.fixture
def secret(acme: Company) -> Ticket:
    """A confidential ticket of IT Ops, in no incident."""
    made = ticket(acme)
    Ticket.objects.filter(pk=made.pk).update(is_confidential=True, team=acme.teams["it-ops"])
    made.refresh_from_db()
    return made


def told(number: str) -> set[str]:
    words = Message.objects.filter(thread=number, subject__contains="broke the glass")
    return {message.person.username for message in words if message.person}


@pytest.mark.parametrize("name", ["adam", "vera"])
def test_it_opens_a_ticket_to_who_answers_for_the_desk(acme: Company, secret: Ticket, name: str) -> None:
    browser = signed_in(acme.people[name])
    assert browser.get(f"/tickets/{secret.pk}/").status_code == 404
    answer = browser.post("/break-glass/", {"number": secret.number.lower(), "reason": REASON}, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain == [(f"/tickets/{secret.pk}/", 302)]
    assert secret.what in answer.content.decode()
    row = AuditEntry.objects.get(verb="break glass")
    assert (row.actor, row.after["reason"]) == (acme.people[name], REASON)
    assert told(secret.number) == set(row.after["told"]) >= {"sam"}
    assert AuditEntry.objects.filter(verb="read", noun="incidents.ticket", actor=acme.people[name]).exists()


def test_reading_is_not_changing(acme: Company, secret: Ticket) -> None:
    glass.break_it(secret, by=acme.people["adam"], reason=REASON, now=NINE)
    assert signed_in(acme.people["adam"]).post(f"/tickets/{secret.pk}/note/", {"text": "x"}).status_code == 403


def test_it_opens_an_incident_and_stands_on_its_timeline(acme: Company) -> None:
    incident = email_down(acme)
    Incident.objects.filter(pk=incident.pk).update(is_confidential=True)
    incident.refresh_from_db()
    adam = acme.people["adam"]
    assert signed_in(adam).get(f"/incidents/{incident.pk}/").status_code == 403
    glass.break_it(incident, by=adam, reason=REASON, now=NINE)
    assert signed_in(adam).get(f"/incidents/{incident.pk}/").status_code == 200
    assert incident.timeline.filter(text="Adam broke the glass and reads this.", is_key=True).count() == 1
    assert {"sam"} <= told(incident.number)
    assert not any(REASON in message.text for message in Message.objects.exclude(channel="email"))


def test_a_second_time_changes_nothing_and_tells_nobody_again(acme: Company, secret: Ticket) -> None:
    for _ in range(2):
        glass.break_it(secret, by=acme.people["vera"], reason=REASON, now=NINE)
    assert AuditEntry.objects.filter(verb="break glass").count() == 1


@pytest.mark.parametrize(("name", "reason"), [("adam", "because"), ("adam", "   .      "), ("ana", REASON), ("ella", REASON)])
def test_without_a_reason_or_the_role_nothing_opens(acme: Company, secret: Ticket, name: str, reason: str) -> None:
    with pytest.raises(glass.NotAllowed):
        glass.break_it(secret, by=acme.people[name], reason=reason, now=NINE)
    assert told(secret.number) == set()


@pytest.mark.parametrize("number", ["T-99999", "INC-1", "1001", "T-", "T-1 OR 1", "T-" + "9" * 30])
def test_a_number_that_is_none_says_so(acme: Company, secret: Ticket, number: str) -> None:
    answer = signed_in(acme.people["adam"]).post("/break-glass/", {"number": number[:20], "reason": REASON})
    assert answer.status_code == 422
    assert "No confidential ticket or incident has this number." in answer.content.decode()


def test_an_open_ticket_has_no_glass(acme: Company) -> None:
    with pytest.raises(glass.NothingToBreak):
        glass.look_up(ticket(acme).number)
