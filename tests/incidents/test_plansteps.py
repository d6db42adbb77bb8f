"""The plan at work: steps ticked where the work is, written on its timeline, and kept when the plan moves on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents import alerts, incidents, plansteps
from incidents.models import Incident, LinkedAlert, Plan, PlanStep, Runbook
from incidents.states import IllegalMove
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Service
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.reporting import report
from tests.incidents.test_alerts import smtp

LATER = NINE + timedelta(minutes=5)


@pytest.fixture
def outage(acme: Company) -> Incident:
    grounds = incidents.Grounds(title="VPN is slow", reason="", service=acme.services["vpn"], severity=3, since=NINE)
    opened = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident
    assert opened is not None
    return opened


def test_an_incident_carries_the_four_phases_and_the_runbook_of_its_service(outage: Incident) -> None:
    parts = plansteps.of_incident(outage)
    assert [part.key for part in parts] == ["assessment", "planning", "implementation", "logistics", "runbook:vpn"]
    assert parts[-1].steps[0].text == "Look at its checks and at what changed last."
    assert not PlanStep.objects.exists()  # nothing is copied before somebody works by it


def test_a_step_that_is_ticked_stands_on_the_timeline_once(outage: Incident, acme: Company) -> None:
    for _again in range(2):
        plansteps.tick(outage, "assessment", 1, is_done=True, actor=acme.people["sam"], now=LATER)
    lines = outage.timeline.filter(data__has_key="checklist")
    assert [(line.actor, line.at) for line in lines] == [(acme.people["sam"], LATER)]
    assert lines[0].text.startswith("Assessment, step 1 done: ")
    assert plansteps.of_incident(outage)[0].done == 1


def test_it_can_be_taken_back(outage: Incident, acme: Company) -> None:
    plansteps.tick(outage, "planning", 2, is_done=True, actor=acme.people["sam"], now=LATER)
    plansteps.tick(outage, "planning", 2, is_done=False, actor=acme.people["dana"], now=LATER)
    assert plansteps.of_incident(outage)[1].done == 0
    assert "not done after all" in outage.timeline.filter(data__has_key="checklist").latest("pk").text


def test_a_plan_that_moves_on_changes_nothing_of_what_is_worked_by(outage: Incident, acme: Company) -> None:
    plansteps.tick(outage, "runbook:vpn", 1, is_done=True, actor=acme.people["sam"], now=LATER)
    Runbook.objects.filter(service=acme.services["vpn"]).update(text="1. Something else.")
    Plan.objects.update(assessment="One new step")
    parts = {part.key: part for part in plansteps.of_incident(outage)}
    assert len(parts["runbook:vpn"].steps) == 4
    assert [step.text for step in parts["assessment"].steps] == ["One new step"]  # nobody had begun it


def test_a_service_that_was_retired_has_no_runbook_any_more(outage: Incident, acme: Company) -> None:
    Service.objects.filter(slug="vpn").update(is_active=False)
    assert "runbook:vpn" not in [part.key for part in plansteps.of_incident(outage)]


@pytest.mark.parametrize(("part", "place"), [("assessment", 99), ("assessment", 0), ("dancing", 1), ("runbook:email", 1)])
def test_what_is_no_step_of_it_is_not_there(part: str, place: int, outage: Incident, acme: Company) -> None:
    with pytest.raises(plansteps.NoSuchStep):
        plansteps.tick(outage, part, place, is_done=True, actor=acme.people["sam"], now=LATER)


def test_an_incident_that_is_closed_is_not_worked_on(outage: Incident, acme: Company) -> None:
    Incident.objects.filter(pk=outage.pk).update(state="closed")
    with pytest.raises(IllegalMove):
        plansteps.tick(outage, "assessment", 1, is_done=True, actor=acme.people["sam"], now=LATER)


def test_a_runbook_is_the_lines_of_its_list() -> None:
    text = "Before: breathe.\n1. First\n2) Second\n- Third\nAfter: tell.\n"
    assert plansteps.steps_in(text, is_listed=True) == ["First", "Second", "Third"]


def test_a_ticket_has_the_runbook_of_its_service_and_keeps_the_step_in_its_history(acme: Company) -> None:
    ticket = report(acme, "ella", NINE, what="The VPN does not connect")
    ben = signed_in(acme.people["ben"])
    page = ben.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "Runbook: VPN" in page
    ben.post(f"/tickets/{ticket.pk}/step/", {"part": "runbook:vpn", "done": "2"})
    assert ticket.entries.latest("pk").text.startswith("Runbook: VPN, step 2 done: ")


def test_on_the_page_one_button_a_step_works_without_scripts(outage: Incident, acme: Company) -> None:
    sam = signed_in(acme.people["sam"])
    answer = sam.post(f"/incidents/{outage.pk}/step/", {"part": "logistics", "done": "1"})
    assert answer.headers["Location"] == f"/incidents/{outage.pk}/#checklist"
    page = sam.get(f"/incidents/{outage.pk}/").content.decode()
    assert "1 of 4" in page
    assert 'name="undo" value="1"' in page
    assert sam.post(f"/incidents/{outage.pk}/step/", {"part": "logistics", "done": "x"}).status_code == 404


def test_an_alert_without_an_incident_keeps_the_steps_and_who_did_them(acme: Company) -> None:
    alert = alerts.opened(smtp(acme, NINE), now=NINE)
    for _again in range(2):
        plansteps.tick_alert(alert, "runbook:email", 1, is_done=True, actor=acme.people["sam"], now=LATER)
    (part,) = plansteps.of_alert(alert)
    assert (part.done, part.steps[0].done_by) == (1, acme.people["sam"])
    assert AuditEntry.objects.filter(noun="incidents.linkedalert", verb="step").count() == 1


def test_the_incident_of_an_alert_takes_over_what_was_done(outage: Incident, acme: Company) -> None:
    alert = alerts.opened(smtp(acme, NINE), now=NINE)
    plansteps.tick_alert(alert, "runbook:email", 1, is_done=True, actor=acme.people["sam"], now=LATER)
    Incident.objects.filter(pk=outage.pk).update(service=acme.services["email"])
    LinkedAlert.objects.filter(pk=alert.pk).update(incident=outage)
    outage.refresh_from_db()
    alert.refresh_from_db()
    assert plansteps.of_incident(outage)[-1].done == 1
    plansteps.tick(outage, "runbook:email", 2, is_done=True, actor=acme.people["dana"], now=LATER)
    assert plansteps.of_incident(outage)[-1].done == plansteps.of_alert(alert)[0].done == 2
    assert not PlanStep.objects.filter(alert__isnull=False).exists()


def test_two_alerts_with_steps_are_one_runbook_on_their_incident(outage: Incident, acme: Company) -> None:
    Incident.objects.filter(pk=outage.pk).update(service=acme.services["email"])
    outage.refresh_from_db()
    for number in (1, 2):
        alert = alerts.opened(replace(smtp(acme, NINE), alert_id=900 + number), now=NINE)
        plansteps.tick_alert(alert, "runbook:email", number, is_done=True, actor=acme.people["sam"], now=LATER)
        LinkedAlert.objects.filter(pk=alert.pk).update(incident=outage)
    book = plansteps.of_incident(outage)[-1]
    assert [step.place for step in book.steps if step.done_at] == [1]
    plansteps.tick(outage, "runbook:email", 3, is_done=True, actor=acme.people["sam"], now=LATER)
    assert [step.place for step in plansteps.of_incident(outage)[-1].steps if step.done_at] == [1, 3]
