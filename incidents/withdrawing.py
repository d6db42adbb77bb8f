"""An answer taken back while it is held: nobody has read it, and nobody will. Its words are a draft again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents import drafts, journal, moves, targets
from incidents.models import Draft, Entry, Pledge, Ticket
from notifications import outbox
from servicedesk.audit import holds
from servicedesk.directory import tongues
from servicedesk.directory.models import User
from servicedesk.search import index

DESKS_WORDS = (Entry.Kind.REPLY, Entry.Kind.CALL, Entry.Kind.MAIL, Entry.Kind.PROMISE)


class TooLate(Exception):
    """It went out, or its time to be taken back is over, or it is somebody else's, or a legal hold keeps it."""


@tongues.deed
def take_back(entry: Entry, *, actor: User, now: datetime) -> Entry:
    """Undo a held answer with what it did: letters, state, clocks. A second time it stays undone. Raises TooLate."""
    ticket = Ticket.objects.locked(entry.ticket_id)
    row = Entry.objects.select_for_update().get(pk=entry.pk)
    if row.author_id == actor.pk and row.withdrawn_at is not None:
        return row
    if row.author_id != actor.pk or not row.is_held(now) or holds.held(ticket.number):
        raise TooLate
    keys = [f"{ticket.number}:entry-{row.pk}:", f"{ticket.number}:solved-{row.at.timestamp():.0f}:"]
    if not outbox.take_back(ticket.number, keys, now=now, reason=_("taken back by its author")):
        raise TooLate
    _withdraw(ticket, row, actor, now)
    drafts.keep(actor, Draft.Kind.REPLY, ticket.pk, {"text": row.data.get("typed", row.text)}, now=now)
    return row


def _withdraw(ticket: Ticket, row: Entry, actor: User, now: datetime) -> None:
    with_it = ticket.entries.filter(pk__gt=row.pk, at=row.at, author=actor, kind=Entry.Kind.EVENT, data__verb="move").order_by("pk")
    moved = list(with_it)
    row.withdrawn_at = now
    row.save(update_fields=["withdrawn_at"])
    index.remove(kind="entry", object_id=row.pk)
    with_it.update(withdrawn_at=now)
    Pledge.objects.filter(entry=row).update(withdrawn_at=now, remind_at=None)
    said = _("An answer was taken back before it went out.")
    if moved and moved[-1].data["after"]["state"] == ticket.state:
        moves.move_ticket(
            ticket, moved[0].data["before"]["state"], now=now, actor=actor, text=said, undoes=True, **_as_before(ticket, row, moved)
        )
    else:
        journal.ticket_event(ticket, said, actor=actor, now=now, verb="take_back", after={"entry": row.pk})
        ticket.first_answered_at = _first_answered(ticket, row)
        ticket.evaluate_at = now
        ticket.save(update_fields=["first_answered_at", "evaluate_at"])
    targets.project(ticket, now=now)


def _as_before(ticket: Ticket, row: Entry, moved: list[Entry]) -> dict[str, Any]:
    """The columns those moves changed."""
    columns: dict[str, Any] = {"first_answered_at": _first_answered(ticket, row), "evaluate_at": row.withdrawn_at}
    for event in moved:
        was = event.data["before"]
        if "waiting_for" in was:
            columns.setdefault("waiting_for", was["waiting_for"])
        if "solved_at" in was:
            columns.setdefault("solved_at", was["solved_at"] and datetime.fromisoformat(was["solved_at"]))
    return columns


def _first_answered(ticket: Ticket, row: Entry) -> datetime | None:
    """When the desk first answered, without this entry."""
    before = row.data.get("before")
    if before:
        return datetime.fromisoformat(before)
    others = ticket.entries.filter(withdrawn_at=None, kind__in=DESKS_WORDS).exclude(author__in=ticket.asker_ids)
    first = others.exclude(data__has_key="heard").order_by("pk").first()
    return first.at if first else None
