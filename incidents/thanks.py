"""A word of thanks after the solution: one key returns the ticket, uncounted and without mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents import moves, targets
from incidents.models import Entry, Ticket
from incidents.states import IllegalMove, TicketState
from servicedesk.directory import tongues
from servicedesk.directory.models import User


def word_of(ticket: Ticket, entries: Iterable[Entry] | None = None) -> Entry | None:
    """The requester's word that opened the solved ticket again, while nothing public came after it.

    `entries` spares the reading of them: all of the ticket's, oldest first.
    """
    if ticket.state != TicketState.OPEN:
        return None
    public = [entry for entry in (entries or ticket.entries.order_by("id")) if entry.audience == Entry.Audience.PUBLIC]
    said = next((entry for entry in reversed(public) if entry.kind != Entry.Kind.EVENT and entry.withdrawn_at is None), None)
    return said if said is not None and said.data.get("after_solve") else None


@tongues.deed
def only_thanks(ticket: Ticket, *, actor: User, now: datetime) -> Ticket:
    """Solved as it was before that word. Raises IllegalMove where there is none, or somebody went on working."""
    row = Ticket.objects.locked(ticket.pk)
    word = word_of(row)
    opened = row.entries.filter(pk__gt=word.pk, data__verb="move", data__before__state=TicketState.SOLVED).first() if word else None
    if word is None or opened is None:
        raise IllegalMove(row.number, row.state, TicketState.SOLVED)
    for entry in (word, opened):
        entry.data = {**entry.data, "uncounted": True}
        entry.save(update_fields=["data"])
    said = _("Only thanks: solved as before.")
    moves.move_ticket(row, TicketState.SOLVED, now=now, actor=actor, text=said, evaluate_at=None, **_as_it_was(opened))
    targets.project(row, now=now)
    return row


def _as_it_was(opened: Entry) -> dict[str, Any]:
    was = opened.data["before"]
    names = [name for name in ("solved_at", "reopened_at") if name in was]
    return {name: was[name] and datetime.fromisoformat(was[name]) for name in names}
