"""Somebody leaves: what names them, and handing it to a successor, so that nobody who is gone is anybody's only hope."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from incidents import breaking_names, tickets
from incidents.models import LastResort, PlanRole, Rule, StepTarget, Ticket
from incidents.states import OPEN_TICKET
from servicedesk.audit import trail
from servicedesk.directory.models import Service, Team, User
from servicedesk.oncall.models import Schedule

# the columns in which a person is answerable; turns on call are arranged on their own page, which keeps who was on call
PLACES: tuple[tuple[Any, str], ...] = (
    (StepTarget, "person"), (LastResort, "person"), (Team, "manager"), (Service, "owner"), (Schedule, "fallback"), (Rule, "owner"),
    (PlanRole, "holder"), (PlanRole, "deputy"),
)  # fmt: skip


def depends(person: User, *, now: datetime) -> list[str]:
    """What names this person, in words."""
    return [words for words, _link in breaking_names.of_person(person, now=now)]


@transaction.atomic
def hand_over(person: User, successor: User, *, actor: User, now: datetime) -> int:
    """Put the successor in every place but turns on call, each on the trail; open tickets too, or to nobody where they work none."""
    done = sum(_place(model, column, person, successor, actor, now) for model, column in PLACES)
    works = successor.is_agent or successor.is_manager
    for ticket in Ticket._base_manager.filter(assignee=person, state__in=OPEN_TICKET).order_by("pk"):
        tickets.assign(ticket, to=successor if works else None, actor=actor, now=now)
        done += 1
    return done


def _place(model: Any, column: str, person: User, successor: User, actor: User, now: datetime) -> int:
    rows = list(model._base_manager.select_for_update().filter(**{column: person}).order_by("pk"))
    for row in rows:
        setattr(row, column, successor)
        row.save(update_fields=[column])
        said = {column: person.username}, {column: successor.username}
        trail.record(row, "hand over", actor=actor, now=now, before=said[0], after=said[1])
    return len(rows)
