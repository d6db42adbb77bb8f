"""Finding by words, for staff: tickets, what was said on them, incidents, people, services, articles, problems.

Everything goes once more through what the reader may see. What is confidential is never found, not even by who may read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents import knowledge, legible
from incidents.models import Entry, Incident, Problem, Ticket
from incidents.models.incidents import IncidentQuerySet
from incidents.models.tickets import TicketQuerySet
from servicedesk.directory import tongues
from servicedesk.directory.models import Service, User
from servicedesk.search import index

NUMBER = re.compile(r"\s*(?:(T|INC|P)-?)?([0-9]{1,18})\s*", re.IGNORECASE)
TICKET, ENTRY = "ticket", "entry"
SHOWN, MORE = 5, 50
SPARE = 4  # so many times more are read, since what may not be seen falls out
LONGEST = 200
AROUND = 90  # letters before and after the word in an excerpt
PIECE = 500


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of things found. `more`: there are others than these."""

    kind: str
    word: str | Promise
    rows: Sequence[Any]
    more: bool = False


def jump(words: str, reader: User) -> str:
    """The path of what this number names, where the reader may see it; else nothing. A bare number is a ticket's."""
    found = NUMBER.fullmatch(words)
    if found is None:
        return ""
    letter, number = (found[1] or "T").upper(), int(found[2])
    if letter == "T" and TicketQuerySet(Ticket).visible_to(reader).filter(pk=number).exists():
        return f"/tickets/{number}/" if reader.is_desk_staff else f"/t/{number}/"
    if letter == "INC" and IncidentQuerySet(Incident).visible_to(reader).filter(pk=number).exists():
        return f"/incidents/{number}/"
    if letter == "P" and reader.is_desk_staff and Problem.objects.filter(pk=number).exists():
        return f"/problems/{number}/"
    return ""


def find(words: str, *, reader: User, kind: str = "") -> list[Group]:
    """A group for each kind, or the one that was asked for, which then shows more. Empty groups are left out."""
    words = legible.composed(words[:LONGEST].replace("\0", ""))
    if not index.WORD.search(words):
        return []
    limits = {name: MORE if kind == name else SHOWN for name in KINDS if kind in ("", name)}
    hits = _hits(words, reader, limits)
    groups = [KINDS[name](words, reader, limit, hits.get(name, ())) for name, limit in limits.items()]
    return [group for group in groups if group.rows]


def _hits(words: str, reader: User, limits: Mapping[str, int]) -> dict[str, Sequence[index.Hit]]:
    """What the index has of each kind it knows, looked for at once."""
    wanted = {
        TICKET: lambda limit: index.Wanted([TICKET], False, limit * SPARE),
        ENTRY: lambda limit: index.Wanted([ENTRY], False, limit * SPARE),
        "article": lambda limit: knowledge.wanted(reader, limit + 1),
    }
    names = [name for name in wanted if name in limits]
    return dict(zip(names, index.find_each(words, [wanted[name](limits[name]) for name in names]), strict=True))


def _tickets(words: str, reader: User, limit: int, hits: Sequence[index.Hit]) -> Group:
    return _group(TICKET, _("Tickets"), _readable([hit.object_id for hit in hits], reader), limit)


def _readable(numbers: list[int], reader: User) -> list[Ticket]:
    rows = TicketQuerySet(Ticket).visible_to(reader).filter(is_confidential=False).select_related("requester", "service")
    found = rows.in_bulk(numbers)
    return [found[number] for number in numbers if number in found]


def _entries(words: str, reader: User, limit: int, hits: Sequence[index.Hit]) -> Group:
    """What was said, with the words around what was looked for; of one ticket the best alone."""
    entries = Entry.objects.filter(withdrawn_at=None).select_related("author").in_bulk([hit.object_id for hit in hits])
    tickets = {ticket.pk: ticket for ticket in _readable(list({entry.ticket_id for entry in entries.values()}), reader)}
    seen: dict[int, tuple[Ticket, Entry, str]] = {}
    for hit in hits:
        entry = entries.get(hit.object_id)
        if entry is not None and entry.ticket_id in tickets:
            seen.setdefault(entry.ticket_id, (tickets[entry.ticket_id], entry, excerpt(entry.text, words)))
    return _group(ENTRY, _("Said on tickets"), list(seen.values()), limit)


