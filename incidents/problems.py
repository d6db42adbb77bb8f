"""Recurring problems: what came three times in thirty days to one service in similar words, and the records made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from incidents import journal
from incidents.likeness import FAILS, likeness, signature
from incidents.models import Problem, Ticket
from incidents.states import TicketState
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User
from servicedesk.search import index

KIND = "problem"
WINDOW = timedelta(days=30)
OFTEN = 3
MOST_A_SERVICE = 600  # the newest; more say nothing new
MOST = 6_000  # the newest of all services: however many a month brings, as many are read
LONGEST = 4000


class Report(NamedTuple):
    """What of a ticket is compared and listed: thousands are read, as rows and not as tickets."""

    pk: int
    title: str
    slug: str
    service: str
    requester_id: int
    created_at: datetime
    signature: list[str]

    @property
    def number(self) -> str:
        return f"T-{self.pk}"


READ = ("pk", "title", "service__slug", "service__name", "requester_id", "created_at", "signature")


@dataclass(frozen=True, slots=True)
class Recurring:
    """Reports alike about one service, oldest first, with the words most of them share."""

    service: str
    slug: str
    tickets: list[Report]
    words: list[str]

    @property
    def people(self) -> int:
        return len({ticket.requester_id for ticket in self.tickets})


def recurring(*, now: datetime, reader: User) -> list[Recurring]:
    """The most frequent first, of what stands in no problem yet: among the newest `MOST` reports, of a service `MOST_A_SERVICE`."""
    by_service: dict[str, list[Report]] = defaultdict(list)
    for row in _newest(now, reader):
        report = Report(*row)
        if len(by_service[report.slug]) < MOST_A_SERVICE:
            by_service[report.slug].append(report)
    found = [group for reports in by_service.values() for group in _groups(reports[::-1])]
    return sorted(found, key=lambda group: (-len(group.tickets), group.tickets[0].pk))


def _newest(now: datetime, reader: User) -> Iterable[tuple[Any, ...]]:
    """By an anti-join, which keeps to the order of the index: a joined `problems=None` is taken for a rare thing, and sorts a month."""
    named: Any = Problem.tickets.through.objects
    rows = Ticket.objects.get_queryset().counting().filter(created_at__gt=now - WINDOW, created_at__lte=now)  # type: ignore[attr-defined]
    rows = (
        rows.visible_to(reader)
        .filter(~Exists(named.filter(ticket=OuterRef("pk"))), is_confidential=False, service__isnull=False)
        .exclude(state=TicketState.MERGED)
    )
    return rows.order_by("-created_at").values_list(*READ)[:MOST]  # type: ignore[no-any-return]


def _groups(tickets: list[Report]) -> list[Recurring]:
    """Each ticket joins the first group whose first ticket it is like; only those that share a word are compared."""
    leaders: list[tuple[Report, list[Report]]] = []
    naming: dict[str, list[int]] = defaultdict(list)
    for ticket in tickets:
        words = [word for word in ticket.signature if word != FAILS]
        near = sorted({at for word in words for at in naming[word[:5]]})
        home = next((at for at in near if likeness(ticket.signature, leaders[at][0].signature).is_similar), None)
        if home is None:
            home = len(leaders)
            leaders.append((ticket, []))
            for word in words:
                naming[word[:5]].append(home)
        leaders[home][1].append(ticket)
    return [_told(members) for _leader, members in leaders if len(members) >= OFTEN]


def _told(members: list[Report]) -> Recurring:
    counted: dict[str, int] = defaultdict(int)
    for ticket in members:
        for word in ticket.signature:
            counted[word] += word != FAILS
    often = sorted(counted, key=lambda word: (-counted[word], word))
    words = [word for word in often if counted[word] * 2 > len(members)][:5]
    return Recurring(members[0].service, members[0].slug, members, words)


@tongues.deed
def make(tickets: Iterable[Ticket], *, title: str, actor: User, now: datetime) -> Problem:
    """A record of these tickets; confidential ones stay out."""
    rows = [ticket for ticket in tickets if not ticket.is_confidential]
    made = Problem.objects.create(
        title=title[:200], service=next((row.service for row in rows if row.service), None), owner=actor,
        signature=list(signature(f"{title}\n{rows[0].what if rows else ''}")), created_at=now, updated_at=now,
    )  # fmt: skip
    trail.record(made, "make", actor=actor, now=now, after={"tickets": [row.pk for row in rows]})
    for row in rows:
        _add(made, row, actor, now)
    return made


@tongues.deed
def add(problem: Problem, ticket: Ticket, *, actor: User, now: datetime) -> None:
    """One more ticket of it; once."""
    if not ticket.is_confidential and not problem.tickets.filter(pk=ticket.pk).exists():
        _add(problem, ticket, actor, now)


def _add(problem: Problem, ticket: Ticket, actor: User, now: datetime) -> None:
    problem.tickets.add(ticket)
    said = _("Part of problem %(number)s: %(title)s.") % {"number": problem.number, "title": problem.title}
    journal.ticket_event(ticket, said, actor=actor, now=now, verb="problem", after={"problem": problem.pk})


@tongues.deed
def change(problem: Problem, *, actor: User, now: datetime, **told: Any) -> Problem:
    """Title, state, cause, workaround, owner, and whether everybody reads it. What is published is found in the portal."""
    row = Problem.objects.select_for_update().get(pk=problem.pk)
    before = {name: getattr(row, name) for name in told if getattr(row, name) != told[name]}
    if not before:
        return row
    for name in before:
        setattr(row, name, told[name])
    row.updated_at = now
    row.save(update_fields=[*before, "updated_at"])
    if row.is_published and row.workaround and row.state != Problem.State.SOLVED:
        index.put(kind=KIND, object_id=row.pk, title=row.title, body=row.workaround, is_public=True, now=now)
    else:
        index.remove(kind=KIND, object_id=row.pk)
    after = {name: told[name] for name in before}
    trail.record(row, "change", actor=actor, now=now, before=_legible(before), after=_legible(after))
    return row


def _legible(columns: dict[str, Any]) -> dict[str, Any]:
    """A person as the trail names one."""
    return {name: value.username if isinstance(value, User) else value for name, value in columns.items()}
