"""A ticket made confidential by staff, and open again by an administrator who reads it: both with a reason, on the trail."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents import journal
from incidents.models import Entry, Ticket, TicketReader
from servicedesk.directory import tongues
from servicedesk.directory.models import User
from servicedesk.search import index


class Refused(ValueError):
    """It stays as it is; the message says why."""


@tongues.deed
def close(ticket: Ticket, *, reason: str, actor: User, now: datetime) -> Ticket:
    """Read by its team, by who has it, and by who is on its list, on which the actor stays. Closed already: unchanged. Raises Refused."""
    row, reason = Ticket.objects.locked(ticket.pk), reason.strip()
    if row.is_confidential:
        return row
    if not reason:
        raise Refused(tongues.later("Say why: those who may read it want to know."))
    if row.team_id is None:
        raise Refused(tongues.later("Give it to a team first: a confidential ticket is read by its team."))
    _set(row, is_confidential=True, reason=reason, actor=actor, now=now)
    index.remove(kind="ticket", object_id=row.pk)
    index.remove(kind="entry", object_id=list(row.entries.values_list("pk", flat=True)))
    if not Ticket.objects.visible_to(actor).filter(pk=row.pk).exists():
        because = _("made it confidential: %(reason)s") % {"reason": reason}
        TicketReader.objects.get_or_create(ticket=row, person=actor, defaults={"because": because[:240], "at": now})
    return row


@tongues.deed
def reopen(ticket: Ticket, *, reason: str, actor: User, now: datetime) -> Ticket:
    """Read by all staff, and found by its words. Not confidential: unchanged. Raises Refused."""
    row, reason = Ticket.objects.locked(ticket.pk), reason.strip()
    if not row.is_confidential:
        return row
    if not actor.is_admin:
        raise Refused(tongues.later("Only an administrator does this."))
    if not reason:
        raise Refused(tongues.later("Say why: those who may read it want to know."))
    if row.is_loss:
        raise Refused(tongues.later("It tells of something lost, stolen or seen, and stays confidential."))
    if row.incident is not None and row.incident.is_confidential:
        raise Refused(tongues.later("It is part of a confidential incident, and stays confidential."))
    _set(row, is_confidential=False, reason=reason, actor=actor, now=now)
    index.put(kind="ticket", object_id=row.pk, title=row.title, body=row.what, is_public=False, now=now)
    said = row.entries.standing().exclude(kind=Entry.Kind.EVENT).values_list("pk", "text")
    index.add_missing("entry", [(pk, "", text) for pk, text in said], now=now)
    return row


def _set(row: Ticket, *, is_confidential: bool, reason: str, actor: User, now: datetime) -> None:
    """Rules look again: what one of them makes confidential stays so."""
    row.is_confidential, row.evaluate_at = is_confidential, now
    row.save(update_fields=["is_confidential", "evaluate_at"])
    said = _("Made confidential.") if is_confidential else _("No longer confidential.")
    before, after = {"is_confidential": not is_confidential}, {"is_confidential": is_confidential, "reason": reason}
    journal.ticket_event(row, said, actor=actor, now=now, verb="set_confidential", before=before, after=after, because=reason)
