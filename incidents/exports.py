"""Tickets as a CSV file: asked for on a page, written by a job, with nothing in it that the asker may not see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import Ticket
from incidents.models.tickets import TicketQuerySet
from servicedesk.directory import zones
from servicedesk.directory.models import User
from servicedesk.jobs import sheets, work
from servicedesk.jobs.models import Job
from servicedesk.jobs.running import Result, Run

KIND = "export tickets"
PIECE = 500
PARTS = ("requester", "assignee", "team", "service", "incident")
COLUMNS: tuple[str | Promise, ...] = (
    gettext_lazy("No."), gettext_lazy("Title"), gettext_lazy("Kind"), gettext_lazy("State"), gettext_lazy("Severity"),
    gettext_lazy("Service"), gettext_lazy("Team"), gettext_lazy("Assignee"), gettext_lazy("Requester"), gettext_lazy("Department"),
    gettext_lazy("Impacted"), gettext_lazy("Effect"), gettext_lazy("Incident"),
)  # fmt: skip
MOMENTS: tuple[tuple[str | Promise, str], ...] = (
    (gettext_lazy("Created"), "created_at"),
    (gettext_lazy("First answered"), "first_answered_at"),
    (gettext_lazy("First answer due"), "first_answer_due_at"),
    (gettext_lazy("Solved"), "solved_at"),
    (gettext_lazy("Solution due"), "solution_due_at"),
    (gettext_lazy("Closed"), "closed_at"),
)


def ask(user: User, *, first: date, last: date, only_open: bool, now: datetime) -> Job:
    """A job that writes the tickets created from the `first` to the `last` day on this person's calendar."""
    zone = ZoneInfo(zones.of(user))
    since, until = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    asked = {"since": since.isoformat(), "until": until.isoformat(), "only_open": only_open, "zone": zone.key}
    days = {"first": first.isoformat(), "last": last.isoformat()}
    title = _("Tickets from %(first)s to %(last)s") % days
    return work.start(KIND, asked_by=user, title=title, parameters={**asked, **days}, now=now)


def tickets(run: Run) -> Result:
    """The kind of job: pieces in the order of the numbers, each a part of the file."""
    asked, last = run.job.parameters, run.checkpoint
    rows = _asked(run.job.asked_by, asked)
    zone, done = ZoneInfo(asked["zone"]), run.job.done
    if last is None:
        last = 0
        run.progress(0, total=rows.count(), checkpoint=last, text=sheets.lines([_head(zone)]))
    while piece := list(rows.filter(pk__gt=last).select_related(*PARTS).order_by("pk")[:PIECE]):
        done, last = done + len(piece), piece[-1].pk
        run.progress(done, checkpoint=last, text=sheets.lines(_line(ticket, zone) for ticket in piece))
    return Result(figures={"tickets": done}, file_name=f"tickets-{asked['first']}-{asked['last']}.csv")


def _asked(user: User, asked: dict[str, Any]) -> TicketQuerySet:
    """What this person may see now, and not what they might when they asked."""
    rows: TicketQuerySet = Ticket.objects.visible_to(user) if user.is_desk_staff else Ticket.objects.none()
    rows = rows.filter(created_at__gte=datetime.fromisoformat(asked["since"]), created_at__lt=datetime.fromisoformat(asked["until"]))
    return rows.open() if asked["only_open"] else rows


def _head(zone: ZoneInfo) -> Iterator[str]:
    yield from map(str, COLUMNS)
    yield from (f"{word} ({zone.key})" for word, _column in MOMENTS)


def _line(ticket: Ticket, zone: ZoneInfo) -> Iterator[object]:
    yield from (ticket.number, ticket.title, ticket.get_kind_display(), ticket.get_state_display())
    yield f"SEV{ticket.severity}" if ticket.severity else ""
    yield from (ticket.service or "", ticket.team or "", ticket.assignee or "", ticket.requester, ticket.requester.department)
    yield from (ticket.get_impacted_display(), ticket.get_effect_display(), ticket.incident.number if ticket.incident else "")
    for _word, column in MOMENTS:
        moment: datetime | None = getattr(ticket, column)
        yield moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""
