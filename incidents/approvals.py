"""Approvals gate the start of a request: asked by mail, decided after a login, handed on, or expired after five days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.utils.translation import gettext as _

from incidents import conversation, journal, letters_approval, letters_staff, moves, targets, tickets
from incidents.models import Approval, Entry, RequestType, Ticket
from incidents.states import IllegalMove, TicketState
from servicedesk.directory import tongues
from servicedesk.directory.models import User

log = structlog.get_logger(__name__)

LIVES = timedelta(days=5)
AT_ONCE = 200
PUBLIC = Entry.Audience.PUBLIC


class NotYours(PermissionError):
    """Only who was asked decides."""


class ReasonNeeded(ValueError):
    """A refusal says why."""


def approver_of(wanted: RequestType, ticket: Ticket) -> User | None:
    """Who decides: never who asks. Where nobody is named, the IT manager of the ticket's team."""
    asked = {
        RequestType.Approver.LINE: ticket.requester.line_manager,
        RequestType.Approver.OWNER: ticket.service.owner if ticket.service else None,
        RequestType.Approver.PERSON: wanted.approver,
    }
    manager = ticket.team.manager if ticket.team else None
    found = (asked.get(RequestType.Approver(wanted.approved_by)), manager)
    return next((person for person in found if person is not None and person.is_active and person.pk not in ticket.asker_ids), None)


@tongues.deed
def ask(ticket: Ticket, approver: User, *, actor: User | None, now: datetime) -> Approval:
    """The ticket waits, and who is asked gets a letter. An earlier question that is open is handed on."""
    row = Ticket.objects.locked(ticket.pk)
    row.approvals.pending().update(state=Approval.State.DELEGATED, decided_at=now)
    made = Approval.objects.create(ticket=row, approver=approver, asked_at=now, expires_at=now + LIVES)
    said = _("%(name)s is asked to approve it.") % {"name": approver}
    journal.ticket_event(row, said, actor=actor, now=now, verb="ask_approval", after={"approver": approver.username}, audience=PUBLIC)
    if row.state != TicketState.WAITING or row.waiting_for != Ticket.Waiting.APPROVAL:
        because = _("It begins when it is approved.")
        columns: dict[str, Any] = {"waiting_for": Ticket.Waiting.APPROVAL, "evaluate_at": now}
        moves.move_ticket(row, TicketState.WAITING, now=now, actor=actor, text=said, because=because, **columns)
        targets.project(row, now=now)
    letters_approval.send(made, now=now)
    return made


@tongues.deed
def hand_on(approval: Approval, *, to: User, actor: User, now: datetime) -> Approval:
    """Somebody else decides. Raises NotYours, IllegalMove."""
    row = _held(approval, actor)
    if to.pk in row.ticket.asker_ids:
        raise NotYours
    return ask(row.ticket, to, actor=actor, now=now)


@tongues.deed
def decide(
    approval: Approval, *, is_approved: bool, actor: User, now: datetime, begin: Callable[[Ticket, datetime], object], reason: str = ""
) -> Approval:
    """The word of who was asked; `begin` starts the work. The same word again changes nothing.

    Raises NotYours, ReasonNeeded, IllegalMove.
    """
    wanted = Approval.State.APPROVED if is_approved else Approval.State.REFUSED
    if approval.state == wanted and approval.approver_id == actor.pk:
        return approval
    row = _held(approval, actor)
    if not is_approved and not reason.strip():
        raise ReasonNeeded
    row.state, row.reason, row.decided_at = wanted, reason.strip()[:240], now
    row.save(update_fields=["state", "reason", "decided_at"])
    said = (_("%(name)s approved it.") if is_approved else _("%(name)s did not approve it.")) % {"name": actor}
    ticket = row.ticket
    journal.ticket_event(ticket, said, actor=actor, now=now, verb="decide", after={"state": wanted}, because=row.reason, audience=PUBLIC)
    if is_approved:
        _open(ticket, _("It can begin."), actor, now)
        begin(ticket, now)
    elif ticket.state not in (TicketState.SOLVED, TicketState.CLOSED):
        tickets.solve(ticket, actor=None, now=now, text=f"{said} {row.reason}", because=said)
    return row


def _held(approval: Approval, actor: User) -> Approval:
    ticket = Ticket.objects.locked(approval.ticket_id)
    row = Approval.objects.select_for_update().get(pk=approval.pk)
    row.ticket = ticket
    if row.approver_id != actor.pk:
        raise NotYours
    if row.state != Approval.State.PENDING:
        raise IllegalMove(ticket.number, row.get_state_display(), _("decided"))
    return row


def _open(ticket: Ticket, text: str, actor: User | None, now: datetime) -> None:
    if ticket.state == TicketState.WAITING and ticket.waiting_for == Ticket.Waiting.APPROVAL:
        moves.move_ticket(ticket, TicketState.OPEN, now=now, actor=actor, text=text, **conversation.opening(ticket, now))
        targets.project(ticket, now=now)


def expire_due(*, now: datetime) -> int:
    """What nobody decided in five days comes back to the desk, which asks again or asks another; how many."""
    due = Approval.objects.filter(state=Approval.State.PENDING, expires_at__lte=now).order_by("expires_at", "pk")
    return sum(_expire(pk, now) for pk in list(due.values_list("pk", flat=True)[:AT_ONCE]))


@tongues.deed
def _expire(pk: int, now: datetime) -> bool:
    row = Approval.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk, state=Approval.State.PENDING).first()
    if row is None:
        return False
    ticket = Ticket.objects.locked(row.ticket_id)
    row.state, row.decided_at = Approval.State.EXPIRED, now
    row.save(update_fields=["state", "decided_at"])
    said = tongues.later("%(name)s did not decide in 5 days. The desk looks after it.", {"name": row.approver})
    journal.ticket_event(ticket, str(said), actor=None, now=now, verb="expire_approval", audience=PUBLIC)
    _open(ticket, str(said), None, now)
    letters_staff.notify(ticket, "assignee" if ticket.assignee else "team", because=said, now=now)
    return True
