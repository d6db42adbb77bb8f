"""A confidential incident: read by its team and by whom it calls, each reading written down, and by nobody else."""

from __future__ import annotations

from datetime import datetime

import pytest

from incidents import escalation, incidents
from incidents.models import Incident, SignedLink, StepTarget, Ticket
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.alarms import MINUTE, email_down, paged, run_until
from tests.incidents.reporting import report

SECRET = "canary-4471 stolen laptop"


@pytest.fixture
def secret(acme: Company) -> Incident:
    """Opened from a confidential ticket of the network team. Sam, of IT Ops, is paged for it."""
    network = acme.teams["network"]
    ticket = report(acme, "ella", at(8, 50), what=SECRET)
    Ticket.objects.filter(pk=ticket.pk).update(is_confidential=True, team=network, incident=None)
    ticket.refresh_from_db()
    own = {"is_confidential": True, "team": network, "tickets": (ticket,), "title": SECRET, "reason": "It was reported as lost (rule S0)."}
    return email_down(acme, group_key=f"ticket:{ticket.number}", **own)


def opens(acme: Company, who: str, incident: Incident) -> tuple[int, int]:
    """What the page of the incident answers, and that of its ticket."""
    person = signed_in(acme.people[who])
    pages = f"/incidents/{incident.pk}/", f"/tickets/{incident.tickets.get().pk}/"
    first, second = (person.get(page).status_code for page in pages)
    return first, second


def reads(incident: Incident, verb: str) -> list[str]:
    rows = AuditEntry.objects.filter(verb=verb, object_id=str(incident.pk), noun__endswith="incident").order_by("pk")
    return [row.actor.username if row.actor else row.after["person"] for row in rows]


def test_who_is_paged_opens_the_incident_and_its_ticket_and_each_reading_is_written_down(acme: Company, secret: Incident) -> None:
    assert paged(secret) == [("sam", 1)]
    assert opens(acme, "sam", secret) == (200, 200)
    assert (reads(secret, "admit"), reads(secret, "read")) == (["sam"], ["sam"])


@pytest.mark.parametrize(("who", "answers"), [("eve", (403, 404)), ("adam", (403, 404)), ("vera", (404, 404)), ("dana", (404, 404))])
def test_nobody_else_opens_either(acme: Company, secret: Incident, who: str, answers: tuple[int, int]) -> None:
    assert opens(acme, who, secret) == answers
    person = signed_in(acme.people[who])
    for path in ("/incidents/", "/queue/"):
        assert SECRET not in person.get(path).content.decode()
    assert person.post(f"/incidents/{secret.pk}/act/", {"action": "acknowledge"}).status_code in (403, 404)


def test_whoever_is_told_and_could_acknowledge_can_open_it(acme: Company, secret: Incident) -> None:
    run_until(NINE + 45 * MINUTE, every=5 * MINUTE)
    holders = set(SignedLink.objects.filter(incident=secret).values_list("person__username", flat=True))
    assert holders >= {"sam", "dana", "kim"}
    assert {who: opens(acme, who, secret) for who in holders} == dict.fromkeys(holders, (200, 200))


@pytest.mark.parametrize("who", ["vera", "ella"])
def test_whoever_is_paged_by_name_works_it_whatever_their_role(acme: Company, secret: Incident, who: str) -> None:
    person, now = acme.people[who], NINE + MINUTE
    escalation.page_person(secret, person, by=acme.people["sam"], now=now)
    browser = signed_in(person)
    assert browser.get(f"/incidents/{secret.pk}/").status_code == 200
    assert browser.post(f"/incidents/{secret.pk}/act/", {"action": "acknowledge"}).status_code == 302
    secret.refresh_from_db()
    assert (secret.acknowledged_by, who in reads(secret, "admit")) == (person, True)


def test_who_a_policy_pages_without_a_role_works_that_incident_and_sees_no_other(acme: Company) -> None:
    StepTarget.objects.update(kind="person", person=acme.people["omar"], schedule=None)
    mine = email_down(acme)
    StepTarget.objects.update(person=acme.people["sam"])
    other = email_down(acme, service=acme.services["vpn"])
    omar = signed_in(acme.people["omar"])
    answers = [omar.get(f"/incidents/{incident.pk}/").status_code for incident in (mine, other)]
    assert (paged(mine)[0][0], answers) == ("omar", [200, 403])
    assert omar.get("/incidents/").status_code == 403


def test_an_open_incident_needs_no_list(acme: Company) -> None:
    when: datetime = NINE
    incident = incidents.declare(incidents.Grounds(title="VPN", reason="", severity=2, since=when, service=acme.services["vpn"]), now=when)
    assert incident.incident
    assert not incident.incident.readers.exists()
