"""What of the employee's pages changes by itself, and the cursor that says whether it did."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpResponse

from incidents import silences
from incidents.models import Entry, Follower, Incident, Satisfaction, Ticket
from incidents.models.tickets import EntryQuerySet
from incidents.states import OPEN_TICKET, TicketState
from incidents.views import requester
from servicedesk import live
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.models import Service, User

SHOWN = 5
COARSE = 300  # seconds: when services were last checked is news no oftener


def answer(request: PersonRequest, page: str, context: dict[str, Any], now: datetime) -> HttpResponse:
    """What changed since the cursor the reader has. 204: nothing."""
    return live.news(request, page, {**context, "oob": True}, cursor=context["cursor"], now=now)


def of_home(reader: User, now: datetime) -> dict[str, Any]:
    """How the services are, and the reader's own tickets."""
    own = Ticket.objects.own(reader)
    shown: dict[str, Any] = {
        "incidents": list(Incident.objects.shown_to_employees().select_related("service").order_by("severity", "since")[:3]),
        "planned": list(silences.announced(now=now, ahead=silences.AHEAD)),
        "following": following(reader),
        "standing": requester.standing(Service.objects.active()),
        "open_tickets": [requester.Seen(t, now) for t in own.filter(state__in=OPEN_TICKET).order_by("-updated_at")[:SHOWN]],
        "solved_tickets": [requester.Seen(t, now) for t in own.filter(state=TicketState.SOLVED).order_by("-solved_at")[:3]],
    }
    return {**shown, "cursor": _of_home(**shown)}


def _of_home(*, incidents: Any, planned: Any, following: set[int], standing: requester.Standing, **tickets: Any) -> str:
    bad = [(row.pk, row.title, _word(row)) for row in incidents]
    coming = [(work.text, work.is_now, work.starts_at, work.ends_at) for work in planned]
    checked = standing.checked_at and int(standing.checked_at.timestamp()) // COARSE
    rows = [(seen.ticket.pk, seen.ticket.updated_at, seen.next_step) for group in tickets.values() for seen in group]
    return _fingerprint(bad, coming, sorted(following), standing.word, standing.names, checked, rows)


def following(reader: User) -> set[int]:
    """The outages this person said to have too."""
    return set(Follower.objects.filter(person=reader, told_at=None).values_list("incident", flat=True))


def of_ticket(found: Ticket, reader: User, now: datetime) -> dict[str, Any]:
    """Its state and conversation as its requester reads them."""
    whole = [found.pk, *Ticket.objects.own(reader).filter(merged_into=found).values_list("pk", flat=True)]
    said = EntryQuerySet(Entry).filter(ticket__in=whole).public(now)
    talk = list(said.select_related("author").prefetch_related("files").order_by("at", "id"))
    seen = requester.Seen(found, now)
    last = max((entry.pk for entry in _words(talk)), default=0)
    told = (found.updated_at, seen.word, seen.next_step, found.title, [entry.pk for entry in talk], _word(found.incident))
    shown = {"ticket": found, "seen": seen, "talk": talk, "files": found.files.filter(entry=None), "answers": Satisfaction.Answer.choices}
    shown["satisfaction"] = Satisfaction.objects.filter(ticket=found).first() if seen.word == requester.SOLVED else None
    return {**shown, "cursor": f"{_fingerprint(*told)}.{last}"}


def of_merged(found: Ticket, reader: User) -> dict[str, Any]:
    """Where it goes on, for who reads that too."""
    into = Ticket.objects.own(reader).filter(merged=found).first()
    return {"ticket": found, "into": into, "cursor": _fingerprint("merged", found.merged_into_id, into and into.title)}


def fresh(talk: Iterable[Entry], cursor: str, reader: User) -> Entry | None:
    """The newest word of somebody else that a page with this cursor does not show."""
    last = cursor.rpartition(".")[2]
    known = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else None
    new = [entry for entry in _words(talk) if known is not None and entry.pk > known and entry.author_id != reader.pk]
    return new[-1] if new else None


def _words(talk: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in talk if entry.kind != Entry.Kind.EVENT]


def _word(incident: Incident | None) -> int | None:
    """What employees were told of it last."""
    word = incident.public_word if incident is not None and incident.is_open else None
    return word.pk if word else None


def _fingerprint(*told: Any) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
