"""Ninety days of a desk's past: reported, rated by the rules, solved and closed, with the facts the rules saw. Nothing is sent.

The escalation rules ran as shadows all that time: they wrote down what they would have done, and opened nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import transaction

from incidents import clocks, finding, levels, targets, wording
from incidents.clocks import Event
from incidents.deskhours import Desk
from incidents.likeness import signature
from incidents.models import Entry, Ticket
from incidents.states import TicketState
from incidents.tickets import title_of
from servicedesk.directory import zones
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from servicedesk.operations.worlds.remembered import remember
from servicedesk.operations.worlds.stories import COLLEAGUES, GROUPS, MORE_COLLEAGUES, OUTBREAKS, PLACES, STORIES, Story

DAYS, NUMBER = 90, 1000
SEED = 1123
CLOSES_AFTER = timedelta(days=14)
WEEK = (19, 17, 15, 15, 13, 1, 1)  # reports by week day, Monday first
HOURS = {7: 2, 8: 9, 9: 15, 10: 13, 11: 10, 12: 4, 13: 7, 14: 11, 15: 9, 16: 7, 17: 4, 18: 2, 20: 1, 22: 1}
ANSWER_MIN = {2: 14, 3: 25, 4: 90}  # medians
SOLVE_MIN = {2: 170, 3: 420, 4: 900}
ORIGINS = {Ticket.Origin.PORTAL: 6, Ticket.Origin.MAIL: 3, Ticket.Origin.STAFF: 2}
QUIET = timedelta(days=9)  # so long before now, nobody has reported who may do so today
OUTBREAK_NUMBER, OUTBREAK_ANSWER = 10, "It was the same trouble for all of you; it is mended."
RAISED_AFTER = timedelta(minutes=14)  # when a person saw that it was one trouble


@dataclass
class Dice:
    """The same past every time."""

    random: random.Random
    company: Company
    people: list[User]
    agents: list[User]
    now: datetime

    def reporter(self, at: datetime) -> User:
        return self.random.choice(self.people if self.now - at > QUIET else self.people[len(COLLEAGUES) :])

    def spread(self, median_min: float) -> timedelta:
        """A duration around this median: often shorter, sometimes much longer."""
        return timedelta(seconds=int(60 * median_min * self.random.lognormvariate(0, 0.7)))


@dataclass(frozen=True, slots=True)
class Report:
    """When it came and what it tells; `is_raised`: a person made it SEV2."""

    at: datetime
    story: Story
    reporter: User
    place: str
    group: str
    is_raised: bool = False


@transaction.atomic
def write(company: Company, *, now: datetime, number: int = NUMBER) -> None:
    """Tickets 1 to `number`, the oldest first, over the ninety days before `now`; and the colleagues who reported them."""
    people = colleagues(company, now=now)
    agents = [company.people[name] for name in ("ana", "ben", "sam")]
    dice = Dice(random.Random(SEED), company, people, agents, now)  # noqa: S311  (no secret: a past that repeats)
    outbreaks = list(_outbreaks(dice)) if number == NUMBER else []
    single = [_single(dice, at) for at in _moments(dice, now, number - len(outbreaks))]
    reports = sorted([*outbreaks, *single], key=lambda report: report.at)
    tickets = [(_ticket(dice, pk, report), report) for pk, report in enumerate(reports, 1)]
    kept = remember([ticket for ticket, _report in tickets])
    for ticket, report in tickets:
        if report.is_raised:
            _raise_by_hand(ticket)
    hours = targets.desk(company.people["ella"].site, company.organisation)
    for ticket, _report in tickets:
        _fall_due(ticket, hours, now)
    Ticket.objects.bulk_create([ticket for ticket, _report in tickets], batch_size=200)
    Entry.objects.bulk_create([entry for ticket, report in tickets for entry in _entries(ticket, report.story)], batch_size=500)
    kept.write()
    finding.reindex(now=now)


def colleagues(company: Company, *, now: datetime) -> list[User]:
    """People who report things and sign in nowhere; those who may report today come first."""
    site, locked = company.people["ella"].site, make_password(None)
    names = [*COLLEAGUES, *((name.lower().replace(" ", "."), name) for name in MORE_COLLEAGUES)]
    rows = [
        User(
            username=username, name=name, email=f"{username}@acme.example", department=GROUPS[at % len(GROUPS)], site=site,
            password=locked, created_at=now - timedelta(days=400),
        )
        for at, (username, name) in enumerate(names)
    ]  # fmt: skip
    return User.objects.bulk_create(rows)


def _outbreaks(dice: Dice) -> Iterator[Report]:
    """Now and then one trouble is reported by several people within minutes; of every second one somebody makes a SEV2."""
    zone = ZoneInfo(dice.company.organisation.zone)
    today = dice.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for which in range(OUTBREAK_NUMBER):
        service, effect, words = OUTBREAKS[which % len(OUTBREAKS)]
        day = today - timedelta(days=12 + 7 * which + dice.random.randrange(5))
        at = day.replace(hour=dice.random.choice((8, 9, 10, 13, 14)), minute=dice.random.randrange(60)).astimezone(dice.now.tzinfo)
        place, group = dice.random.choice(PLACES), dice.random.choice(GROUPS)
        people = dice.random.sample(dice.people, k=dice.random.randrange(3, 7))
        for nth, person in enumerate(people):
            story = Story(service, words, "me", effect, 4, OUTBREAK_ANSWER)
            yield Report(at, story, person, place, group, is_raised=which % 2 == 0 and nth == 2)
            at += timedelta(seconds=dice.random.randrange(60, 420))


def _single(dice: Dice, at: datetime) -> Report:
    story = dice.random.choices(STORIES, [one.weight for one in STORIES])[0]
    return Report(at, story, dice.reporter(at), dice.random.choice(PLACES), dice.random.choice(GROUPS))


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


def _ticket(dice: Dice, pk: int, report: Report) -> Ticket:
    """As it stands today but for its severity, which the rules say."""
    story, at, now = report.story, report.at, dice.now
    what = story.what.format(place=report.place, group=report.group, number=dice.random.randrange(4, 28))
    service = dice.company.services.get(story.service)
    answered_at = min(at + dice.spread(ANSWER_MIN[story.severity]), now - timedelta(minutes=20))
    solved_at = min(answered_at + dice.spread(SOLVE_MIN[story.severity]), now - timedelta(minutes=10))
    closed_at = solved_at + CLOSES_AFTER if solved_at + CLOSES_AFTER <= now else None
    return Ticket(
        pk=pk,
        title=title_of(what),
        what=what,
        origin=dice.random.choices(list(ORIGINS), list(ORIGINS.values()))[0],
        kind=Ticket.Kind.REQUEST if story.effect == "question" else Ticket.Kind.REPORT,
        state=TicketState.CLOSED if closed_at else TicketState.SOLVED,
        impacted=story.impacted,
        impacted_count=dice.random.randrange(2, 9) if story.impacted == "several" else None,
        impacted_group=report.group if story.impacted == "department" else "",
        effect=story.effect,
        requester=report.reporter,
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


def _raise_by_hand(ticket: Ticket) -> None:
    """Whoever had it saw that it was more than one person's trouble."""
    at, who = ticket.created_at + RAISED_AFTER, ticket.assignee
    assert who is not None
    why = wording.why_overridden(str(who), 2, zones.local(at, None), "several people report it")
    reason = {"rank": 2, "at": at.isoformat(), "by": "person", "text": why, "reason": "several people report it"}
    ticket.severity_reasons = [*ticket.severity_reasons, reason]
    ticket.severity, ticket.severity_by = 2, who


