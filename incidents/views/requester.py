"""A ticket in the requester's words: four states and what happens next. Never a severity, a queue or a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.db.models import Max, QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from incidents.models import Ticket
from incidents.states import TicketState
from servicedesk.directory.models import Service, ServiceState

RECEIVED, WORKING, WAITING, SOLVED = "received", "working", "waiting", "solved"
STEPS = (RECEIVED, WORKING, WAITING, SOLVED)


@dataclass(frozen=True, slots=True)
class Step:
    word: str
    is_done: bool
    is_current: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A ticket and the moment it is looked at."""

    ticket: Ticket
    now: datetime

    @property
    def word(self) -> str:
        """received, working, waiting or solved."""
        state, waiting_for = self.ticket.state, self.ticket.waiting_for
        if state in (TicketState.SOLVED, TicketState.CLOSED, TicketState.MERGED):
            return SOLVED
        if state == TicketState.WAITING and waiting_for == Ticket.Waiting.REQUESTER:
            return WAITING
        return RECEIVED if state == TicketState.NEW else WORKING

    @property
    def next_step(self) -> str:
        """One sentence: what happens next, with a clock time where one is promised."""
        if self.word == SOLVED:
            return _("Solved. Answer below if it comes back.")
        if self.word == WAITING:
            return _("Next: tell us more; we wait for your answer.")
        if self.ticket.state == TicketState.WAITING:
            return self._waits_for_others()
        if self.ticket.first_answered_at is None:
            return self._first_answer()
        return _("Next: we work on it and write to you.")

    def _waits_for_others(self) -> str:
        if self.ticket.waiting_for == Ticket.Waiting.VENDOR:
            return _("Next: a supplier works on it; we write to you when they answer.")
        if self.ticket.waiting_for == Ticket.Waiting.APPROVAL:
            return _("Next: it must be approved; we write to you when it is.")
        return _("Next: it is planned; we write to you when we begin.")

    def _first_answer(self) -> str:
        due = self.ticket.first_answer_due_at
        if due is None:
            return _("Next: a person answers.")
        if due < self.now:
            return _("We are late, and sorry. A person answers as soon as possible.")
        return _("Next: a person answers by %(when)s.") % {"when": clock_time(due, self.now)}

    @property
    def steps(self) -> list[Step]:
        here = STEPS.index(self.word)
        words = {RECEIVED: _("Received"), WORKING: _("Being worked on"), WAITING: _("Waiting for you"), SOLVED: _("Solved")}
        return [
            Step(words[s], n < here and s != WAITING, n == here, self.ticket.created_at if s == RECEIVED else None)
            for n, s in enumerate(STEPS)
        ]


def refuse_flood(form: forms.Form) -> None:
    """Told at the head of the form, where what was typed stands and can be sent later."""
    form.add_error(
        None, _("You sent 20 reports within 10 minutes. This one is not sent yet: wait a little and press Send again, or call us.")
    )


def clock_time(moment: datetime, now: datetime) -> str:
    """09:30 today, tomorrow 09:30, or the day and the time, in the reader's zone."""
    local, today = timezone.localtime(moment), timezone.localtime(now).date()
    time = formats.date_format(local, "H:i")
    if local.date() == today:
        return time
    if local.date() == today + timedelta(days=1):
        return _("tomorrow %(time)s") % {"time": time}
    return formats.date_format(local, "D j M, H:i")


@dataclass(frozen=True, slots=True)
class Standing:
    """How all services are, in one word: ok, bad or unknown, and when that was last checked."""

    word: str
    names: tuple[str, ...]
    checked_at: datetime | None


def standing(services: QuerySet[Service]) -> Standing:
    bad = services.filter(state__in=[ServiceState.CRITICAL, ServiceState.WARNING]).order_by("tier", "name")
    names = tuple(bad.values_list("name", flat=True)[:3])
    checked_at = services.exclude(checked_at=None).aggregate(last=Max("checked_at"))["last"]
    return Standing("bad" if names else "ok" if checked_at else "unknown", names, checked_at)
