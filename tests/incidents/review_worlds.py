"""Worlds for the questions of the plan review, two of each: as it should be, and spoiled. Each takes the company."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from incidents import conversation, plans, tickets
from incidents.models import (
    ActionItem,
    Attachment,
    Exercise,
    Firing,
    Incident,
    LastResort,
    LinkedAlert,
    Page,
    Plan,
    PlanReading,
    PlanReview,
    PlanRole,
    Reader,
    Report,
    ReviewItem,
    Rule,
    Silence,
    Ticket,
    Vendor,
)  # fmt: skip
from monitoring.models import Check
from notifications.models import Attempt, ContactMethod, Message
from servicedesk.audit import trail
from servicedesk.directory.models import Organisation, User
from servicedesk.oncall.models import Override, RotationMember, Schedule
from servicedesk.operations import rests
from servicedesk.operations.worlds.company import Company
from servicedesk.tokens.models import ApiToken
from tests.actors import NINE
from tests.incidents.reporting import report

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
World = Callable[[Company], Any]


def nothing(acme: Company) -> None:
    """The company as it was founded."""


def incident(acme: Company, began: Any = NINE - 9 * DAY, **columns: Any) -> Incident:
    usual = {"title": "Mail is down", "state": "resolved", "severity": 1, "service": acme.services["email"], "resolved_at": began + HOUR}
    at = {"since": began, "created_at": began, "last_event_at": began, "triggered_at": began}
    return Incident.objects.create(**{**usual, **at, **columns})


def message(acme: Company, **columns: Any) -> Message:
    at = NINE - DAY
    usual = {"key": f"k{Message.objects.count()}", "thread": "INC-1", "lane": "page", "channel": "sms", "to": "+33600000000", "text": "x"}
    return Message.objects.create(**{**usual, "state": "delivered", "due_at": at, "created_at": at, "queued_at": at, **columns})


def all_have_read(acme: Company) -> None:
    plan = Plan.objects.get()
    for person in plans.readers(plan):
        PlanReading.objects.create(plan=plan, version=plan.version, person=person, at=NINE)


def all_ways_proved(acme: Company) -> None:
    ContactMethod.objects.update(verified_at=NINE)
    LastResort.objects.filter(number="555-0100").update(number="+33170990010")


def tried_at(acme: Company, after: timedelta = 2 * MINUTE / 60) -> None:
    one = message(acme)
    Attempt.objects.create(
        message=one, number=1, attempt_id=f"00000000-0000-0000-0000-{one.pk:012}", token=f"t{one.pk}", started_at=one.due_at,
        called_at=one.due_at + after,
    )  # fmt: skip


def silent(acme: Company, on_hold: bool) -> None:
    Organisation.objects.update(held_since=NINE - DAY if on_hold else None)
    assert rests.note(since=NINE - DAY, now=NINE - DAY + 2 * MINUTE) == 0
    assert rests.note(since=NINE - DAY, now=NINE - DAY + 4 * MINUTE) == 1


def answered(acme: Company) -> None:
    ticket = report(acme, "ella", NINE - 3 * DAY)
    Ticket.objects.filter(pk=ticket.pk).update(first_answered_at=ticket.created_at + MINUTE, solved_at=ticket.created_at + HOUR)


def rated(acme: Company, *ranks: int) -> None:
    """Ten tickets a rule rated SEV3, the first of them rated anew by a person."""
    rule = Rule.objects.filter(kind="severity").order_by("pk")[0]
    for n in range(10):
        ticket = report(acme, "ella", NINE - 3 * DAY + n * HOUR, what=f"Printer number {n} of floor {n} jams")
        evaluation = ticket.evaluations.order_by("pk")[0]
        Firing.objects.filter(evaluation__ticket=ticket).delete()
        Firing.objects.create(rule=rule, version=1, evaluation=evaluation, group_key="", at=ticket.created_at)
        Ticket.objects.filter(pk=ticket.pk).update(severity=3, severity_reasons=[{"rank": 3, "by": "rule"}])
        if n < len(ranks):
            tickets.set_severity(ticket, rank=ranks[n], actor=acme.people["ben"], now=NINE - HOUR, reason="Seen")


def stormed(acme: Company) -> None:
    ticket = report(acme, "ella", NINE - DAY)
    rule = Rule.objects.filter(kind="escalation", mode="live")[0]
    Firing.objects.create(rule=rule, version=1, evaluation=ticket.evaluations.all()[0], group_key=f"storm:{rule.key}", at=NINE - DAY)


def woken(acme: Company, nights: int) -> None:
    one = incident(
        acme, acknowledged_at=NINE - 9 * DAY + MINUTE, state="acknowledged", acknowledged_by=acme.people["sam"], resolved_at=None
    )
    for n in range(nights):
        at = NINE - (n + 2) * DAY - 5 * HOUR  # 04:00 in Paris
        Page.objects.create(incident=one, person=acme.people["sam"], because="on call", errand_key=f"e{n}", at=at)


def silence(acme: Company, days: int) -> None:
    Silence.objects.create(
        service=acme.services["email"], reason="Moving", starts_at=NINE - days * DAY, ends_at=NINE + DAY, made_by=acme.people["sam"],
        created_at=NINE - days * DAY,
    )  # fmt: skip


def reported(acme: Company, after: timedelta = DAY) -> Report:
    """Its end is on a Saturday morning."""
    one = incident(acme, NINE - 16 * DAY)
    assert one.resolved_at
    sam = acme.people["sam"]
    return Report.objects.create(incident=one, drafted_at=NINE, drafted_by=sam, finished_at=one.resolved_at + after, finished_by=sam)


def promised(acme: Company, *days: int) -> None:
    one = Report.objects.get()
    for day in days:
        ActionItem.objects.create(report=one, text="A check", owner=acme.people["sam"], due_on=NINE.date() + day * DAY)


def held(acme: Company, **columns: Any) -> None:
    usual = {"held_on": NINE.date() - 20 * DAY, "scenario": "Mail is down", "outside_hours": True}
    one = Exercise.objects.create(**{**usual, **columns})
    one.people.set([acme.people["sam"], acme.people["dana"]])


def rehearsed(acme: Company) -> None:
    for kind in ("restore", "break_glass", "provider_down"):
        held(acme, kind=kind, minutes=11)


def secret(acme: Company) -> Incident:
    """Read by one who is on the list."""
    one = incident(acme, is_confidential=True, team=acme.teams["it-ops"])
    Reader.objects.create(incident=one, person=acme.people["lea"], because="called in", at=NINE)
    trail.record(one, "read", actor=acme.people["lea"], now=NINE - DAY)
    return one


def read_by_a_stranger(acme: Company) -> None:
    trail.record(Incident.objects.get(), "read", actor=acme.people["omar"], now=NINE - DAY)


def file_lost(acme: Company) -> None:
    ticket = report(acme, "ella", NINE - DAY)
    Ticket.objects.filter(pk=ticket.pk).update(is_confidential=True)
    Attachment.objects.create(ticket=ticket, audience="public", name="a.txt", size=1, sha256="0" * 64, kind="text/plain", added_at=NINE)


def readings_lost(acme: Company) -> None:
    LinkedAlert.objects.create(
        alert_id=1, check_id=10**6, check_slug="gone", incident=Incident.objects.get(), status="critical", since=NINE, status_since=NINE,
        updated_at=NINE,
    )  # fmt: skip


def token(acme: Company, **columns: Any) -> None:
    usual = {"name": "x", "digest": "x", "owner": acme.people["dana"], "created_at": NINE - 200 * DAY, "expires_at": NINE + DAY}
    ApiToken.objects.create(**{**usual, "prefix": f"p{ApiToken.objects.count()}", "last_used_at": NINE, **columns})


def nobody_on_rotas(acme: Company) -> None:
    RotationMember.objects.all().delete()


def ten_nights(acme: Company) -> None:
    Override.objects.create(
        schedule=Schedule.objects.get(slug="network"), kind="cover", person=acme.people["kim"], starts_at=NINE, ends_at=NINE + 10 * DAY,
        created_at=NINE,
    )  # fmt: skip


def found_before(acme: Company, state: str, word: str = "") -> None:
    """The last review asked for something; its ticket is in that state."""
    dana, kim = acme.people["dana"], acme.people["kim"]
    signed = {"state": "signed", "prepared_by": dana, "signed_by": kim, "signed_at": NINE - 80 * DAY, "sha256": "x"}
    last = PlanReview.objects.create(slug="2026-q3", period_from=NINE - 170 * DAY, due_on=NINE.date(), opened_at=NINE - 90 * DAY, **signed)
    ticket = report(acme, "ella", NINE - 80 * DAY)
    if word:
        conversation.note(ticket, text=word, author=acme.people["ben"], now=NINE - 79 * DAY)
    Ticket.objects.filter(pk=ticket.pk).update(state=state)
    ReviewItem.objects.create(review=last, number=1, question="?", verdict="action", owner=kim, due_on=NINE.date(), ticket=ticket)


def supplied(acme: Company) -> None:
    vendor = Vendor.objects.create(name="Carrier", answers_within_s=3600, tested_on=NINE.date() - DAY)
    vendor.services.add(acme.services["email"])


def changed(acme: Company, ago: timedelta = HOUR, **after: Any) -> None:
    trail.record(acme.policies["it-ops"], "change", actor=acme.people["adam"], now=NINE - ago, after={"repeat": 1, **after})


def update(model: Any, **columns: Any) -> World:
    return lambda acme: model.objects.update(**columns)


def unstaffed(acme: Company) -> None:
    PlanRole.objects.filter(pk=PlanRole.objects.order_by("pk")[0].pk).update(deputy=None)


def one_left(acme: Company) -> None:
    User.objects.filter(username="ben").update(is_active=False)


def all_checks(acme: Company, **columns: Any) -> None:
    Check.objects.update(**columns)
