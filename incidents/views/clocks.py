"""A ticket's clocks as staff see them: state, how much is used, until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import targets
from incidents.clocks import ClockState
from incidents.models import Entry, Ticket
from incidents.states import TicketState
from servicedesk.directory import moments

SOON = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Seen:
    """What components/clock.html draws: running, soon, late, paused or met."""

    state: str
    due_at: datetime | None = None
    value: int = 0
    text: str = ""


def of(ticket: Ticket, now: datetime) -> Seen:
    """The one clock a queue shows: the answer while one is owed, then the solution. From stored due times: no query."""
    if ticket.state == TicketState.WAITING:
        if ticket.waiting_for == Ticket.Waiting.PLANNED and ticket.planned_until is not None:
            when = moments.stamp(timezone.localtime(ticket.planned_until), timezone.localtime(now))
            return Seen("paused", text=_("Planned until %(when)s") % {"when": when})
        return Seen("paused", text=str(ticket.get_waiting_for_display() or _("Waiting")))
    owed = ticket.next_answer_due_at if ticket.first_answered_at else ticket.first_answer_due_at
    return running(ticket.created_at, owed or ticket.solution_due_at, now)


def running(since: datetime, due: datetime | None, now: datetime) -> Seen:
    if due is None:
        return Seen("met", text=_("No clock"))
    whole = max((due - since).total_seconds(), 1)
    used = round(100 * (now - since).total_seconds() / whole)
    state = "late" if due <= now else "soon" if due - now <= SOON else "running"
    return Seen(state, due, min(max(used, 0), 100))


def all_of(ticket: Ticket, now: datetime, entries: Iterable[Entry] | None = None) -> list[tuple[str, Seen]]:
    """Every clock of the ticket by name, worked out from its history."""
    names = {"first_response": _("First answer"), "next_response": _("Next answer"), "resolution": _("Solution")}
    states = targets.clocks_of(ticket, now=now, entries=entries)
    return [(word, seen(states[name])) for name, word in names.items() if name in states]


def seen(state: ClockState) -> Seen:
    """One clock as it stands."""
    whole = state.used_s + state.left_s
    value = min(max(round(100 * state.used_s / whole), 0), 100) if whole > 0 else 100
    if state.state == "paused":
        return Seen("paused", None, value, _("paused"))
    if state.done_at is not None:
        return Seen(state.state, state.due_at, value, _("met") if state.state == "met" else _("missed"))
    if state.state == "missed":
        return Seen("late", state.due_at, 100)
    return Seen("soon" if state.left_s <= SOON.total_seconds() else "running", state.due_at, value)
