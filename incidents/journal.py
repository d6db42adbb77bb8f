"""The only pen for histories: a ticket's entries and an incident's timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from incidents.models import Entry, Incident, Ticket, TimelineEntry
from servicedesk.audit import trail
from servicedesk.directory.models import User


def ticket_event(
    ticket: Ticket,
    text: str,
    *,
    actor: User | None,
    now: datetime,
    verb: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    because: str = "",
    audience: str = Entry.Audience.STAFF,
) -> Entry:
    """One event of a ticket and its audit row; marks the ticket as changed. `before` and `after` are JSON."""
    data = {"verb": verb, "before": before or {}, "after": after or {}, "because": because}
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=now)
    ticket.updated_at = now
    trail.record(ticket, verb, actor=actor, now=now, before=before, after=after)
    return Entry.objects.create(ticket=ticket, kind=Entry.Kind.EVENT, audience=audience, author=actor, text=text, data=data, at=now)


def line(
    incident: Incident,
    kind: str,
    text: str,
    *,
    now: datetime,
    actor: User | None = None,
    because: str = "",
    data: dict[str, Any] | None = None,
    key: bool = False,
) -> TimelineEntry:
    """One line of an incident's timeline, which is also its last event (TimelineEntry.Kind names the kinds)."""
    if incident.last_event_at != now:  # a deed of several lines says it once
        Incident.objects.filter(pk=incident.pk).update(last_event_at=now)
        incident.last_event_at = now
    return TimelineEntry.objects.create(
        incident=incident, kind=kind, at=now, actor=actor, text=text, because=because, data=data or {}, is_key=key
    )
