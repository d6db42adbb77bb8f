"""Promises to a requester: made with an answer or alone, kept, and told upwards when missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from incidents import journal, letters_staff, tickets
from incidents.models import Entry, Pledge, Ticket
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import User

log = structlog.get_logger(__name__)

REMINDS_BEFORE = timedelta(minutes=15)
AT_ONCE = 200


class InThePast(ValueError):
    """A promise is about what is still to come."""


@tongues.deed
def answer(ticket: Ticket, *, author: User, text: str, promise: str, due_at: datetime, now: datetime, **answer: Any) -> Pledge:
    """An answer that ends with a promise, or the promise alone; other arguments are those of tickets.answer. Raises InThePast."""
    if due_at <= now:
        raise InThePast
    said = f"{text}\n\n{_sentence(ticket, author, promise, due_at, now)}".strip()
    kind = Entry.Kind.REPLY if text else Entry.Kind.PROMISE
    entry = tickets.answer(ticket, author=author, text=said, typed=text or promise, kind=kind, now=now, **answer)
    remind_at = due_at - REMINDS_BEFORE
    return Pledge.objects.create(
        ticket=ticket,
        entry=entry,
        person=author,
        text=promise,
        made_at=now,
        due_at=due_at,
        remind_at=remind_at if remind_at > now else None,
    )


def _sentence(ticket: Ticket, author: User, promise: str, due_at: datetime, now: datetime) -> str:
    """In the requester's language and on their clock."""
    reader = ticket.requester
    with tongues.reader(reader):
        words = {"when": moments.stamp(zones.local(due_at, reader), zones.local(now, reader)), "text": promise, "zone": zones.of(reader)}
        return _("Promised for %(when)s (%(zone)s): %(text)s") % words


@tongues.deed
def keep(pledge: Pledge, *, actor: User, now: datetime) -> Pledge:
    """It was done. Said twice: unchanged."""
    ticket = Ticket.objects.locked(pledge.ticket_id)
    row = Pledge.objects.select_for_update().get(pk=pledge.pk)
    if row.kept_at is None and row.withdrawn_at is None:
        row.kept_at, row.remind_at = now, None
        row.save(update_fields=["kept_at", "remind_at"])
        said = _("Promise kept: %(text)s") % {"text": row.text}
        journal.ticket_event(ticket, said, actor=actor, now=now, verb="keep_promise", after={"pledge": row.pk})
    return row


def watch_over(*, now: datetime) -> int:
    """Remind authors of what falls due, and tell upwards what was missed; how many."""
    reminded = Pledge.objects.running().filter(remind_at__lte=now).order_by("remind_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    missed = Pledge.objects.missed_by(now).order_by("due_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    return sum(_one(pk, now) for pk in [*missed, *reminded])


def _one(pk: int, now: datetime) -> bool:
    """False: somebody else has the row, or it failed; then it is left alone, and the log says so."""
    try:
        with transaction.atomic():
            row = Pledge.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if row is None or row.kept_at or row.withdrawn_at or row.missed_at:
                return False
            _missed(row, now) if row.due_at <= now else _remind(row, now)
            return True
    except Exception:
        log.exception("a promise could not be looked after", number=pk)
        Pledge.objects.filter(pk=pk).update(remind_at=None)
        return False


def _remind(row: Pledge, now: datetime) -> None:
    row.remind_at = None
    row.save(update_fields=["remind_at"])
    because = tongues.later_from(lambda: _("You promised for %(when)s: %(text)s") % {"when": _stamp(row, now), "text": _words(row)})
    letters_staff.tell(row.ticket, [row.person], because=because, topic="promise", now=now)


def _missed(row: Pledge, now: datetime) -> None:
    """Its author and the team's IT manager on duty hear of it, once."""
    ticket = Ticket.objects.locked(row.ticket_id)
    row.missed_at, row.remind_at = now, None
    row.save(update_fields=["missed_at", "remind_at"])

    def said(text: str) -> str:
        words = {"name": row.person, "when": _stamp(row, now), "text": text}
        return _("%(name)s promised for %(when)s and it was not done: %(text)s") % words

    because = tongues.later_from(lambda: said(_words(row)))
    journal.ticket_event(ticket, said(row.text), actor=None, now=now, verb="miss_promise", after={"pledge": row.pk})
    letters_staff.tell(ticket, [row.person], because=because, topic="promise", now=now)
    letters_staff.notify(ticket, "it_manager", because=because, now=now)


def _words(row: Pledge) -> str:
    """What a letter may say of it: of a confidential ticket no word leaves the page."""
    return _("its words stand on the page") if row.ticket.is_confidential else row.text


def _stamp(row: Pledge, now: datetime) -> str:
    return moments.stamp(zones.local(row.due_at, row.person), zones.local(now, row.person))
