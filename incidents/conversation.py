"""What is said on a ticket: answers to the requester, notes among staff, calls, and what the requester writes.

A note never leaves the desk: its audience is a column the database guards, and no letter is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import around, attaching, journal, legible, letters_requester, moves, targets
from incidents.models import Entry, Incident, Ticket
from incidents.states import IllegalMove, TicketState
from incidents.vault import Kept
from servicedesk.audit import trail
from servicedesk.directory import moments, tongues
from servicedesk.directory.models import User
from servicedesk.search import index

INBOUND, OUTBOUND = "in", "out"


class StaffOnly(PermissionError):
    """Only agents and managers answer, note and log calls."""


class NewerEntry(Exception):
    """Somebody else wrote to the requester, or solved it, since `last_seen`: `entry` is the newest."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(f"Entry {entry.pk} is newer.")
        self.entry = entry


@tongues.deed
def reply(
    ticket: Ticket,
    *,
    author: User,
    text: str,
    now: datetime,
    last_seen: int | None = None,
    files: Iterable[Kept] = (),
    kind: str = Entry.Kind.REPLY,
    typed: str = "",
) -> Entry:
    """A public answer, mailed in ten seconds. Raises StaffOnly; NewerEntry where a public entry came after `last_seen`.

    `typed`: what its author wrote, where `text` says more; it comes back when the answer is taken back.
    """
    row = opened_by_staff(ticket, author)
    refuse_unread(row, author, last_seen)
    before = row.first_answered_at.isoformat() if row.first_answered_at else None
    entry = say(row, kind, Entry.Audience.PUBLIC, author, text, now, held=True, before=before, **({"typed": typed} if typed else {}))
    attaching.attach(row, entry, files, actor=author, now=now)
    _meet_first_answer(row, author, now)
    letters_requester.send_answer(row, entry, now=now)
    return entry


@tongues.deed
def note(ticket: Ticket, *, author: User, text: str, now: datetime, files: Iterable[Kept] = ()) -> Entry:
    """A note for staff; whom it names with @ is told. Raises StaffOnly."""
    row = opened_by_staff(ticket, author)
    entry = say(row, Entry.Kind.NOTE, Entry.Audience.STAFF, author, text, now)
    attaching.attach(row, entry, files, actor=author, now=now)
    around.mention(row, entry, now=now)
    return entry


@tongues.deed
def call(ticket: Ticket, *, author: User, text: str, direction: str, minutes: int, now: datetime, person: User | None = None) -> Entry:
    """A call with the requester, or another `person` around the ticket: staff read what was said, the requester that it took place.

    Only a call with who asked is a first answer. Raises StaffOnly.
    """
    row = opened_by_staff(ticket, author)
    other = person or row.requester
    pair = (author, other) if direction == OUTBOUND else (other, author)
    said = _("%(one)s called %(other)s, %(long)s.") % {"one": pair[0], "other": pair[1], "long": _minutes(minutes)}
    data: dict[str, Any] = {"direction": direction, "minutes": minutes}
    entry = say(row, Entry.Kind.CALL, Entry.Audience.STAFF, author, text, now, **data, said=said)
    journal.ticket_event(row, said, actor=author, now=now, verb="call", after=data, audience=Entry.Audience.PUBLIC)
    if other.pk in row.asker_ids or person is None:
        _meet_first_answer(row, author, now)
    return entry


@tongues.deed
def hear(ticket: Ticket, *, author: User, text: str, now: datetime, kind: str = Entry.Kind.REPLY, files: Iterable[Kept] = ()) -> Entry:
    """What the requester (or who reported it for them) wrote. A ticket that waited or was solved is open again.

    Raises IllegalMove on a closed or merged ticket: automation.requester_reply opens one that follows it.
    """
    row = Ticket.objects.locked(ticket.pk)
    if row.state in (TicketState.CLOSED, TicketState.MERGED):
        raise IllegalMove(row.number, row.state, TicketState.OPEN)
    told: dict[str, Any] = {"heard": True} | ({"after_solve": True} if row.state == TicketState.SOLVED else {})
    entry = say(row, kind, Entry.Audience.PUBLIC, author, text, now, **told)
    attaching.attach(row, entry, files, actor=author, now=now)
    if row.state in (TicketState.WAITING, TicketState.SOLVED):
        said = _("Open again: %(name)s answered.") % {"name": author}
        moves.move_ticket(row, TicketState.OPEN, now=now, actor=author, text=said, **opening(row, now))
    targets.project(row, now=now)
    around.tell_of_answer(row, entry, now=now)
    return entry


