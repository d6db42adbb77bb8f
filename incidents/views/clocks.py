"""A ticket's clocks as staff see them: state, how much is used, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from incidents.models import Ticket
from incidents.states import TicketState

SOON = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Seen:
    """What components/clock.html draws: running, soon, late, paused or met."""

    state: str
    due_at: datetime | None = None
    value: int = 0
    text: str = ""


def of(ticket: Ticket, now: datetime) -> Seen:
    """The one clock a queue shows: the first answer while it is owed, then the solution."""
    if ticket.state == TicketState.WAITING:
        return Seen("paused", text=str(ticket.get_waiting_for_display() or _("Waiting")))
    if ticket.first_answered_at is None:
        return running(ticket.created_at, ticket.first_answer_due_at, now)
    return running(ticket.created_at, ticket.solution_due_at, now)


def running(since: datetime, due: datetime | None, now: datetime) -> Seen:
    if due is None:
        return Seen("met", text=_("No clock"))
    whole = max((due - since).total_seconds(), 1)
    used = round(100 * (now - since).total_seconds() / whole)
    state = "late" if due <= now else "soon" if due - now <= SOON else "running"
    return Seen(state, due, min(max(used, 0), 100))


def all_of(ticket: Ticket, now: datetime) -> list[tuple[str, Seen]]:
    """First answer and solution, each with its name."""
    answered, solved = ticket.first_answered_at, ticket.solved_at
    first = _ended(ticket.first_answer_due_at, answered) if answered else running(ticket.created_at, ticket.first_answer_due_at, now)
    last = _ended(ticket.solution_due_at, solved) if solved else running(ticket.created_at, ticket.solution_due_at, now)
    return [(_("First answer"), first), (_("Solution"), last)]


def _ended(due: datetime | None, at: datetime) -> Seen:
    if due is not None and at > due:
        return Seen("missed", due, 100, _("missed"))
    return Seen("met", due, 100, _("met"))
