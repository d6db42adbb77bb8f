"""A ticket's due times, worked out anew from its history and stored for queues and rules.

On a rise of severity a clock's due time is the earlier of what it was and the rise plus the new target; on a fall the
later of what it was and the report plus the new target, pauses left out. A clock that has ended stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents import deskhours, starter
from incidents.deskhours import Desk
from incidents.models import Entry, Ticket
from incidents.states import TicketState
from servicedesk.directory import zones
from servicedesk.directory.models import Organisation, Site

UNRATED_RUNS_AS = 3
REQUEST_RUNS_AS = 4
TARGETS = {target.severity: target for target in starter.TARGETS}
ROUND_THE_CLOCK = Desk("UTC", ((),) * 7)


@dataclass(frozen=True, slots=True)
class Step:
    """From `at` on the ticket ran on this severity's targets."""

    at: datetime
    rank: int


def desk(site: Site | None, organisation: Organisation | None) -> Desk:
    """The site's desk hours, else the organisation's; none written down means round the clock."""
    zone = site.zone if site else organisation.zone if organisation else zones.of(None)
    hours = (site.desk_hours if site else None) or (organisation.desk_hours if organisation else None) or {}
    return deskhours.desk(hours, zone, site.country if site else "")


def first_answer_s(ticket: Ticket) -> int:
    """How many seconds the first answer may take."""
    return TARGETS[_runs_as(ticket, ticket.severity)].first_answer_s


def project(ticket: Ticket, *, now: datetime) -> None:
    """Bring the stored due times up to date with the ticket's history. The caller holds the row."""
    steps, pauses = _steps(ticket), _pauses(ticket)
    hours = desk(ticket.requester.site, Organisation.current())
    is_paused = ticket.state == TicketState.WAITING
    columns: dict[str, Any] = {}
    if ticket.first_answered_at is None:
        columns["first_answer_due_at"] = None if is_paused else _due(steps, "first_answer_s", hours, pauses)
    if ticket.solved_at is None:
        columns["solution_due_at"] = None if is_paused else _due(steps, "solution_s", hours, pauses)
    changed = {name: value for name, value in columns.items() if getattr(ticket, name) != value}
    for name, value in changed.items():
        setattr(ticket, name, value)
    if changed:
        ticket.save(update_fields=list(changed))


def _runs_as(ticket: Ticket, rank: int | None) -> int:
    """An unrated ticket runs as SEV3, a request as SEV4 unless somebody rated it higher."""
    if ticket.kind == Ticket.Kind.REQUEST:
        return rank if rank is not None and rank < UNRATED_RUNS_AS else REQUEST_RUNS_AS
    return rank or UNRATED_RUNS_AS


def _steps(ticket: Ticket) -> list[Step]:
    """The ranks it had, in order. What was rated in the moment of the report counts from the report."""
    steps = [Step(ticket.created_at, _runs_as(ticket, None))]
    for why in ticket.severity_reasons:
        step = Step(datetime.fromisoformat(why["at"]), _runs_as(ticket, why["rank"]))
        if step.at <= ticket.created_at:
            steps = [step]
        elif step.rank != steps[-1].rank:
            steps.append(step)
    return steps


def _pauses(ticket: Ticket) -> list[deskhours.Span]:
    """When it waited, or stood solved before it was reopened. The one that still lasts is left to the caller."""
    moves = ticket.entries.filter(kind=Entry.Kind.EVENT, data__verb="move").order_by("id").values_list("at", "data")
    return list(_spans_at_rest([(at, data["before"]["state"], data["after"]["state"]) for at, data in moves]))


def _spans_at_rest(moves: Sequence[tuple[datetime, str, str]]) -> Iterator[deskhours.Span]:
    resting = (TicketState.WAITING, TicketState.SOLVED)
    since: datetime | None = None
    for at, before, after in moves:
        if before not in resting and after in resting:
            since = at
        elif before in resting and after not in resting and since is not None:
            yield since, at
            since = None


def _due(steps: Sequence[Step], target: str, hours: Desk, pauses: Sequence[deskhours.Span]) -> datetime | None:
    first, *later = steps
    at = _after(first.at, first.rank, target, hours, pauses)
    rank = first.rank
    for step in later:
        if step.rank < rank:
            at = _pick(min, at, _after(step.at, step.rank, target, hours, pauses))
        else:
            at = _pick(max, at, _after(first.at, step.rank, target, hours, pauses))
        rank = step.rank
    return at


def _after(since: datetime, rank: int, target: str, hours: Desk, pauses: Sequence[deskhours.Span]) -> datetime | None:
    goal = TARGETS[rank]
    return deskhours.due(ROUND_THE_CLOCK if goal.is_round_the_clock else hours, since, getattr(goal, target), pauses)


def _pick(choose: Any, one: datetime | None, other: datetime | None) -> datetime | None:
    known = [at for at in (one, other) if at is not None]
    return choose(known) if known else None
