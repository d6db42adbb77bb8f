"""The list of a confidential incident: whoever is called for it is put on it, and every reading is written down."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from incidents.models import Incident, Reader, Ticket
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User


def admit(incident: Incident, person: User, *, because: str, now: datetime, actor: User | None = None) -> None:
    """This person may read and work it. Not confidential, or on the list already: nothing changes."""
    if incident.is_confidential:
        _admit(incident, person, because=because, now=now, actor=actor)


@tongues.deed
def _admit(incident: Incident, person: User, *, because: str, now: datetime, actor: User | None) -> None:
    _row, is_new = Reader.objects.get_or_create(incident=incident, person=person, defaults={"because": because[:240], "at": now})
    if is_new:
        trail.record(incident, "admit", actor=actor, now=now, after={"person": person.username, "because": because})


def opened(thing: Incident | Ticket, *, by: User, now: datetime) -> None:
    """Somebody opens it: of what is confidential that is an event of the audit trail."""
    if thing.is_confidential:
        with transaction.atomic():
            trail.record(thing, "read", actor=by, now=now)
