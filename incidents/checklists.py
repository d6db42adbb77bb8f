"""Ticking off: who did which line, and when; unticked again where it was not done."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents import journal
from incidents.models import ChecklistItem, Ticket
from servicedesk.directory import tongues
from servicedesk.directory.models import User

MOST = 100


@tongues.deed
def tick(item: ChecklistItem, *, done: bool, actor: User, now: datetime) -> ChecklistItem:
    """Said twice: unchanged."""
    ticket = Ticket.objects.locked(item.ticket_id)
    row = ChecklistItem.objects.select_for_update().get(pk=item.pk)
    if (row.done_at is not None) == done:
        return row
    row.done_at, row.done_by = (now, actor) if done else (None, None)
    row.save(update_fields=["done_at", "done_by"])
    said = (_("Done: %(text)s") if done else _("Not done after all: %(text)s")) % {"text": row.text}
    journal.ticket_event(ticket, said, actor=actor, now=now, verb="tick", after={"item": row.pk, "done": done})
    return row


@tongues.deed
def add(ticket: Ticket, text: str, *, actor: User, now: datetime) -> ChecklistItem | None:
    """One more line; None where there are a hundred."""
    row = Ticket.objects.locked(ticket.pk)
    count = row.checklist.count()
    if count >= MOST:
        return None
    made = ChecklistItem.objects.create(ticket=row, position=count + 1, text=text[:200])
    journal.ticket_event(row, _("To do: %(text)s") % {"text": made.text}, actor=actor, now=now, verb="add_line", after={"item": made.pk})
    return made