@tongues.deed
def hold(ticket: Ticket, incident: Incident, *, text: str, now: datetime) -> Entry | None:
    """The one holding answer a person gets about an incident; it is the first answer. None: the person already has it."""
    row = Ticket.objects.locked(ticket.pk)
    told = Entry.objects.filter(ticket__requester=row.requester_id, data__holding=incident.number).first()
    if told is not None:
        said = _("Covered by the answer on %(ticket)s about %(incident)s.") % {"ticket": f"T-{told.ticket_id}", "incident": incident.number}
        journal.ticket_event(row, said, actor=None, now=now, verb="hold")
    entry = None if told else say(row, Entry.Kind.REPLY, Entry.Audience.PUBLIC, None, text, now, holding=incident.number)
    _meet_first_answer(row, None, now)
    if entry is not None:
        letters_requester.send_holding(row, entry, now=now)
    return entry


def refuse_unread(row: Ticket, reader: User, last_seen: int | None) -> None:
    """Raises NewerEntry where somebody else's public words, or the solving it still stands by, are newer. None: not asked.

    The caller holds the row.
    """
    if last_seen is None:
        return
    newer = row.entries.filter(pk__gt=last_seen, audience=Entry.Audience.PUBLIC, withdrawn_at=None).exclude(author=reader)
    said = ~Q(kind=Entry.Kind.EVENT)
    if row.state == TicketState.SOLVED:
        said |= Q(data__verb="move", data__after__state=str(TicketState.SOLVED))
    if entry := newer.filter(said).order_by("pk").last():
        raise NewerEntry(entry)


def opened_by_staff(ticket: Ticket, author: User) -> Ticket:
    """The row, held, for words of the desk. Raises StaffOnly."""
    if not (author.is_agent or author.is_manager):
        raise StaffOnly
    return Ticket.objects.locked(ticket.pk)


def opening(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """The columns that opening changes, by where the ticket comes from."""
    columns: dict[str, Any] = {"waiting_for": "", "evaluate_at": now}
    return {**columns, "solved_at": None, "reopened_at": now} if ticket.state == TicketState.SOLVED else columns


def say(
    ticket: Ticket, kind: str, audience: str, author: User | None, text: str, now: datetime, *, held: bool = False, **data: Any
) -> Entry:
    """The entry itself, of a row the caller locked: no letter, no clock. A `held` one can be taken back for ten seconds."""
    text = legible.composed(text)
    held_until = now + letters_requester.HOLD if held else None
    entry = Entry.objects.create(
        ticket=ticket, kind=kind, audience=audience, author=author, text=text, data=data, at=now, held_until=held_until
    )
    ticket.updated_at = now
    ticket.save(update_fields=["updated_at"])
    if not ticket.is_confidential:
        index.add(kind="entry", object_id=entry.pk, title="", body=text, now=now)
    trail.record(ticket, kind, actor=author, now=now, after={"entry": entry.pk, "audience": audience})
    return entry


def _meet_first_answer(ticket: Ticket, author: User | None, now: datetime) -> None:
    """The first word of the desk to the requester stops that clock and makes a new ticket an open one."""
    if author is not None and author.pk in ticket.asker_ids:
        return
    if ticket.first_answered_at is None:
        ticket.first_answered_at = ticket.evaluate_at = now
        ticket.save(update_fields=["first_answered_at", "evaluate_at"])
    if ticket.state == TicketState.NEW and author is not None:
        moves.move_ticket(ticket, TicketState.OPEN, now=now, actor=author, text=_("Open: %(name)s answered.") % {"name": author})
    targets.project(ticket, now=now)


def _minutes(minutes: int) -> str:
    return moments.duration(timedelta(minutes=minutes))
