"""What programs outside are told of tickets and incidents. Nothing of what is confidential, and nothing of what was brought in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.utils.translation import gettext as _

from incidents.models import Incident, Ticket
from notifications import outgoing
from notifications.models import Happening, Webhook
from servicedesk.directory import moments

Thing = TypeVar("Thing", Incident, Ticket)


def of_incident(incident: Incident, event: str, *, now: datetime) -> int:
    """Tell whoever hears of this event; how many are told."""
    return _tell(incident, event, incident_facts, now)


def of_ticket(ticket: Ticket, event: str, *, now: datetime) -> int:
    """The same of a ticket."""
    return _tell(ticket, event, ticket_facts, now) if ticket.origin != Ticket.Origin.IMPORT else 0


def _tell(thing: Thing, event: str, facts: Callable[[Thing], dict[str, Any]], now: datetime) -> int:
    rows = outgoing.hears(event) if not thing.is_confidential else []
    if not rows:
        return 0
    key = f"{thing.number}:{event}:{thing.state}:{thing.severity}:{now.isoformat()}"
    return outgoing.tell(rows, event, facts(thing), thread=thing.number, key=key, now=now)


def of_step(incident: Incident, webhook_id: int, *, key: str, step: dict[str, Any], now: datetime) -> str:
    """A step of a policy calls this program. Why it does not; empty: it is told."""
    if incident.is_confidential:
        return _("nothing of a confidential incident goes to a program")
    row = Webhook.objects.filter(pk=webhook_id).first()
    if row is None:
        return _("there is no such webhook any more")
    told = outgoing.call(row, ESCALATED, {**incident_facts(incident), **step}, thread=incident.number, key=key, now=now)
    return "" if told else _("it is switched off")


ESCALATED = "incident.escalated"


def incident_facts(incident: Incident) -> dict[str, Any]:
    """As the API words it, without what one has to be signed in for."""
    return {
        "id": incident.number,
        "title": incident.title,
        "state": incident.state,
        "severity": incident.severity,
        "service": incident.service.slug if incident.service else None,
        "since": _utc(incident.since),
        "acknowledged_by": incident.acknowledged_by.username if incident.acknowledged_by else None,
        "acknowledged_at": _utc(incident.acknowledged_at),
        "reason": incident.reason,
        "rule": incident.rule.key if incident.rule else None,
        "rule_version": incident.rule_version,
        "url": f"{settings.SITE_URL}/incidents/{incident.pk}/",
    }


def ticket_facts(ticket: Ticket) -> dict[str, Any]:
    """The same of a ticket: what it is about and where it stands, never what was said on it."""
    return {
        "id": ticket.number,
        "title": ticket.title,
        "state": ticket.state,
        "kind": ticket.kind,
        "severity": ticket.severity,
        "service": ticket.service.slug if ticket.service else None,
        "team": ticket.team.slug if ticket.team else None,
        "assignee": ticket.assignee.username if ticket.assignee else None,
        "incident": ticket.incident.number if ticket.incident else None,
        "created_at": _utc(ticket.created_at),
        "url": f"{settings.SITE_URL}/tickets/{ticket.pk}/",
    }


def _utc(moment: datetime | None) -> str | None:
    return moments.utc(moment) if moment else None


__all__ = ["Happening", "incident_facts", "of_incident", "of_step", "of_ticket", "ticket_facts"]
