"""What was kept of a period, in order of time: evaluations with their facts, and what happened to tickets between them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Min, Q
from django.db.models.functions import Coalesce

from incidents.backtest.past import StreamedPast
from incidents.models import Entry, Evaluation, Incident, Ticket
from incidents.repeats import TICKET_COLUMNS
from incidents.states import IncidentState, TicketState

AT_ONCE = 500  # rows held of one stream
TELLING = ("move", "link", "unlink", "set_severity")


class Kept(NamedTuple):
    """One line of the past. Evaluations of a moment come before its events: what rules did then followed from them."""

    at: datetime
    kind: int
    pk: int
    ticket: int | None
    facts: Mapping[str, Any] | None
    data: Mapping[str, Any] | None
    by_person: bool


def kept(start: datetime, end: datetime) -> Iterator[Kept]:
    """Everything from start up to, not including, end."""
    return heapq.merge(_evaluations(start, end), _events(start, end), key=lambda one: one[:3])


def _evaluations(start: datetime, end: datetime) -> Iterator[Kept]:
    rows = Evaluation.objects.filter(at__gte=start, at__lt=end).order_by("at", "pk")
    for pk, at, ticket, facts in rows.values_list("pk", "at", "ticket_id", "facts").iterator(AT_ONCE):
        yield Kept(at, 0, pk, ticket, facts, None, False)


def _events(start: datetime, end: datetime) -> Iterator[Kept]:
    rows = Entry.objects.filter(kind=Entry.Kind.EVENT, at__gte=start, at__lt=end, data__verb__in=TELLING).order_by("at", "pk")
    for pk, at, ticket, author, data in rows.values_list("pk", "at", "ticket_id", "author_id", "data").iterator(AT_ONCE):
        yield Kept(at, 1, pk, ticket, None, data, author is not None)


def tell(past: StreamedPast, event: Kept) -> None:
    """What happened to a ticket, for those who count it later."""
    assert event.data is not None
    assert event.ticket is not None
    after = event.data.get("after", {})
    if event.data["verb"] == "move":
        past.merged(event.ticket, after.get("state") == TicketState.MERGED)
        if after.get("state") == TicketState.SOLVED:
            past.solved(event.ticket, event.at)
        elif after.get("state") == TicketState.OPEN:
            past.solved(event.ticket, None)
    elif event.data["verb"] in ("link", "unlink"):
        number = after.get("incident")
        past.linked(event.ticket, int(str(number).removeprefix("INC-")) if number else None)


def raised_by_person(event: Kept) -> bool:
    """Somebody of the desk said SEV1 or SEV2."""
    assert event.data is not None
    rank = event.data.get("after", {}).get("severity")
    return event.data["verb"] == "set_severity" and event.by_person and rank in (1, 2)


def declared_at() -> dict[int, datetime]:
    """Since when each incident has been more than a proposal; mere proposals are left out."""
    undeclared = (IncidentState.PROPOSED, IncidentState.REJECTED)
    rows = Incident.objects.exclude(state__in=undeclared).annotate(began=Coalesce("triggered_at", "created_at"))
    return dict(rows.values_list("pk", "began"))


def remember_firsts(past: StreamedPast, groupings: Iterable[tuple[str, ...]], before: datetime) -> None:
    """When the history of each group began, where that is older than what is streamed."""
    free = Q(incident=None) | Q(incident__state__in=(IncidentState.PROPOSED, IncidentState.REJECTED))
    rows = Ticket.objects.counting().filter(free, is_confidential=False, created_at__lt=before).exclude(state=TicketState.MERGED)
    for names in groupings:
        columns = [TICKET_COLUMNS[name] for name in names]
        for *values, first in rows.order_by().values_list(*columns).annotate(first=Min("created_at")):
            past.firsts[names, tuple(values)] = first
