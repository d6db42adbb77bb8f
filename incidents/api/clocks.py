"""A ticket's clocks as the API tells them: from its history for one ticket, from stored due times in lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from incidents import levels, targets
from incidents.clocks import ClockState, Name
from incidents.models import Ticket
from incidents.states import TicketState
from servicedesk.api.shapes import Moment, OneOf, Shape

NAMES: tuple[Name, ...] = ("first_response", "next_response", "resolution")
STATES = ("running", "paused", "met", "missed")


class ClockShape(Shape):
    """One promise to the requester: how long, how much of it is used, until when."""

    name = OneOf(NAMES)
    state = OneOf(STATES)
    target_s = serializers.IntegerField()
    used_s = serializers.IntegerField(allow_null=True, help_text="Null in lists: there it is not worked out.")
    due_at = Moment(allow_null=True)
    why = serializers.CharField()


def of_history(ticket: Ticket, *, now: datetime) -> Iterator[dict[str, Any]]:
    """Every clock that ever began, with what it used."""
    states = targets.clocks_of(ticket, now=now)
    for name in NAMES:
        state: ClockState | None = states.get(name)
        if state is not None:
            yield _told(ticket, name, state.state, state.due_at, round(state.used_s))


def of_columns(ticket: Ticket, *, now: datetime) -> Iterator[dict[str, Any]]:
    """What the row itself says: no query. A next answer shows while one is owed."""
    rounds = (
        ("first_response", ticket.first_answer_due_at, ticket.first_answered_at),
        ("next_response", ticket.next_answer_due_at, None),
        ("resolution", ticket.solution_due_at, ticket.solved_at),
    )
    for name, due_at, done_at in rounds:
        if name != "next_response" or due_at is not None:
            yield _told(ticket, name, _state(ticket, due_at, done_at, now), due_at, None)


def _state(ticket: Ticket, due_at: datetime | None, done_at: datetime | None, now: datetime) -> str:
    if done_at is not None:
        return "missed" if due_at is not None and due_at < done_at else "met"
    if due_at is None:
        return "paused" if ticket.state == TicketState.WAITING else "running"
    return "missed" if due_at < now else "running"


def _told(ticket: Ticket, name: str, state: str, due_at: datetime | None, used_s: int | None) -> dict[str, Any]:
    target = targets.target_of(ticket)
    target_s = {"first_response": target.first_answer_s, "next_response": target.next_answer_s, "resolution": target.solution_s}[name]
    return {"name": name, "state": state, "target_s": target_s, "used_s": used_s, "due_at": due_at, "why": _why(ticket, state)}


def _why(ticket: Ticket, state: str) -> str:
    """Which target it runs on, or what it waits for."""
    if state == "paused":
        return str(ticket.get_waiting_for_display() or _("Waiting"))
    target = targets.target_of(ticket)
    words = _("%(level)s: SEV%(rank)d target, round the clock")
    words = words if target.is_round_the_clock else _("%(level)s: SEV%(rank)d target, in desk hours")
    return words % {"level": levels.of(ticket.service_level_id).name, "rank": target.severity}
