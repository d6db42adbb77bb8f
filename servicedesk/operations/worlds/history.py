"""Ninety days of a desk's past, as if brought along from the desk before: solved, closed, and of no concern to any rule."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import transaction

from incidents.likeness import signature
from incidents.models import Entry, Ticket
from incidents.states import TicketState
from incidents.tickets import title_of
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from servicedesk.operations.worlds.stories import COLLEAGUES, GROUPS, PLACES, STORIES, Story

DAYS, NUMBER = 90, 1000
SEED = 1123
CLOSES_AFTER = timedelta(days=14)
WEEK = (19, 17, 15, 15, 13, 1, 1)  # reports by week day, Monday first
HOURS = {7: 2, 8: 9, 9: 15, 10: 13, 11: 10, 12: 4, 13: 7, 14: 11, 15: 9, 16: 7, 17: 4, 18: 2, 20: 1, 22: 1}
ANSWER_MIN = {2: 14, 3: 25, 4: 90}  # medians
SOLVE_MIN = {2: 170, 3: 420, 4: 900}
WHY_SEVERITY = "Severity as the former desk had it."


@dataclass
class Dice:
    """The same past every time."""

    random: random.Random
    company: Company
    people: list[User]
    agents: list[User]

    def spread(self, median_min: float) -> timedelta:
        """A duration around this median: often shorter, sometimes much longer."""
        return timedelta(seconds=int(60 * median_min * self.random.lognormvariate(0, 0.7)))


@transaction.atomic
def write(company: Company, *, now: datetime, number: int = NUMBER) -> None:
    """Tickets 1 to `number`, the oldest first, over the ninety days before `now`; and the colleagues who reported them."""
    people = colleagues(company, now=now)
    agents = [company.people[name] for name in ("ana", "ben", "sam")]
    dice = Dice(random.Random(SEED), company, people, agents)  # noqa: S311  (no secret: a past that repeats)
    moments = sorted(_moments(dice, now, number))
    tickets = [_ticket(dice, pk, at, now) for pk, at in enumerate(moments, 1)]
    Ticket.objects.bulk_create([ticket for ticket, _story in tickets], batch_size=200)
    Entry.objects.bulk_create([entry for ticket, story in tickets for entry in _entries(ticket, story)], batch_size=500)


def colleagues(company: Company, *, now: datetime) -> list[User]:
    """People who report things and sign in nowhere."""
    site, locked = company.people["ella"].site, make_password(None)
    rows = [
        User(
            username=username, name=name, email=f"{username}@acme.example", department=GROUPS[at % len(GROUPS)], site=site,
            password=locked, created_at=now - timedelta(days=400),
        )
        for at, (username, name) in enumerate(COLLEAGUES)
    ]  # fmt: skip
    return User.objects.bulk_create(rows)


def _moments(dice: Dice, now: datetime, number: int) -> Iterator[datetime]:
    """By the week and the day of an office, in its own zone, and never in the last hours before now."""
    zone = ZoneInfo(dice.company.organisation.zone)
    start = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    days = [start + timedelta(days=day) for day in range(DAYS)]
    weights = [WEEK[day.weekday()] for day in days]
    for day in dice.random.choices(days, weights, k=number):
        hour = dice.random.choices(list(HOURS), list(HOURS.values()))[0]
        at = day.replace(hour=hour, minute=dice.random.randrange(60), second=dice.random.randrange(60))
        yield at.astimezone(now.tzinfo)


def _ticket(dice: Dice, pk: int, at: datetime, now: datetime) -> tuple[Ticket, Story]:
    story = dice.random.choices(STORIES, [one.weight for one in STORIES])[0]
    group = dice.random.choice(GROUPS)
    what = story.what.format(place=dice.random.choice(PLACES), group=group, number=dice.random.randrange(4, 28))
    service = dice.company.services.get(story.service)
    answered_at = min(at + dice.spread(ANSWER_MIN[story.severity]), now - timedelta(minutes=20))
    solved_at = min(answered_at + dice.spread(SOLVE_MIN[story.severity]), now - timedelta(minutes=10))
    closed_at = solved_at + CLOSES_AFTER if solved_at + CLOSES_AFTER <= now else None
    ticket = Ticket(
        pk=pk,
        title=title_of(what),
        what=what,
        origin=Ticket.Origin.IMPORT,
        external_ref=f"OLD-{41_300 + pk}",
        kind=Ticket.Kind.REQUEST if story.effect == "question" else Ticket.Kind.REPORT,
        state=TicketState.CLOSED if closed_at else TicketState.SOLVED,
        impacted=story.impacted,
        impacted_count=dice.random.randrange(2, 9) if story.impacted == "several" else None,
        impacted_group=group if story.impacted == "department" else "",
        effect=story.effect,
        severity=story.severity,
        severity_reasons=[{"rank": story.severity, "at": at.isoformat(), "by": "import", "text": WHY_SEVERITY}],
        requester=dice.random.choice(dice.people),
        assignee=dice.random.choice(dice.agents),
        service=service,
        team=service.team if service else dice.company.teams["service-desk"],
        signature=list(signature(f"{title_of(what)}\n{what}")),
        created_at=at,
        first_answered_at=answered_at,
        solved_at=solved_at,
        closed_at=closed_at,
        updated_at=closed_at or solved_at,
    )
    return ticket, story


def _entries(ticket: Ticket, story: Story) -> Iterator[Entry]:
    """Received, answered, solved, closed."""
    assert ticket.first_answered_at is not None
    assert ticket.solved_at is not None
    who = ticket.assignee
    yield _event(ticket, "Received imported.", ticket.created_at, verb="file", actor=ticket.requester)
    yield _event(ticket, f"Open: {who} answered.", ticket.first_answered_at, before="new", after="open", actor=who)
    yield _said(ticket, f"Hello {ticket.requester.get_short_name()}, I am looking into it.", ticket.first_answered_at)
    yield _said(ticket, story.answer, ticket.solved_at)
    yield _event(ticket, "Solved.", ticket.solved_at, before="open", after="solved", actor=who, audience=Entry.Audience.PUBLIC)
    if ticket.closed_at is not None:
        yield _event(ticket, "Closed.", ticket.closed_at, before="solved", after="closed")


def _said(ticket: Ticket, text: str, at: datetime) -> Entry:
    return Entry(ticket=ticket, kind=Entry.Kind.REPLY, audience=Entry.Audience.PUBLIC, author=ticket.assignee, text=text, at=at)


def _event(
    ticket: Ticket,
    text: str,
    at: datetime,
    *,
    verb: str = "move",
    before: str = "",
    after: str = "",
    actor: User | None = None,
    audience: str = Entry.Audience.STAFF,
) -> Entry:
    states: dict[str, Any] = {"before": {"state": before} if before else {}, "after": {"state": after} if after else {}}
    data = {"verb": verb, "because": "", **states}
    return Entry(ticket=ticket, kind=Entry.Kind.EVENT, audience=audience, author=actor, text=text, data=data, at=at)
