"""Whoever has a ticket hears that a clock of it is nearly used up: once a clock and due time, by a notice and never by a page.

Only time passing warns. What a change of hours or a repair brought past its warning is not told, nor what was brought in.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import clocks, journal, letters_staff, targets
from incidents.models import Ticket
from notifications.models import Topic
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import User

log = structlog.get_logger(__name__)

AT_ONCE = 200
SHORTLY = timedelta(seconds=1)
SENTENCES = {
    "first_response": gettext_lazy("The first answer is due: %(when)s, %(left)s."),
    "next_response": gettext_lazy("The next answer is due: %(when)s, %(left)s."),
    "resolution": gettext_lazy("The solution is due: %(when)s, %(left)s."),
}


def warn_due(*, now: datetime) -> int:
    """Every ticket with a clock whose warning has come, one a transaction; how many."""
    due = Ticket.objects.filter(warn_at__lte=now).order_by("warn_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    return sum(_one(pk, now) for pk in list(due))


def _one(pk: int, now: datetime) -> bool:
    """False: somebody else has the row, or the database did not answer: the next pass asks again. What fails by itself is left alone,
    and the log says so."""
    rows = Ticket.objects.filter(pk=pk, warn_at__lte=now)
    try:
        with transaction.atomic(), tongues.in_house():
            row = rows.select_for_update(of=("self",), skip_locked=True).first()
            if row is not None:
                _warn(row, now)
            return row is not None
    except OperationalError:
        log.warning("the warning of a ticket's clock waits for the next pass", number=pk, exc_info=True)
        return False
    except Exception:
        log.exception("nobody could be warned of a ticket's clock", number=pk)
        rows.update(warn_at=None)
        return False


def _warn(ticket: Ticket, now: datetime) -> None:
    assert ticket.warn_at is not None
    before = ticket.warn_at - SHORTLY  # seen from there a warning that a change left behind is past already
    states, seen = targets.clocks_of(ticket, now=now), targets.clocks_of(ticket, now=before)
    for name, state in states.items():
        is_past = name in seen and seen[name].warn_at == before
        warns = state.warn_at is not None and state.warn_at <= now and not is_past
        if warns and state.due_at is not None and state.due_at > now:
            _tell(ticket, name, state.due_at, now)
    coming = [state.warn_at for state in states.values() if state.warn_at is not None and state.warn_at > now]
    ticket.warn_at = min(coming, default=None)
    ticket.save(update_fields=["warn_at"])


def _tell(ticket: Ticket, name: clocks.Name, due_at: datetime, now: datetime) -> None:
    person, what = ticket.assignee, {"clock": name, "due": due_at.isoformat()}
    if person is None or ticket.entries.filter(data__verb="warn", data__after__clock=name, data__after__due=what["due"]).exists():
        return
    because = tongues.later_from(lambda: _said(name, due_at, person, now))
    text = _("%(name)s was warned.") % {"name": person}
    journal.ticket_event(ticket, text, actor=None, now=now, verb="warn", after=what, because=str(because))
    letters_staff.tell(ticket, [person], because=because, topic=Topic.ASSIGNED, now=now, about=f"{name} {due_at.isoformat()}")


def _said(name: clocks.Name, due_at: datetime, person: User, now: datetime) -> str:
    when = moments.stamp(zones.local(due_at, person), zones.local(now, person))
    return SENTENCES[name] % {"when": when, "left": moments.left(due_at, now)}
