"""Incidents for tests: Email fails on a Monday, and what the post office then has to carry."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from incidents import escalation, incidents
from incidents.incidents import Grounds
from incidents.models import Incident, Page, Rule, Run
from notifications.models import Attempt, Errand, Message
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE

MINUTE = timedelta(minutes=1)


def grounds(acme: Company, **given: Any) -> Grounds:
    """Email is down by its check, as a rule would put it."""
    email = given.pop("service", acme.services["email"])
    reason = "smtp-01 critical for 5 min on a tier-1 service (rule R5, version 1)."
    usual = {
        "title": "smtp-01 is critical",
        "reason": reason,
        "severity": 1,
        "since": NINE,
        "rule": Rule.objects.get(key="R5"),
        "version": 1,
    }
    of_service = {"service": email, "group_key": f"service:{email.slug}", "team": email.team} if email else {"service": None}
    return Grounds(**{**usual, **of_service, **given})


def email_down(acme: Company, *, now: datetime = NINE, **given: Any) -> Incident:
    """A declared incident; paging has begun."""
    incident = incidents.declare(grounds(acme, **given), now=now).incident
    assert incident is not None
    return incident


def proposed(acme: Company, *, now: datetime = NINE, **given: Any) -> Incident:
    incident = incidents.propose(grounds(acme, **{"severity": 2, **given}), now=now).incident
    assert incident is not None
    return incident


def tick(now: datetime) -> None:
    """One pass of the engine."""
    incidents.decide_due(now=now)
    escalation.notice_unsettled(now=now)
    escalation.advance_due(now=now)


def run_until(end: datetime, *, start: datetime = NINE, every: timedelta = MINUTE) -> None:
    """The engine, pass after pass, both ends included."""
    now = start
    while now <= end:
        tick(now)
        now += every


def paged(incident: Incident) -> list[tuple[str, int]]:
    """Who was paged, in order, each with the step."""
    return [(page.person.username, page.step) for page in incident.pages.select_related("person").order_by("pk")]


def paged_at(incident: Incident, begin: datetime = NINE) -> list[tuple[str, int]]:
    """Who was paged how many minutes after the beginning."""
    return [(page.person.username, (page.at - begin) // MINUTE) for page in incident.pages.select_related("person").order_by("pk")]


def fresh(incident: Incident) -> Incident:
    return Incident.objects.get(pk=incident.pk)


def run_of(incident: Incident) -> Run:
    return incident.runs.latest("pk")


def lines(incident: Incident) -> str:
    return "\n".join(incident.timeline.order_by("pk").values_list("text", flat=True))


def waiting(incident: Incident) -> int:
    """How many messages of pages would still go out."""
    return Message.objects.waiting().of_thread(incident.number).filter(errand__kind=Errand.Kind.PAGE).count()


def woken(incident: Incident, person: User, *, now: datetime = NINE) -> None:
    """As after delivery: the provider was called for this person's text message."""
    message = Message.objects.of_thread(incident.number).filter(person=person, channel="sms").latest("pk")
    Message.objects.filter(pk=message.pk).update(state="sent", sent_at=now)
    unique = f"00000000-0000-4000-8000-{message.pk:012d}"
    Attempt.objects.create(
        message=message, number=1, attempt_id=unique, token=str(message.pk), state="accepted", started_at=now, called_at=now
    )


def lost(page: Page, *, now: datetime) -> None:
    """As after delivery: every method of this page failed."""
    Errand.objects.filter(key=page.errand_key).update(state=Errand.State.UNREACHABLE, settled_at=now)


def told(incident: Incident) -> list[str]:
    """Who has a notice about it."""
    notices = Errand.objects.filter(thread=incident.number, kind=Errand.Kind.NOTICE).order_by("pk")
    return list(notices.values_list("person__username", flat=True))


def sms_to(incident: Incident, username: str) -> Message:
    """The newest text message that pages this person."""
    return Message.objects.of_thread(incident.number).filter(person__username=username, channel="sms", lane="page").latest("pk")


def mail_to(incident: Incident, username: str) -> Message:
    return Message.objects.of_thread(incident.number).filter(person__username=username, channel="email").latest("pk")


def unreachable(*people: User) -> None:
    """Nothing of theirs is verified any more."""
    for person in people:
        person.contact_methods.update(verified_at=None)
