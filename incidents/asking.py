"""Asking for something: a request of a known type, approved where it must be, begun with its checklist and tickets of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents import approvals, automation, fields, journal, letters_staff, targets, tickets
from incidents.models import ChecklistItem, Entry, RequestType, Ticket
from incidents.states import Effect, Impacted
from servicedesk.directory import tongues
from servicedesk.directory.models import Team, User


@tongues.deed
def ask(
    wanted: RequestType,
    *,
    requester: User,
    what: str,
    answers: dict[str, Any],
    now: datetime,
    reported_by: User | None = None,
    key: str | None = None,
    origin: str = Ticket.Origin.PORTAL,
) -> Ticket:
    """A ticket of this type. The same `key` again gives the first. Where somebody must approve it, it waits."""
    ticket = automation.file_ticket(
        requester=requester, reported_by=reported_by, what=what or wanted.name, title=_title(wanted, requester, what),
        impacted=Impacted.ME, effect=Effect.QUESTION, service=wanted.service, category=wanted.category or wanted.slug,
        idempotency_key=key, origin=origin, now=now,
    )  # fmt: skip
    if ticket.request_type_id is not None:
        return ticket
    row = Ticket.objects.locked(ticket.pk)
    row.request_type = wanted
    row.fields = fields.cleaned(fields.of(row.category), answers)
    row.save(update_fields=["request_type", "fields"])
    targets.follow(row, now=now)
    if wanted.team is not None:
        row = tickets.set_team(row, wanted.team, actor=None, now=now, because=_("Requests of this kind go there."))
    if wanted.message:
        journal.ticket_event(row, wanted.message, actor=None, now=now, verb="standard_message", audience=Entry.Audience.PUBLIC)
    _gate(wanted, row, now)
    return Ticket.objects.get(pk=row.pk)


def _title(wanted: RequestType, requester: User, what: str) -> str:
    about = tickets.title_of(what) if what else str(requester)
    return f"{wanted.name}: {about}"[:200]


def _gate(wanted: RequestType, ticket: Ticket, now: datetime) -> None:
    if wanted.approved_by == RequestType.Approver.NOBODY:
        begin(ticket, now)
        return
    approver = approvals.approver_of(wanted, ticket)
    if approver is not None:
        approvals.ask(ticket, approver, actor=None, now=now)
        return
    tickets.wait(ticket, Ticket.Waiting.APPROVAL, actor=ticket.requester, now=now, reason=_("Nobody is named who approves it."))
    because = tongues.later("It must be approved and nobody is named who does: choose somebody on its page.")
    letters_staff.notify(ticket, "team", because=because, now=now)


@tongues.deed
def begin(ticket: Ticket, now: datetime) -> Ticket:
    """Its checklist and the tickets it is made of. Begun before: nothing happens."""
    row = Ticket.objects.select_related("request_type", "requester", "service").get(pk=ticket.pk)
    wanted = row.request_type
    if wanted is None or row.checklist.exists() or row.children.exists():
        return row
    lay_down(row, wanted.checklist)
    for task in wanted.tasks:
        _task(row, task, now)
    return row


def lay_down(ticket: Ticket, lines: list[str]) -> None:
    """These lines as its checklist, after what is there."""
    at = ticket.checklist.count()
    ChecklistItem.objects.bulk_create(
        [ChecklistItem(ticket=ticket, position=at + place, text=str(text)[:200]) for place, text in enumerate(lines, 1)]
    )


def _task(parent: Ticket, task: dict[str, Any], now: datetime) -> None:
    """One of its tickets: the desk's own business, of which the requester gets no letters of its own."""
    made = tickets.file(
        requester=parent.requester, what=f"{task['title']}\n\n{parent.what}", title=f"{task['title']}: {parent.requester}"[:200],
        origin=Ticket.Origin.MONITORING, kind=Ticket.Kind.REQUEST, effect=Effect.QUESTION, impacted=Impacted.ME,
        category=parent.category, now=now,
    )  # fmt: skip
    made.parent = parent
    made.save(update_fields=["parent"])
    team = Team.objects.filter(slug=task.get("team", "")).first() or parent.team
    tickets.set_team(made, team, actor=None, now=now)
