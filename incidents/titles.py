"""A ticket's title, put right by staff."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents import journal, legible
from incidents.models import Ticket
from servicedesk.directory import tongues
from servicedesk.directory.models import User
from servicedesk.search import index

LONGEST = 200


@tongues.deed
def set_title(ticket: Ticket, title: str, *, actor: User, now: datetime) -> Ticket:
    """What lists, letters and search call it from now on. What was reported stays as it was said."""
    row, wanted = Ticket.objects.locked(ticket.pk), legible.line(title)[:LONGEST]
    if not wanted or row.title == wanted:
        return row
    before, row.title = row.title, wanted
    row.save(update_fields=["title"])
    if not row.is_confidential:
        index.put(kind="ticket", object_id=row.pk, title=row.title, body=row.what, is_public=False, now=now)
    said = _("Title: %(title)s.") % {"title": wanted}
    journal.ticket_event(row, said, actor=actor, now=now, verb="set_title", before={"title": before}, after={"title": wanted})
    return row
