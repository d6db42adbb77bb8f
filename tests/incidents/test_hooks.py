"""Which deeds programs hear of, and what a step of a policy does that calls one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from incidents import escalation, incidents, tickets
from incidents.escalation import snapshot
from incidents.models import Policy, StepTarget
from incidents.rehearsal import sentences
from notifications.models import Happening, Message, Webhook
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at
from tests.incidents.alarms import email_down, lines, paged, run_until
from tests.incidents.reporting import report


@pytest.fixture
def hook(acme: Company) -> Webhook:
    return Webhook.objects.create(name="ops", url="https://ops.example/in", events=Happening.values, secret="x", created_at=NINE)


def told() -> list[dict[str, Any]]:
    return [json.loads(text) for text in Message.objects.filter(channel="webhook").order_by("pk").values_list("text", flat=True)]


def words() -> list[tuple[str, str]]:
    return [(event["type"], event["data"]["state"]) for event in told()]


def calls(acme: Company, hook: Webhook, *, step: int = 1, alone: bool = False) -> Policy:
    policy = acme.policies["it-ops"]
    row = policy.steps.get(position=step)
    if alone:
        row.targets.all().delete()
    StepTarget.objects.create(step=row, kind="webhook", webhook=hook)
    return policy


def test_an_incident_is_told_from_its_opening_to_its_end(acme: Company, hook: Webhook) -> None:
    incident = email_down(acme, severity=2)
    escalation.acknowledge(incident, by=acme.people["sam"], via="page", now=at(9, 5))
    incidents.raise_severity(incident, 1, because="everyone", now=at(9, 6))
    incidents.resolve(incident, actor=acme.people["sam"], reason="Over.", now=at(9, 10))
    assert words() == [
        ("incident.opened", "triggered"), ("incident.state", "acknowledged"), ("incident.severity", "acknowledged"),
        ("incident.state", "resolved"),
    ]  # fmt: skip
    assert told()[1]["data"]["acknowledged_by"] == "sam"
    assert told()[-1]["data"]["id"] == incident.number


def test_a_ticket_is_told_once_with_its_severity(acme: Company, hook: Webhook) -> None:
    ticket = report(acme, "ella", NINE)
    tickets.set_severity(ticket, rank=2, actor=acme.people["ana"], reason="more people", now=at(9, 1))
    tickets.solve(ticket, actor=acme.people["ana"], now=at(9, 2))
    assert words() == [("ticket.created", "new"), ("ticket.severity", "new"), ("ticket.state", "solved")]
    assert [event["data"]["severity"] for event in told()] == [3, 2, 2]


def test_nothing_confidential_nothing_brought_in_and_nothing_not_asked_for_is_told(acme: Company, hook: Webhook) -> None:
    report(acme, "ella", NINE, loss=True)
    report(acme, "omar", NINE, origin="import")
    hook.events = ["incident.severity"]
    hook.save(update_fields=["events"])
    report(acme, "lea", NINE)
    assert told() == []


def test_a_step_calls_a_program_beside_its_people(acme: Company, hook: Webhook) -> None:
    hook.events = []
    hook.save(update_fields=["events"])
    policy = calls(acme, hook)
    incident = email_down(acme)
    (event,) = told()
    assert (event["type"], event["data"]["id"], event["data"]["step"]) == ("incident.escalated", incident.number, 1)
    assert paged(incident) == [("sam", 1)]
    assert "The program ops is told." in lines(incident)
    assert str(sentences.steps(snapshot.plan_of(policy))[0]) == "at once: IT Ops primary and the program ops"


def test_a_step_of_a_program_alone_wakes_nobody_so_the_next_follows_at_once(acme: Company, hook: Webhook) -> None:
    calls(acme, hook, alone=True)
    incident = email_down(acme)
    assert paged(incident) == [("dana", 2)]
    assert "Step 1 of 3 is skipped: a program wakes nobody." in lines(incident)


def test_of_what_wakes_nobody_a_program_alone_keeps_its_delay(acme: Company, hook: Webhook) -> None:
    calls(acme, hook, alone=True)
    incident = email_down(acme, severity=3)
    assert paged(incident) == []
    run_until(at(9, 11))
    assert paged(incident)[:1] == [("dana", 2)]


@pytest.mark.parametrize("why", ["it is switched off", "nothing of a confidential incident goes to a program"])
def test_a_program_that_is_not_told_is_named_on_the_timeline(acme: Company, hook: Webhook, why: str) -> None:
    calls(acme, hook)
    if "switched" in why:
        Webhook.objects.update(switched_off_at=NINE, switched_off_reason="gone")
    incident = email_down(acme, is_confidential="confidential" in why)
    assert f"The program ops is not told: {why}." in lines(incident)
    assert (told(), paged(incident)) == ([], [("sam", 1)])
