"""Two tickets made one, and undone: the merged one is a tombstone that leads on, and every entry stays where it was written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents import around, automation, journal, moves, targets
from incidents.models import Entry, Ticket, TicketLink, Watcher
from incidents.states import TicketState
from incidents.vault import Kept
from servicedesk.directory import tongues
from servicedesk.directory.models import User


class CannotJoin(ValueError):
    """These tickets cannot be merged or tied; the message says why."""


@tongues.deed
def merge(ticket: Ticket, *, into: Ticket, actor: User, now: datetime) -> Ticket:
    """The first leads to the second from now on; whoever asked there reads it. Raises CannotJoin, IllegalMove."""
    source, target = _both(ticket, into)
    if source.state == TicketState.MERGED and source.merged_into_id == target.pk:
        return target
    if target.state == TicketState.MERGED:
        raise CannotJoin(tongues.later("%(number)s is merged itself.", {"number": target.number}))
    brought = list(Ticket.objects.filter(merged_into=source).values_list("pk", flat=True))
    watching = _join_askers(source, target, actor, now)
    kept = {"state": source.state, "waiting_for": source.waiting_for, "brought": brought, "watching": watching}
    said = _("Merged into %(number)s.") % {"number": target.number}
    columns: dict[str, Any] = {"merged_into": target, "waiting_for": "", "evaluate_at": None, "settle_at": None, "unrated_due_at": None}
    moves.move_ticket(source, TicketState.MERGED, now=now, actor=actor, text=said, **columns)
    journal.ticket_event(source, said, actor=actor, now=now, verb="merge", before=kept, after={"into": target.pk})
    Ticket.objects.filter(pk__in=brought).update(merged_into=target)
    targets.project(source, now=now)
    journal.ticket_event(
        target,
        _("%(number)s was merged into this.") % {"number": source.number},
        actor=actor,
        now=now,
        verb="merged",
        after={"from": source.pk},
    )
    return target


@tongues.deed
def unmerge(ticket: Ticket, *, actor: User, now: datetime) -> Ticket:
    """As it was before, with all that was written since staying where it was written. Not merged: unchanged."""
    row = Ticket.objects.locked(ticket.pk)
    if row.state != TicketState.MERGED or row.merged_into is None:
        return row
    _source, target = _both(row, row.merged_into)
    kept = row.entries.filter(kind=Entry.Kind.EVENT, data__verb="merge").order_by("-id")[0].data["before"]
    said = _("Taken out of %(number)s again.") % {"number": target.number}
    columns = {"merged_into": None, "waiting_for": kept["waiting_for"], "evaluate_at": now}
    moves.move_ticket(row, kept["state"], now=now, actor=actor, text=said, undoes=True, **columns)
    Ticket.objects.filter(pk__in=kept["brought"]).update(merged_into=row)
    for watcher in Watcher.objects.filter(ticket=target, person__in=kept["watching"]).select_related("person"):
        around.unwatch(target, person=watcher.person, actor=actor, now=now)
    targets.project(row, now=now)
    words = _("%(number)s was taken out again.") % {"number": row.number}
    journal.ticket_event(target, words, actor=actor, now=now, verb="unmerged", after={"from": row.pk})
    return row


@tongues.deed
def split(entry: Entry, *, title: str, actor: User, now: datetime) -> Ticket:
    """What was said in one entry as a ticket of its own, by whoever said it; the entry stays and names it."""
    ticket = Ticket.objects.locked(entry.ticket_id)
    if entry.kind == Entry.Kind.EVENT or entry.withdrawn_at is not None:
        raise CannotJoin(tongues.later("Only what somebody said can be split out."))
    if done := entry.data.get("split_to"):
        return Ticket.objects.get(pk=done)
    theirs = entry.author if entry.author and entry.data.get("heard") else ticket.requester
    answers: dict[str, Any] = {
        "impacted": ticket.impacted,
        "impacted_count": ticket.impacted_count,
        "impacted_group": ticket.impacted_group,
    }
    files = [Kept(file.name, file.size, file.sha256, file.kind) for file in entry.files.all()]
    made = automation.file_ticket(
        requester=theirs, reported_by=actor, what=entry.text, title=title, origin=Ticket.Origin.STAFF, effect=ticket.effect,
        loss=ticket.is_loss, service=ticket.service, out_of=ticket, files=files, now=now, **answers,
    )  # fmt: skip
    entry.data = {**entry.data, "split_to": made.pk}
    entry.save(update_fields=["data"])
    _tie(ticket, made, TicketLink.Kind.SPLIT, actor, now)
    journal.ticket_event(
        ticket, _("One message is now %(number)s.") % {"number": made.number}, actor=actor, now=now, verb="split", after={"to": made.pk}
    )
    return made


@tongues.deed
def link(ticket: Ticket, other: Ticket, *, actor: User, now: datetime) -> TicketLink:
    """The two have to do with each other. Once. Raises CannotJoin."""
    one, two = _both(ticket, other)
    made = _tie(one, two, TicketLink.Kind.RELATED, actor, now)
    for row, named in ((one, two), (two, one)):
        said = _("Has to do with %(number)s.") % {"number": named.number}
        journal.ticket_event(row, said, actor=actor, now=now, verb="tie", after={"ticket": named.pk})
    return made


@tongues.deed
def unlink(tie: TicketLink, *, actor: User, now: datetime) -> None:
    one, two = _both(tie.one, tie.other)
    tie.delete()
    for row, named in ((one, two), (two, one)):
        said = _("Has nothing to do with %(number)s.") % {"number": named.number}
        journal.ticket_event(row, said, actor=actor, now=now, verb="untie", before={"ticket": named.pk})


def _tie(one: Ticket, other: Ticket, kind: str, actor: User, now: datetime) -> TicketLink:
    low, high = sorted((one, other), key=lambda row: row.pk)
    made, _new = TicketLink.objects.get_or_create(one=low, other=high, defaults={"kind": kind, "made_by": actor, "at": now})
    return made


def _both(ticket: Ticket, other: Ticket) -> tuple[Ticket, Ticket]:
    """Both rows, held in the order of their numbers. Raises CannotJoin where they are one, or only one is confidential."""
    if ticket.pk == other.pk:
        raise CannotJoin(tongues.later("That is this ticket."))
    held = {row.pk: row for row in Ticket.objects.select_for_update().filter(pk__in=[ticket.pk, other.pk]).order_by("pk")}
    if held[ticket.pk].is_confidential != held[other.pk].is_confidential:
        raise CannotJoin(tongues.later("One of them is confidential and the other is not."))
    return held[ticket.pk], held[other.pk]


def _join_askers(source: Ticket, target: Ticket, actor: User, now: datetime) -> list[int]:
    """Whoever asked there watches here; those who did not before."""
    known = target.asker_ids | set(target.watchers.values_list("person", flat=True))
    new = User.objects.filter(pk__in=source.asker_ids - known)
    for person in new:
        around.watch(target, person=person, actor=actor, now=now)
    return [person.pk for person in new]
