"""The plan at work: its four phases on each incident, the runbook of a service on its incidents, tickets and alerts, step by step.

What is ticked is written down where the work is: on the incident's timeline, in the ticket's history. An alert without an
incident keeps its steps itself; once it has one they are the incident's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import journal
from incidents.models import Incident, LinkedAlert, Plan, PlanStep, Runbook, Ticket, TimelineEntry
from incidents.states import IllegalMove, IncidentState
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Service, User

RUNBOOK = "runbook:"
LISTED = re.compile(r"^\s*(?:\d+[.)]|[-*])\s+(.+)$")
LONGEST = 400
WORKED = (IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED, IncidentState.RESOLVED)


class NoSuchStep(Exception):
    """The plan, and what this thing carries of it, has no such step."""


@dataclass(frozen=True, slots=True)
class Step:
    place: int
    text: str
    done_by: User | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A phase, or a runbook."""

    key: str
    title: str
    steps: Sequence[Step]

    @property
    def done(self) -> int:
        return sum(step.done_at is not None for step in self.steps)


def steps_in(text: str, *, is_listed: bool) -> list[str]:
    """A step a line; of a runbook, which is prose with a list in it, the lines of the list alone."""
    lines = text.splitlines()
    found = [match[1] for line in lines if (match := LISTED.match(line))] if is_listed else lines
    return [line.strip()[:LONGEST] for line in found if line.strip()]


def of_incident(incident: Incident) -> list[Part]:
    """The four phases, then the runbooks of its services."""
    services = [*([incident.service] if incident.service else []), *incident.more_services.all()]
    rows = PlanStep.objects.filter(Q(incident=incident) | Q(alert__incident=incident)).select_related("done_by")
    carried = _carried(sorted(rows, key=lambda row: (row.alert_id or 0, row.place)))
    return [part for part in (*_phases(carried), *_runbooks(services, carried)) if part.steps]


def of_alert(alert: LinkedAlert) -> list[Part]:
    """The runbook of its service; with an incident, as far as it was worked there."""
    if alert.service is None:
        return []
    mine = Q(incident=alert.incident_id) if alert.incident_id else Q()
    rows = PlanStep.objects.filter(mine | Q(alert=alert), part=f"{RUNBOOK}{alert.service.slug}").select_related("done_by")
    carried = _carried(sorted(rows, key=lambda row: (row.alert_id or 0, row.place)))
    return [part for part in _runbooks([alert.service], carried) if part.steps]


def of_ticket(ticket: Ticket) -> list[Part]:
    """The runbook of its service."""
    book = _books().get(ticket.service_id or 0)
    if ticket.service is None or book is None:
        return []
    carried = _carried(ticket.steps.select_related("done_by"))
    key = f"{RUNBOOK}{ticket.service.slug}"
    steps = carried.get(key) or _numbered(steps_in(book, is_listed=True))
    return [Part(key, _("Runbook: %(service)s") % {"service": ticket.service}, steps)] if steps else []


def _books() -> dict[int, str]:
    """The runbooks by service, looked up once a minute; empty where only a ticket still carries the steps of one."""
    return cast("dict[int, str]", cache.get_or_set("runbooks", _read_books, 60))


def _read_books() -> dict[int, str]:
    carried = PlanStep.objects.filter(ticket__isnull=False).values_list("ticket__service_id", flat=True).distinct()
    books = Runbook.objects.filter(service__is_active=True).values_list("service_id", "text")
    return {**dict.fromkeys(carried, ""), **dict(books)}


@tongues.deed
def tick(incident: Incident, part: str, place: int, *, is_done: bool, actor: User, now: datetime) -> PlanStep:
    """Done, or not after all. A repeat changes nothing. Raises IllegalMove (not worked on), NoSuchStep."""
    row = Incident.objects.locked(incident.pk)
    if row.state not in WORKED:
        raise IllegalMove(row.number, row.state, str(_("worked on by the checklist")))
    _take_over(row, part)
    step = _step(of_incident(row), part, place, incident=row)
    if _marked(step, is_done, actor, now):
        journal.line(row, TimelineEntry.Kind.NOTE, _said(step, of_incident(row)), now=now, actor=actor, data={"checklist": step.pk})
        trail.record(row, "step", actor=actor, now=now, after={"part": part, "place": place, "done": is_done})
    return step


