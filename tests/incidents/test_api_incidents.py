"""Incidents by the API: read, declared, acknowledged by people and never by tokens, resolved."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents import escalation, incidents
from incidents.models import Incident, Page
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at
from tests.incidents.reporting import report
from tests.speaking import Caller, person, program

KEYS = [
    "id", "title", "state", "severity", "what", "impacted", "effect", "services", "tickets", "alerts", "roles", "since",
    "acknowledged_by", "acknowledged_at", "next_step_at", "reason", "rule", "rule_version",
]  # fmt: skip


def declared(acme: Company, **more: Any) -> Incident:
    grounds = {"title": "VPN is slow", "reason": "Many calls", "service": acme.services["vpn"], "severity": 2, "since": NINE, **more}
    incident = incidents.declare(incidents.Grounds(**grounds), actor=acme.people["dana"], now=NINE).incident
    assert incident
    return incident


@pytest.fixture
def job(acme: Company) -> Caller:
    return program("incidents:read", "incidents:write")


@pytest.fixture
def sam(acme: Company) -> Caller:
    return person(acme.people["sam"])


def test_an_incident_has_exactly_the_promised_fields(acme: Company, job: Caller) -> None:
    incident = declared(acme)
    shown = job.get(f"incidents/{incident.number}/").json()
    assert list(shown) == KEYS
    told = {name: shown[name] for name in ("id", "state", "severity", "services", "tickets", "alerts", "roles", "reason", "rule")}
    assert told == {
        "id": incident.number, "state": "triggered", "severity": 2, "services": ["vpn"], "tickets": [], "alerts": [], "roles": {},
        "reason": "Many calls", "rule": None,
    }  # fmt: skip
    assert (shown["since"], shown["next_step_at"], shown["acknowledged_by"]) == ("2026-11-23T08:00:00Z", "2026-11-23T08:10:00Z", None)


def test_one_opened_by_a_rule_names_it_and_its_tickets(acme: Company, job: Caller) -> None:
    ticket = report(acme, "ella", at(3), impacted="everyone", effect="cannot")
    shown = job.get("incidents/").json()["results"][0]
    assert (shown["rule"], shown["rule_version"], shown["tickets"]) == ("R1", 1, [ticket.number])
    assert shown["reason"]


def test_a_list_is_narrowed_by_each_filter(acme: Company, job: Caller) -> None:
    vpn, mail = declared(acme), declared(acme, service=acme.services["email"], severity=3)
    incidents.resolve(vpn, actor=acme.people["dana"], reason="Over", now=at(9, 5))
    Incident.objects.filter(pk=mail.pk).update(team=acme.teams["network"])
    for query, incident in {"status=resolved": vpn, "severity=3": mail, "service=vpn": vpn, "team=network": mail}.items():
        assert [row["id"] for row in job.get(f"incidents/?{query}").json()["results"]] == [incident.number], query


def test_a_token_never_sees_a_confidential_incident_even_one_it_was_paged_for(acme: Company, job: Caller) -> None:
    incident = declared(acme, is_confidential=True)
    job.get("incidents/")
    robot = type(acme.people["ella"]).objects.get(username="api-backup-script")
    Page.objects.filter(incident=incident).update(person=robot)
    assert job.get("incidents/").json()["results"] == []
    assert job.get(f"incidents/{incident.pk}/").status_code == 404
    assert job.post(f"incidents/{incident.pk}/resolve/", {"reason": "x"}).status_code == 404


def test_confidential_tickets_of_an_incident_are_not_named_to_a_token(acme: Company, job: Caller) -> None:
    incident, ticket = declared(acme), report(acme, "ella", NINE, what="Stolen laptop", loss=True)
    incidents.link_ticket(incident, ticket, reason="same", actor=acme.people["dana"], now=at(9, 1))
    assert job.get(f"incidents/{incident.pk}/").json()["tickets"] == []


@pytest.mark.parametrize("count", [1, 6])
def test_a_list_costs_the_same_however_long(
    acme: Company, job: Caller, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        incident = declared(acme, title=f"Outage {number}")
        ticket = report(acme, "ella", at(9, number), what=f"Printer {number} stuck", effect="workaround")
        incidents.link_ticket(incident, ticket, reason="same", actor=acme.people["dana"], now=at(9, number))
    job.get("incidents/")
    with django_assert_num_queries(7):  # token, grants, incidents, more services, roles, tickets, alerts
        assert len(job.get("incidents/").json()["results"]) == count


# Declaring


def test_declaring_pages_at_once(acme: Company, job: Caller) -> None:
    answer = job.post("incidents/", {"title": "Mail is down", "severity": 1, "services": ["email"], "what": "Nobody can send"})
    incident = Incident.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"http://testserver/api/v1/incidents/{incident.number}/")
    assert (answer.json()["state"], answer.json()["services"], answer.json()["what"]) == ("triggered", ["email"], "Nobody can send")
    assert str(incident.opened_by) == "Backup script"
    assert [page.person.username for page in incident.pages.all()] == ["sam"]


WRONG = [
    ({"severity": 1}, "title"),
    ({"title": "x"}, "severity"),
    ({"title": "x", "severity": 5}, "severity"),
    ({"title": "x", "severity": 1, "services": ["x"]}, "services[0]"),
    ({"title": "x", "severity": 1, "services": ["vpn", "email"]}, "services"),
    ({"title": "x", "severity": 1, "since": "yesterday"}, "since"),
]


@pytest.mark.parametrize(("body", "field"), WRONG)
def test_a_declaration_says_what_is_wrong_and_how_bad(acme: Company, job: Caller, body: dict[str, Any], field: str) -> None:
    answer = job.post("incidents/", body)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])
    assert not Incident.objects.exists()


# Acknowledging


def test_a_person_acknowledges_and_paging_stops(acme: Company, sam: Caller) -> None:
    incident = declared(acme)
    shown = sam.post(f"incidents/{incident.number}/acknowledge/", {}).json()
    assert (shown["state"], shown["acknowledged_by"], shown["next_step_at"]) == ("acknowledged", "sam", None)
    line = incident.timeline.filter(kind="ack").get()
    assert line.text == "Acknowledged by Sam Lee via the API."


def test_a_repeat_changes_nothing(acme: Company, sam: Caller) -> None:
    incident = declared(acme)
    once = sam.post(f"incidents/{incident.number}/acknowledge/", {})
    again = sam.post(f"incidents/{incident.number}/acknowledge/", {})
    assert (again.status_code, again.json()) == (200, once.json())


def test_a_token_cannot_acknowledge_and_is_told_why(acme: Company, job: Caller) -> None:
    incident = declared(acme)
    answer = job.post(f"incidents/{incident.number}/acknowledge/", {})
    assert answer.status_code == 403
    assert answer.json()["detail"] == "A token cannot acknowledge: a person must have it. Sign in, or answer the page."
    assert Incident.objects.get().state == "triggered"


def test_a_proposal_cannot_be_acknowledged(acme: Company, sam: Caller) -> None:
    grounds = incidents.Grounds(title="x", reason="x", severity=2, since=NINE, group_key="service:vpn", service=acme.services["vpn"])
    incident = incidents.propose(grounds, now=NINE).incident
    assert incident
    answer = sam.post(f"incidents/{incident.number}/acknowledge/", {})
    assert (answer.status_code, answer.json()["status"], answer.headers["Content-Type"]) == (409, 409, "application/problem+json")


def test_acknowledging_what_has_changed_is_refused(acme: Company, sam: Caller) -> None:
    incident = declared(acme)
    tag = sam.get(f"incidents/{incident.number}/").headers["ETag"]
    escalation.acknowledge(incident, by=acme.people["dana"], via="page", now=at(9, 1))
    assert sam.post(f"incidents/{incident.number}/acknowledge/", {}, if_match=tag).status_code == 412


# Resolving and paging


def test_resolving_ends_it_and_a_repeat_changes_nothing(acme: Company, job: Caller) -> None:
    incident = declared(acme)
    first = job.post(f"incidents/{incident.number}/resolve/", {"reason": "Restarted"})
    assert (first.status_code, first.json()["state"]) == (200, "resolved")
    assert job.post(f"incidents/{incident.number}/resolve/", {"reason": ""}).json() == first.json()


def test_paging_by_name_calls_that_person(acme: Company, sam: Caller) -> None:
    incident = declared(acme)
    answer = sam.post(f"incidents/{incident.number}/page/", {"person": "kim"})
    assert (answer.status_code, answer.json()["id"]) == (202, incident.number)
    assert incident.pages.filter(person=acme.people["kim"]).count() == 1


@pytest.mark.parametrize("name", ["ella", "vera", "nobody"])
def test_only_people_of_the_desk_are_paged(acme: Company, sam: Caller, name: str) -> None:
    answer = sam.post(f"incidents/{declared(acme).number}/page/", {"person": name})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "person")
