"""Stored due times held against the history they come from, and put right. What turns late by that is listed, never paged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from incidents import clocks, targets
from incidents.deskhours import Desk
from incidents.models import Entry, Ticket
from incidents.states import OPEN_TICKET
from servicedesk.directory.models import Organisation

PIECE = 500


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
    """Every ticket in the order of numbers, in pieces: how many were looked at, and what differs among them."""
    desks: dict[int | None, Desk] = {}
    organisation, last = Organisation.current(), 0
    while piece := list(Ticket.objects.filter(pk__gt=last).select_related("requester__site", "reported_by").order_by("pk")[:PIECE]):
        last = piece[-1].pk
        entries = _entries(piece)
        found: list[Difference] = []
        for ticket in piece:
            site = ticket.requester.site
            key = site.pk if site else None
            if key not in desks:
                desks[key] = targets.desk(site, organisation)
            found += _of(ticket, entries[ticket.pk], desks[key], now)
        yield len(piece), found


def _entries(piece: list[Ticket]) -> dict[int, list[Entry]]:
    rows: dict[int, list[Entry]] = defaultdict(list)
    told = Entry.objects.filter(ticket__in=[ticket.pk for ticket in piece]).order_by("id")
    for entry in told.only("ticket_id", "kind", "audience", "author_id", "data", "at", "withdrawn_at"):
        rows[entry.ticket_id].append(entry)
    return rows


def _of(ticket: Ticket, entries: list[Entry], hours: Desk, now: datetime) -> Iterator[Difference]:
    states = clocks.evaluate(targets.events_of(ticket, entries), targets.TARGETS, hours, now)
    for column, name in targets.STORED.items():
        right = targets.owed(states.get(name), column)
        stored: datetime | None = getattr(ticket, column)
        if stored != right:
            yield Difference(ticket, column, stored, right)


@transaction.atomic
def repair(difference: Difference, *, now: datetime) -> bool:
    """Whether the ticket turned late by it: then its cause is the change and not the desk, and no rule is asked."""
    row = Ticket.objects.locked(difference.ticket.pk)
    before = row.first_answer_due_at
    targets.project(row, now=now)
    after = row.first_answer_due_at
    turned = row.state in OPEN_TICKET and after is not None and after <= now and (before is None or before > now)
    if turned:
        row.is_due_quiet = True
        row.save(update_fields=["is_due_quiet"])
    return turned