@tongues.deed
def tick_ticket(ticket: Ticket, part: str, place: int, *, is_done: bool, actor: User, now: datetime) -> PlanStep:
    """As `tick`, on a ticket. Raises NoSuchStep."""
    row = Ticket.objects.locked(ticket.pk)
    step = _step(of_ticket(row), part, place, ticket=row)
    if _marked(step, is_done, actor, now):
        after = {"part": part, "place": place, "done": is_done}
        journal.ticket_event(row, _said(step, of_ticket(row)), actor=actor, now=now, verb="step", after=after)
    return step


@transaction.atomic
def tick_alert(alert: LinkedAlert, part: str, place: int, *, is_done: bool, actor: User, now: datetime) -> PlanStep:
    """As `tick`, on an alert that has no incident. Raises NoSuchStep."""
    row = LinkedAlert.objects.select_for_update(of=("self",)).select_related("service").get(pk=alert.pk)
    step = _step(of_alert(row), part, place, alert=row)
    if _marked(step, is_done, actor, now):
        trail.record(row, "step", actor=actor, now=now, after={"part": part, "place": place, "done": is_done})
    return step


def _take_over(incident: Incident, part: str) -> None:
    """What was worked on one of its alerts before is the incident's, unless it has begun that part itself."""
    if not part.isprintable() or incident.steps.filter(part=part).exists():
        return
    first = PlanStep.objects.filter(alert__incident=incident, part=part).order_by("alert").values_list("alert", flat=True).first()
    if first is not None:
        PlanStep.objects.filter(alert=first, part=part).update(incident=incident, alert=None)


def _carried(rows: Iterable[PlanStep]) -> dict[str, list[Step]]:
    """By part, each in its order; of a part that several carry the first one's."""
    found: dict[str, list[Step]] = {}
    whose: dict[str, int] = {}
    for row in rows:
        if whose.setdefault(row.part, row.alert_id or 0) == (row.alert_id or 0):
            found.setdefault(row.part, []).append(Step(row.place, row.text, row.done_by, row.done_at))
    return found


def _phases(carried: dict[str, list[Step]]) -> Iterator[Part]:
    plan = Plan.current()
    for name in Plan.PHASES:
        label = str(Plan._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        planned = _numbered(steps_in(getattr(plan, name), is_listed=False)) if plan else []
        yield Part(name, label, carried.get(name) or planned)


def _runbooks(services: Sequence[Service], carried: dict[str, list[Step]]) -> Iterator[Part]:
    """Of services in use; what is carried already stays, whatever became of the runbook."""
    books = {book.service_id: book for book in Runbook.objects.filter(service__in=services, service__is_active=True)} if services else {}
    for service in services:
        key = f"{RUNBOOK}{service.slug}"
        book = books.get(service.pk)
        planned = _numbered(steps_in(book.text, is_listed=True)) if book else []
        yield Part(key, _("Runbook: %(service)s") % {"service": service}, carried.get(key) or planned)


def _numbered(texts: Iterable[str]) -> list[Step]:
    return [Step(place, text) for place, text in enumerate(texts, 1)]


def _step(parts: Sequence[Part], part: str, place: int, **of: object) -> PlanStep:
    """The row of that step; the first tick of a part copies all of it."""
    found = next((one for one in parts if one.key == part), None)
    if found is None or not any(step.place == place for step in found.steps):
        raise NoSuchStep
    own = PlanStep.objects.filter(part=part, **of)
    if not own.exists():
        PlanStep.objects.bulk_create(PlanStep(part=part, place=step.place, text=step.text, **of) for step in found.steps)
    return own.get(place=place)


def _marked(step: PlanStep, is_done: bool, actor: User, now: datetime) -> bool:
    """Whether it was anything new."""
    if (step.done_at is not None) == is_done:
        return False
    step.done_at, step.done_by = (now, actor) if is_done else (None, None)
    step.save(update_fields=["done_at", "done_by"])
    return True


def _said(step: PlanStep, parts: Sequence[Part]) -> str:
    title = next(part.title for part in parts if part.key == step.part)
    words = {"part": title, "n": step.place, "text": step.text}
    return (_("%(part)s, step %(n)d done: %(text)s") if step.done_at else _("%(part)s, step %(n)d not done after all: %(text)s")) % words
