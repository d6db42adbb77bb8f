"""Canned answers filled in: an allow-list of placeholders, each replaced once. No template engine, so nothing is executed."""

from __future__ import annotations

import re
from datetime import datetime

from django.db.models import Case, IntegerField, Value, When

from incidents.models import CannedAnswer, Ticket
from servicedesk.directory import zones
from servicedesk.directory.models import Organisation, User

HOLE = re.compile(r"\{([a-z_]+)\}")
MOST = 60
NAMES = ("requester", "me", "number", "title", "service", "desk_phone", "today")


def unknown(text: str) -> list[str]:
    """Placeholders nobody fills, for the form of whoever writes one."""
    return [name for name in dict.fromkeys(HOLE.findall(text)) if name not in NAMES]


def filled(text: str, ticket: Ticket, *, writer: User, now: datetime) -> str:
    """What is not on the list stays as it stands; words that came from people are not looked at again."""
    organisation = Organisation.current()
    known = {
        "requester": ticket.requester.get_short_name(),
        "me": str(writer),
        "number": ticket.number,
        "title": ticket.title,
        "service": ticket.service.name if ticket.service else "",
        "desk_phone": organisation.desk_phone if organisation else "",
        "today": f"{zones.local(now, ticket.requester):%d.%m.%Y}",
    }
    return HOLE.sub(lambda hole: known.get(hole[1], hole[0]), text)


def offered(ticket: Ticket, *, writer: User) -> list[CannedAnswer]:
    """What this person may use, those of the ticket's service first."""
    first = Case(When(service=ticket.service_id, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = CannedAnswer.objects.usable_by(writer)
    return list(rows.order_by(first, "name")[:MOST] if ticket.service_id else rows[:MOST])
