"""What tickets do by themselves: open on the day they were planned for, close two weeks after they were solved, remind and then
end where nobody answers, ask to be rated.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from incidents import conversation, journal, letters_requester, letters_staff, moves, targets, tickets
from incidents.models import Entry, Ticket
from incidents.states import TicketState
from notifications.models import Topic
from servicedesk.directory import tongues

log = structlog.get_logger(__name__)

AT_ONCE = 200


def settle_due(*, now: datetime) -> int:
    """Every ticket whose time to move by itself has come, one a transaction."""
    return _sweep("settle_at", _settle, now)


def tell_unrated(*, now: datetime) -> int:
    """The team of every ticket that nobody has rated for 15 minutes of desk hours is told once."""
    return _sweep("unrated_due_at", _tell, now)


def _sweep(column: str, deed: Callable[[Ticket, datetime], None], now: datetime) -> int:
    due = Ticket.objects.filter(**{f"{column}__lte": now}).order_by(column, "pk").values_list("pk", flat=True)[:AT_ONCE]
    return sum(_one(pk, column, deed, now) for pk in list(due))


def _one(pk: int, column: str, deed: Callable[[Ticket, datetime], None], now: datetime) -> bool:
    """False: somebody else has the row, or it failed; then its time is taken away, that the others go on, and the log says so."""
    rows = Ticket.objects.filter(pk=pk, **{f"{column}__lte": now})
    try:
        with transaction.atomic():
            row = rows.select_for_update(of=("self",), skip_locked=True).first()
            if row is not None:
                deed(row, now)
            return row is not None
    except Exception:
        log.exception("a ticket could not move by itself", column=column, number=pk)
        rows.update(**{column: now + targets.CLOSES_AFTER})
        return False


def _settle(ticket: Ticket, now: datetime) -> None:
    if ticket.state == TicketState.SOLVED:
        said, because = _("Closed."), _("It was solved 14 days ago.")
        moves.move_ticket(ticket, TicketState.CLOSED, now=now, actor=None, text=said, because=because, closed_at=now, settle_at=None)
    elif ticket.state == TicketState.WAITING and ticket.waiting_for == Ticket.Waiting.PLANNED:
        _open_again(ticket, now)
    elif ticket.waiting_for != Ticket.Waiting.REQUESTER or ticket.state != TicketState.WAITING:
        targets.project(ticket, now=now)
    elif targets.is_reminded(ticket):
        _end(ticket, now)
    else:
        _remind(ticket, now)


def _open_again(ticket: Ticket, now: datetime) -> None:
    if ticket.planned_until is None or ticket.planned_until > now:
        targets.project(ticket, now=now)
        return
    because = tongues.later("The day it was planned for has come.")
    said = _("Open again.")
    columns = conversation.opening(ticket, now)
    moves.move_ticket(ticket, TicketState.OPEN, now=now, actor=None, text=said, because=str(because), **columns)
    targets.project(ticket, now=now)
    about = f"planned until {now.isoformat()}"
    people = [ticket.assignee] if ticket.assignee else letters_staff.team_of(ticket)
    topic = Topic.ASSIGNED if ticket.assignee else Topic.TEAM
    letters_staff.tell(ticket, people, because=because, topic=topic, now=now, about=about)


def _remind(ticket: Ticket, now: datetime) -> None:
    ticket.reminded_at = now
    ticket.save(update_fields=["reminded_at"])
    said = _("%(name)s was reminded that we wait for an answer.") % {"name": ticket.requester}
    journal.ticket_event(ticket, said, actor=None, now=now, verb="remind", audience=Entry.Audience.PUBLIC)
    letters_requester.send_reminder(ticket, now=now)
    targets.project(ticket, now=now)


def _end(ticket: Ticket, now: datetime) -> None:
    text = _("We have not heard from you for a while, so we take it that this is solved. If it is not, answer here and we go on at once.")
    tickets.solve(ticket, actor=None, now=now, text=text, because=_("No answer for 7 working days."))


def _tell(ticket: Ticket, now: datetime) -> None:
    ticket.unrated_due_at = None
    ticket.save(update_fields=["unrated_due_at"])
    if ticket.severity is None and ticket.is_open:
        because = tongues.later("Nobody has rated it for 15 min: whom it affects and how is not known.")
        journal.ticket_event(ticket, _("The team was told."), actor=None, now=now, verb="unrated", because=str(because))
        letters_staff.notify(ticket, "team", because=because, now=now)
