"""Decided beside a ticket: the incident it belongs to, and who may read it."""

from __future__ import annotations

import pytest

from incidents import confidences, glass
from incidents.models import Incident, Ticket
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from servicedesk.search.models import SearchDoc
from tests.actors import NINE, signed_in
from tests.incidents.alarms import email_down
from tests.incidents.reporting import report

REASON = "It names an illness"


def ours(acme: Company, **columns: object) -> Ticket:
    """Of Ana's team, in no incident."""
    ticket = report(acme, "ella", NINE, "The beamer hums in room four", effect="workaround")
    Ticket.objects.filter(pk=ticket.pk).update(**{"team": acme.teams["service-desk"], "incident": None, **columns})
    ticket.refresh_from_db()
    return ticket


def page(acme: Company, who: str, ticket: Ticket, part: str = "") -> str:
    return signed_in(acme.people[who]).get(f"/tickets/{ticket.pk}/{part}").content.decode()


# The incident


def test_an_incident_is_declared_of_a_ticket_once_however_often_it_is_pressed(acme: Company) -> None:
    ticket, ana, before = ours(acme), signed_in(acme.people["ana"]), Incident.objects.count()
    assert "Declare or link an incident" in page(acme, "ana", ticket)
    assert 'value="declare"' in page(acme, "ana", ticket, "?edit=incident")
    said = {"deed": "declare", "severity": "3", "form_key": "k1"}
    answers = [ana.post(f"/tickets/{ticket.pk}/incident/", said) for _press in range(2)]
    ticket.refresh_from_db()
    assert ticket.incident is not None
    assert (ticket.incident.severity, Incident.objects.count()) == (3, before + 1)
    assert answers[0].headers["Location"] == f"/incidents/{ticket.incident.pk}/"
    ana.post(f"/tickets/{ticket.pk}/incident/", {**said, "form_key": "k2"})
    assert Incident.objects.count() == before + 1


def test_it_is_linked_to_an_open_incident_with_a_reason_and_taken_out_again(acme: Company) -> None:
    ticket, incident, ana = ours(acme), email_down(acme), signed_in(acme.people["ana"])
    assert incident.title in page(acme, "ana", ticket, "?edit=incident")
    assert ana.post(f"/tickets/{ticket.pk}/incident/", {"deed": "link"}).status_code == 422
    ana.post(f"/tickets/{ticket.pk}/incident/", {"deed": "link", "incident": incident.pk, "reason": "Same building"})
    ticket.refresh_from_db()
    assert (ticket.incident, ticket.incident_reason) == (incident, "Same building")
    ana.post(f"/tickets/{ticket.pk}/incident/", {"deed": "take_out"})
    ticket.refresh_from_db()
    assert ticket.incident is None


def test_a_confidential_ticket_is_not_linked_to_what_all_may_read(acme: Company) -> None:
    ticket, incident, ana = ours(acme, is_confidential=True), email_down(acme), signed_in(acme.people["ana"])
    answer = ana.post(f"/tickets/{ticket.pk}/incident/", {"deed": "link", "incident": incident.pk}, follow=True)
    assert "it is confidential, and" in answer.content.decode()
    ticket.refresh_from_db()
    assert ticket.incident is None


def test_the_incident_of_a_confidential_ticket_is_confidential(acme: Company) -> None:
    ticket, ana = ours(acme, is_confidential=True), signed_in(acme.people["ana"])
    ana.post(f"/tickets/{ticket.pk}/incident/", {"deed": "declare", "severity": "3", "form_key": "k1"})
    ticket.refresh_from_db()
    assert ticket.incident is not None
    assert ticket.incident.is_confidential


# Who may read it


def test_staff_make_it_confidential_with_a_reason_and_nobody_else_finds_it(acme: Company) -> None:
    ticket, ana = ours(acme), signed_in(acme.people["ana"])
    assert SearchDoc.objects.filter(kind="ticket", object_id=ticket.pk).exists()
    assert page(acme, "vera", ticket).count(ticket.title)
    assert ana.post(f"/tickets/{ticket.pk}/confidential/", {"close": "1"}).status_code == 422
    ana.post(f"/tickets/{ticket.pk}/confidential/", {"close": "1", "reason": REASON})
    ticket.refresh_from_db()
    assert ticket.is_confidential
    assert signed_in(acme.people["vera"]).get(f"/tickets/{ticket.pk}/").status_code == 404
    assert not SearchDoc.objects.filter(kind="ticket", object_id=ticket.pk).exists()
    assert AuditEntry.objects.get(verb="set_confidential").after == {"is_confidential": True, "reason": REASON}
    assert signed_in(acme.people["ella"]).get(f"/t/{ticket.pk}/").status_code == 200


def test_who_made_it_confidential_still_reads_it_where_another_team_has_it(acme: Company) -> None:
    ticket = ours(acme, team=acme.teams["network"])
    assert acme.teams["network"].pk not in acme.people["ana"].team_ids
    confidences.close(ticket, reason=REASON, actor=acme.people["ana"], now=NINE)
    assert REASON in page(acme, "ana", ticket, "?tab=timeline")
    assert signed_in(acme.people["vera"]).get(f"/tickets/{ticket.pk}/").status_code == 404


def test_only_an_administrator_who_may_read_it_makes_it_open_again(acme: Company) -> None:
    ticket = ours(acme, is_confidential=True)
    address, said = f"/tickets/{ticket.pk}/confidential/", {"open": "1", "reason": "The person agreed"}
    assert signed_in(acme.people["ana"]).post(address, said).status_code == 403
    assert signed_in(acme.people["adam"]).post(address, said).status_code == 404
    glass.break_it(ticket, by=acme.people["adam"], reason="The person asked for it", now=NINE)
    assert 'name="open"' in page(acme, "adam", ticket)
    assert signed_in(acme.people["adam"]).post(address, {"open": "1"}).status_code == 422
    signed_in(acme.people["adam"]).post(address, said)
    ticket.refresh_from_db()
    assert not ticket.is_confidential
    assert SearchDoc.objects.filter(kind="ticket", object_id=ticket.pk).exists()
    row = AuditEntry.objects.get(verb="set_confidential")
    assert (row.actor, row.after["reason"]) == (acme.people["adam"], "The person agreed")


def test_what_was_lost_or_belongs_to_a_confidential_incident_stays_confidential(acme: Company) -> None:
    lost = ours(acme, is_confidential=True, is_loss=True)
    within = ours(acme, is_confidential=True, incident=email_down(acme, is_confidential=True))
    for ticket in (lost, within):
        with pytest.raises(confidences.Refused):
            confidences.reopen(ticket, reason="It is over", actor=acme.people["adam"], now=NINE)
