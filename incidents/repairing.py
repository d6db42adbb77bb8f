"""Stored due times held against the history they come from, and put right. What turns late by that is listed, never paged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from incidents import targets
from incidents.deskhours import Desk
from incidents.models import Entry, Ticket
from incidents.states import OPEN_TICKET
from servicedesk.directory import tongues
from servicedesk.directory.models import Organisation
from servicedesk.jobs.models import Job

PIECE = 500
HOURS = "move due times"  # the kind of job that follows new desk hours (changed_hours)


@dataclass(frozen=True, slots=True)
class Difference:
    """One stored time that is not what the history says."""

    ticket: Ticket
    column: str
    stored: datetime | None
    right: datetime | None

    @property
    def turned_late(self) -> str:
        return f"T-{self.ticket.pk}"


def differences(*, now: datetime) -> Iterator[tuple[int, list[Difference]]]:
    """Every ticket in the order of numbers, in pieces: how many were looked at, and what differs among them.

    What was settled before the desk hours last changed keeps the times it was judged by: that is no difference.
    """
    changes = dict(Job.objects.filter(kind=HOURS).order_by("pk").values_list("parameters__site", "created_at"))
    last = 0
    while piece := list(Ticket.objects.filter(pk__gt=last).select_related("requester__site", "reported_by").order_by("pk")[:PIECE]):
        last = piece[-1].pk
        yield len(piece), [one for one in of_piece(piece, now=now) if not _stands(one.ticket, changes)]


def _stands(ticket: Ticket, changes: Mapping[int | None, datetime]) -> bool:
    if not ticket.is_open and ticket.hours_of not in (None, ticket.requester.site_id or 0):
        return True  # its requester moved since
    settled_at = None if ticket.is_open else ticket.closed_at or ticket.solved_at or ticket.updated_at
    return settled_at is not None and any(settled_at < changes[key] for key in {None, ticket.requester.site_id} & changes.keys())


def of_piece(piece: list[Ticket], *, now: datetime) -> list[Difference]:
    """What differs among these, which bring their requester's site with them."""
    entries, organisation = _entries(piece), Organisation.current()
    desks = {site.pk if site else None: targets.desk(site, organisation) for site in {ticket.requester.site for ticket in piece}}
    return [one for ticket in piece for one in _of(ticket, entries[ticket.pk], desks[ticket.requester.site_id], now)]


def _entries(piece: list[Ticket]) -> dict[int, list[Entry]]:
    rows: dict[int, list[Entry]] = defaultdict(list)
    told = Entry.objects.filter(ticket__in=[ticket.pk for ticket in piece]).order_by("id")
    for entry in told.only("ticket_id", "kind", "audience", "author_id", "data", "at", "withdrawn_at"):
        rows[entry.ticket_id].append(entry)
    return rows


def _of(ticket: Ticket, entries: list[Entry], hours: Desk, now: datetime) -> Iterator[Difference]:
    states = targets.evaluate(targets.events_of(ticket, entries), hours, now)
    for column, name in targets.STORED.items():
        right = targets.owed(states.get(name), column)
        stored: datetime | None = getattr(ticket, column)
        if stored != right:
            yield Difference(ticket, column, stored, right)


@tongues.deed
def repair(difference: Difference, *, now: datetime) -> bool:
    """Whether the ticket turned late by it: then its cause is the change and not the desk, and no rule is asked."""
    row = Ticket.objects.locked(difference.ticket.pk)
    before = row.first_answer_due_at
    targets.project(row, now=now, is_repair=True)
    after = row.first_answer_due_at
    turned = row.state in OPEN_TICKET and after is not None and after <= now and (before is None or before > now)
    if row.state in OPEN_TICKET and row.origin != Ticket.Origin.IMPORT:
        row.evaluate_at = now  # rules look when the old time would have come; they look again, and then at the new one
        row.is_due_quiet = row.is_due_quiet or turned
        row.save(update_fields=["evaluate_at", "is_due_quiet"])
    return turned
