"""A policy edited while it pages: the run keeps what it began with, until somebody presses the button."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents import escalation
from incidents.escalation import snapshot
from incidents.models import Incident
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.alarms import MINUTE, email_down, fresh, lines, paged_at, run_of, run_until
from tests.incidents.test_escalation_answers import SOON, ack

BUTTON = "Use the new version for this run"


@pytest.fixture
def edited(acme: Company) -> Incident:
    """Sam was paged; then somebody lets Kim be called after five minutes instead of Dana after ten."""
    incident = email_down(acme)
    second = acme.policies["it-ops"].steps.get(position=2)
    second.delay_s = 300
    second.save(update_fields=["delay_s"])
    second.targets.all().delete()
    second.targets.create(kind="person", person=acme.people["kim"])
    return incident


@pytest.fixture
def dana(acme: Company) -> Client:
    return signed_in(acme.people["dana"])


def test_a_running_escalation_keeps_what_it_began_with(acme: Company, edited: Incident) -> None:
    run_until(NINE + 11 * MINUTE)
    assert paged_at(edited) == [("sam", 0), ("dana", 10)]


def test_the_button_lets_it_go_on_by_the_new_version(acme: Company, edited: Incident) -> None:
    escalation.renew(edited, by=acme.people["dana"], now=SOON)
    run_until(NINE + 11 * MINUTE, start=SOON)
    assert paged_at(edited) == [("sam", 0), ("kim", 5)]
    assert "Dana Ruiz lets it go on by version 2 of IT Ops; until now it was version 1." in lines(edited)
    kept = AuditEntry.objects.get(verb="renew")
    assert (kept.actor, kept.before, kept.after) == (acme.people["dana"], {"version": 1}, {"version": 2})


def test_a_step_whose_new_time_is_past_is_taken_now(acme: Company, edited: Incident) -> None:
    escalation.renew(edited, by=acme.people["dana"], now=NINE + 7 * MINUTE)
    run_until(NINE + 8 * MINUTE, start=NINE + 7 * MINUTE)
    assert paged_at(edited) == [("sam", 0), ("kim", 7)]


def test_a_second_press_and_a_policy_that_did_not_change_are_left_alone(acme: Company, edited: Incident) -> None:
    for _press in range(2):
        escalation.renew(edited, by=acme.people["dana"], now=SOON)
    assert (AuditEntry.objects.filter(verb="renew").count(), run_of(edited).policy_version) == (1, 2)


def test_somebody_who_has_it_keeps_it(acme: Company, edited: Incident) -> None:
    ack(edited, acme.people["sam"])
    escalation.renew(edited, by=acme.people["dana"], now=SOON + MINUTE)
    assert (fresh(edited).acknowledged_by, run_of(edited).state) == (acme.people["sam"], "held")
    assert run_of(edited).next_step_at == SOON + 60 * MINUTE


def test_fewer_steps_than_were_taken_end_the_round_in_its_time(acme: Company, edited: Incident) -> None:
    policy = acme.policies["it-ops"]
    policy.steps.exclude(position=1).delete()
    escalation.renew(edited, by=acme.people["dana"], now=SOON)
    assert len(snapshot.read(run_of(edited).snapshot).steps) == 1
    run_until(NINE + 11 * MINUTE, start=SOON)
    assert paged_at(edited) == [("sam", 0), ("kim", 10)]  # the last resort


def test_its_page_offers_the_button_only_while_it_is_outdated(acme: Company, edited: Incident, dana: Client) -> None:
    url = f"/incidents/{edited.pk}/"
    assert BUTTON in dana.get(url).content.decode()
    dana.post(f"{url}act/", {"action": "renew"})
    assert BUTTON not in dana.get(url).content.decode()
    assert run_of(edited).policy_version == 2


def test_its_page_escalates_after_saying_to_whom_and_stops_with_a_reason(acme: Company, dana: Client) -> None:
    incident = email_down(acme)
    url = f"/incidents/{incident.pk}/"
    assert "Escalate now: Dana Ruiz" in dana.get(url).content.decode()
    dana.post(f"{url}act/", {"action": "escalate"})
    assert [name for name, _minutes in paged_at(incident)] == ["sam", "dana"]
    dana.post(f"{url}act/", {"action": "stop"})
    assert run_of(incident).state == "running"
    dana.post(f"{url}act/", {"action": "stop", "reason": "A drill"})
    assert run_of(incident).state == "stopped"


def test_a_red_banner_on_every_staff_page_says_that_nobody_acknowledged(acme: Company, dana: Client) -> None:
    incident = email_down(acme)
    assert "Nobody acknowledged" not in dana.get("/queue/").content.decode()
    run_until(NINE + 31 * MINUTE)
    words = f"Nobody acknowledged {incident.number}"
    assert words in dana.get("/queue/").content.decode()
    assert words not in signed_in(acme.people["ella"]).get("/").content.decode()
    ack(incident, acme.people["dana"], now=NINE + 32 * MINUTE)
    assert words not in dana.get("/queue/").content.decode()
