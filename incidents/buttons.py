"""The buttons of a ticket's head by their names, as pages, the queue and programs press them."""

from __future__ import annotations

from datetime import date, datetime

from incidents import tickets
from incidents.models import Ticket
from incidents.states import IllegalMove
from servicedesk.directory.models import User


class UnknownButton(IllegalMove):
    """No button has that name."""


def press(ticket: Ticket, action: str, *, actor: User, now: datetime, text: str = "", until: date | None = None) -> Ticket:
    """A button by its name: solve, reopen, take_up, or wait and what for ("wait" alone: for the requester; "wait:planned" `until` a day).

    Raises DayNeeded, and UnknownButton, which is an IllegalMove too.
    """
    word, _colon, waiting_for = action.partition(":")
    if word == "wait" and waiting_for in ("", *Ticket.Waiting.values):
        return tickets.wait(ticket, waiting_for or Ticket.Waiting.REQUESTER, actor=actor, now=now, reason=text, until=until)
    if word == "take_up":
        return tickets.take_up(ticket, actor=actor, now=now)
    if word == "solve":
        return tickets.solve(ticket, actor=actor, now=now, because=text)
    if word == "reopen":
        return tickets.reopen(ticket, actor=actor, now=now, reason=text)
    raise UnknownButton(ticket.number, ticket.state, action)
