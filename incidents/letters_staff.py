"""Notices to staff about a ticket, when a rule asks for them: who, why, and the page. Nobody is woken by one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from incidents.models import Ticket
from notifications import outbox
from notifications.models import Errand, Topic, Urgency
from servicedesk.directory import tongues
from servicedesk.directory.models import Role, User
from servicedesk.oncall import roster

TOPICS = {"assignee": Topic.ASSIGNED, "team": Topic.TEAM, "it_manager": Topic.MANAGER}


def notify(ticket: Ticket, audience: str, *, because: str, now: datetime) -> list[Errand]:
    """One notice to each of the audience (rules.AUDIENCES); the same reason twice is one notice.

    A reason by `tongues.later` is read in each one's language.
    """
    return [_queue(ticket, person, because, now, TOPICS.get(audience, "")) for person in _audience(ticket, audience, now)]


def tell(ticket: Ticket, people: Iterable[User], *, because: str, topic: str, now: datetime, about: str = "") -> list[Errand]:
    """One notice to each; the same reason (or, where given, the same thing it is `about`) twice is one notice."""
    return [_queue(ticket, person, because, now, topic, about) for person in people]


def team_of(ticket: Ticket) -> Iterable[User]:
    """Those who work in the team that has it."""
    return User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER, team=ticket.team) if ticket.team else []


def _audience(ticket: Ticket, audience: str, now: datetime) -> Iterable[User]:
    if audience == "assignee":
        return [ticket.assignee] if ticket.assignee else []
    if audience == "team":
        return team_of(ticket)
    manager = roster.manager_on_duty(ticket.team, at=now) if audience == "it_manager" else None
    return [manager] if manager else []


def _queue(ticket: Ticket, person: User, because: str, now: datetime, topic: str, about: str = "") -> Errand:
    with tongues.reader(person):
        title = _("confidential") if ticket.is_confidential else ticket.title
        said = {"ticket": ticket, "title": title, "because": str(because), "url": f"{settings.SITE_URL}/tickets/{ticket.pk}/"}
        letter = outbox.Letter(
            subject=f"[{ticket.number}] {title}",
            text=render_to_string("email/ticket_notice.txt", said),
            html=render_to_string("email/ticket_notice.html", said),
            sms=_("%(number)s: see the desk.") % {"number": ticket.number},
            short=ticket.number,
            reference=ticket.number,
            is_confidential=ticket.is_confidential,
        )
    with tongues.in_house():
        because = str(because)
    reason = hashlib.sha256((about or because).encode()).hexdigest()[:12]
    key = f"{ticket.number}:notice:{reason}:{person.pk}"
    return outbox.queue(
        person, thread=ticket.number, key=key, letter=letter, urgency=Urgency.NORMAL, kind=Errand.Kind.NOTICE,
        rank=ticket.severity or 4, because=because[:240], on_duty=False, topic=topic, now=now,
    )  # fmt: skip
