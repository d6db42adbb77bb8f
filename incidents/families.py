"""Parents and children: solving the parent answers and solves its children; closing it does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from incidents import conversation, fields, journal, tickets
from incidents.merging import CannotJoin
from incidents.models import Entry, Ticket
from servicedesk.directory import tongues
from servicedesk.directory.models import User

MANY = 20  # children that are not written to without being asked once more


@dataclass(frozen=True, slots=True)
class Preview:
    """What solving a parent would do."""

    solves: list[Ticket]
    stay_open: list[Ticket]

    @property
    def is_many(self) -> bool:
        return len(self.solves) > MANY


@tongues.deed
def set_parent(child: Ticket, parent: Ticket | None, *, actor: User, now: datetime) -> Ticket:
    """One generation alone: a parent has no parent, a child no children. Raises CannotJoin."""
    numbers = [child.pk, *([parent.pk] if parent else [])]
    held = {row.pk: row for row in Ticket.objects.select_for_update().filter(pk__in=numbers).order_by("pk")}
    row, above = held[child.pk], held[parent.pk] if parent else None
    if row.parent_id == (above.pk if above else None):
        return row
    if above is not None:
        _refuse(row, above)
    before, row.parent = row.parent_id, above
    row.save(update_fields=["parent"])
    said = _("Part of %(number)s.") % {"number": above.number} if above else _("Part of no other ticket.")
    journal.ticket_event(row, said, actor=actor, now=now, verb="set_parent", before={"parent": before}, after={"parent": row.parent_id})
    return row


def _refuse(row: Ticket, above: Ticket) -> None:
    if row.pk == above.pk:
        raise CannotJoin(tongues.later("That is this ticket."))
    if above.parent_id is not None:
        raise CannotJoin(tongues.later("%(number)s is itself part of another ticket.", {"number": above.number}))
    if row.children.exists():
        raise CannotJoin(tongues.later("%(number)s has tickets of its own.", {"number": row.number}))
    if row.is_confidential != above.is_confidential:
        raise CannotJoin(tongues.later("One of them is confidential and the other is not."))


def preview(parent: Ticket) -> Preview:
    """The open children: those that would be solved, and those in which somebody waits for an answer."""
    rows = list(parent.children.open().select_related("requester", "assignee").order_by("pk"))
    kept = {row.pk for row in rows if _waits(row) or fields.missing(row)}
    return Preview([row for row in rows if row.pk not in kept], [row for row in rows if row.pk in kept])


def _waits(child: Ticket) -> bool:
    """Its last public word came from the requester, after the report."""
    said = child.entries.filter(audience=Entry.Audience.PUBLIC, withdrawn_at=None).exclude(kind=Entry.Kind.EVENT).order_by("-id").first()
    return said is not None and (bool(said.data.get("heard")) or said.author_id in child.asker_ids)


@tongues.deed
def solve(parent: Ticket, *, text: str, actor: User, now: datetime, because: str = "", last_seen: int | None = None) -> Preview:
    """The parent and its children solved with these words; who waits for an answer stays open and is named.

    Raises NewerEntry where somebody wrote on the parent after `last_seen`.
    """
    row = Ticket.objects.locked(parent.pk)
    conversation.refuse_unread(row, actor, last_seen)
    found = preview(row)
    tickets.solve(row, actor=actor, now=now, text=text, because=because)
    with_it = _("Solved with %(number)s.") % {"number": row.number}
    for child in found.solves:
        tickets.solve(child, actor=actor, now=now, text=text, because=with_it)
    if found.stay_open:
        said = _("Still open, because somebody waits for an answer: %(numbers)s.")
        names = ", ".join(child.number for child in found.stay_open)
        journal.ticket_event(row, said % {"numbers": names}, actor=actor, now=now, verb="stay_open")
    return found