def _fall_due(ticket: Ticket, hours: Desk, now: datetime) -> None:
    """When its answer and its solution were due, by the clocks themselves."""
    now_runs = targets.target_of(ticket).severity
    ranks = [one["rank"] for one in ticket.severity_reasons if one["rank"]]
    events = [Event("created", ticket.created_at, ranks[0] if len(ranks) > 1 else now_runs)]
    if len(ranks) > 1:
        events.append(Event("severity", ticket.created_at + RAISED_AFTER, ranks[-1]))
    events += [Event("answer", at) for at in [ticket.first_answered_at] if at]
    events += [Event(kind, at, value) for kind, at, value in _waits(ticket)]
    events += [Event("solved", at) for at in [ticket.solved_at] if at]
    states = clocks.evaluate(sorted(events, key=lambda one: one.at), levels.BEGINNING.targets, hours, now)
    ticket.first_answer_due_at, ticket.solution_due_at = states["first_response"].due_at, states["resolution"].due_at


def _waits(ticket: Ticket) -> Iterator[tuple[Literal["waiting", "resumed"], datetime, str | None]]:
    """Some tickets of the VPN waited for the carrier."""
    if ticket.service is None or ticket.service.slug != "vpn" or ticket.pk % 7 or not (ticket.first_answered_at and ticket.solved_at):
        return
    start = ticket.first_answered_at + timedelta(minutes=10)
    end = min(start + (ticket.pk % 5 + 1) * timedelta(minutes=75), ticket.solved_at - timedelta(minutes=5))
    if end - start > timedelta(minutes=30):
        yield "waiting", start, Ticket.Waiting.VENDOR.value
        yield "resumed", end, None


def _entries(ticket: Ticket, story: Story) -> Iterator[Entry]:
    """Received, answered, solved, closed."""
    assert ticket.first_answered_at is not None
    assert ticket.solved_at is not None
    who = ticket.assignee
    received = f"Received {ticket.get_origin_display()}."
    yield _event(ticket, received, ticket.created_at, verb="file", actor=ticket.requester)
    yield from _severities(ticket)
    yield _event(ticket, f"Open: {who} answered.", ticket.first_answered_at, before="new", after="open", actor=who)
    yield _said(ticket, f"Hello {ticket.requester.get_short_name()}, I am looking into it.", ticket.first_answered_at)
    for kind, at, value in _waits(ticket):
        became = {"state": "waiting", "waiting_for": value} if value else {"state": "open"}
        data = {"verb": "wait" if value else "move", "because": "", "before": {"state": "open" if value else "waiting"}, "after": became}
        text = "Waiting for a vendor." if kind == "waiting" else "Open again: the carrier answered."
        yield Entry(ticket=ticket, kind=Entry.Kind.EVENT, audience=Entry.Audience.STAFF, author=who, text=text, data=data, at=at)
    yield _said(ticket, story.answer, ticket.solved_at)
    yield _event(ticket, "Solved.", ticket.solved_at, before="open", after="solved", actor=who, audience=Entry.Audience.PUBLIC)
    if ticket.closed_at is not None:
        yield _event(ticket, "Closed.", ticket.closed_at, before="solved", after="closed")


def _severities(ticket: Ticket) -> Iterator[Entry]:
    """One event for each reason of its severity."""
    before = None
    for why in ticket.severity_reasons:
        who = ticket.severity_by if why["by"] == "person" else None
        ranks = {"before": {"severity": before}, "after": {"severity": why["rank"]}}
        yield Entry(
            ticket=ticket, kind=Entry.Kind.EVENT, audience=Entry.Audience.STAFF, author=who, text=why["text"],
            at=datetime.fromisoformat(why["at"]), data={"verb": "set_severity", "because": why.get("reason", ""), **ranks},
        )  # fmt: skip
        before = why["rank"]


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