def excerpt(text: str, words: str) -> str:
    """The text around the first of the words, in one line."""
    plain = " ".join(text.split())
    first = next(iter(index.WORD.findall(words)), "")
    at = max(plain.casefold().find(first.casefold()), 0)
    start, end = max(at - AROUND, 0), at + len(first) + AROUND
    return ("…" if start else "") + plain[start:end] + ("…" if end < len(plain) else "")


def _incidents(words: str, reader: User, limit: int, hits: Sequence[index.Hit]) -> Group:
    rows = IncidentQuerySet(Incident).visible_to(reader).filter(is_confidential=False).order_by("-pk")
    for word in index.WORD.findall(words)[: index.MOST_WORDS]:
        rows = rows.filter(Q(title__icontains=word) | Q(what__icontains=word))
    return _group("incident", _("Incidents"), rows[: limit + 1], limit)


def _people(words: str, reader: User, limit: int, hits: Sequence[index.Hit]) -> Group:
    rows = User.objects.get_queryset().active()
    for word in words.split()[: index.MOST_WORDS]:
        named = Q(name__icontains=word) | Q(username__icontains=word) | Q(email__icontains=word)
        rows = rows.filter(named | Q(phone__icontains=word) | Q(department__icontains=word))
    return _group("person", _("People"), rows.order_by("name", "pk")[: limit + 1], limit)


def _services(words: str, reader: User, limit: int, hits: Sequence[index.Hit]) -> Group:
    rows = Service.objects.active().select_related("team")
    for word in words.split()[: index.MOST_WORDS]:
        rows = rows.filter(Q(name__icontains=word) | Q(slug__icontains=word))
    return _group("service", _("Services"), rows.order_by("name")[: limit + 1], limit)


def _articles(words: str, reader: User, limit: int, hits: Sequence[index.Hit]) -> Group:
    return _group("article", _("Help articles"), knowledge.of_hits(hits, reader=reader), limit)


def _problems(words: str, reader: User, limit: int, hits: Sequence[index.Hit]) -> Group:
    rows = Problem.objects.order_by("-pk") if reader.is_desk_staff else Problem.objects.none()
    for word in index.WORD.findall(words)[: index.MOST_WORDS]:
        rows = rows.filter(Q(title__icontains=word) | Q(workaround__icontains=word))
    return _group("problem", _("Problems"), rows[: limit + 1], limit)


def _group(kind: str, word: str | Promise, rows: Any, limit: int) -> Group:
    found = list(rows)
    return Group(kind, word, found[:limit], len(found) > limit)


KINDS = {
    TICKET: _tickets, ENTRY: _entries, "incident": _incidents, "problem": _problems, "person": _people, "service": _services,
    "article": _articles,
}  # fmt: skip


def reindex(*, now: datetime) -> int:
    """Every ticket and word that is not in the index yet is put there, in pieces; how many."""
    return _index_tickets(now) + _index_entries(now)


def _index_tickets(now: datetime) -> int:
    last, done = 0, 0
    while rows := list(Ticket.objects.filter(pk__gt=last, is_confidential=False).order_by("pk").values_list("pk", "title", "what")[:PIECE]):
        last = rows[-1][0]
        done += _put(TICKET, rows, now)
    return done


def _index_entries(now: datetime) -> int:
    last, done = 0, 0
    said = Entry.objects.exclude(kind=Entry.Kind.EVENT).filter(ticket__is_confidential=False, withdrawn_at=None)
    while rows := [(pk, "", text) for pk, text in said.filter(pk__gt=last).order_by("pk").values_list("pk", "text")[:PIECE]]:
        last = rows[-1][0]
        done += _put(ENTRY, rows, now)
    return done


@tongues.deed
def _put(kind: str, rows: Sequence[tuple[int, str, str]], now: datetime) -> int:
    return index.add_missing(kind, rows, now=now)
