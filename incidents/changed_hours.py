"""New desk hours move the due times of the tickets that are open, by a job whose file names each. Nobody is paged for it.

However they were changed: the hours that due times follow are kept, and what differs from them is followed once, by the
page that changed it or by the engine. What is solved keeps the times it was judged by.

Who moves to another site takes their open tickets along: each says whose hours its due times follow. What says nothing (from
before an upgrade) is reckoned once too, and gets its warnings by that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import journal, repairing, targets
from incidents.models import FollowedHours, Ticket
from incidents.models.tickets import TicketQuerySet
from incidents.repairing import Difference
from servicedesk.directory import tongues
from servicedesk.directory.models import Organisation, Role, Site, User
from servicedesk.jobs import sheets, work
from servicedesk.jobs.models import Job
from servicedesk.jobs.running import Result, Run

FIELDS = ("desk_hours", "zone", "country")  # of a site or the organisation: what decides when the desk is open
MOVED = "moved"  # in the place of a site: the tickets of who moved, wherever
STRAYED = Q(hours_of=None) | ~Q(hours_of=Coalesce(F("requester__site"), 0))
WORDS = {
    "first_answer_due_at": gettext_lazy("first answer"),
    "next_answer_due_at": gettext_lazy("next answer"),
    "solution_due_at": gettext_lazy("solution"),
}


def follow(where: Organisation | Site, *, now: datetime, actor: User | None = None, was: Mapping[str, Any] | None = None) -> Job | None:
    """A job for the tickets these hours count for, where they are others than those followed so far; None where they are not.

    Of a place that was never followed `was` says which they were before; without it they are only written down. Where
    nobody is known who changed them, the job is the first administrator's, and stands in the audit trail as nobody's deed;
    as it does where `was` says that the actor left them as they were.
    """
    with tongues.in_house(), transaction.atomic():
        before = _hours(where) | dict(was or {})
        row, _is_new = FollowedHours.objects.get_or_create(place=_place(where), defaults={"hours": before})
        row = FollowedHours.objects.select_for_update().get(pk=row.pk)
        hours = _hours(type(where).objects.get(pk=where.pk))  # as they are now that nobody else follows them
        asker = actor or _administrator()
        if row.hours == hours or asker is None:
            return None
        row.hours = hours
        row.save(update_fields=["hours"])
        title = _("Due times after new desk hours: %(where)s") % {"where": where}
        parameters = {"site": where.pk if isinstance(where, Site) else None}
        is_deed = actor is not None and (was is None or any(hours[name] != value for name, value in was.items()))
        return work.start(repairing.HOURS, asked_by=asker, title=title, parameters=parameters, now=now, is_deed=is_deed)


def follow_due(*, now: datetime) -> int:
    """The engine's pass: what a shell, a program or a restored row changed; how many jobs that makes."""
    places: list[Organisation | Site] = [*Organisation.objects.all(), *Site.objects.order_by("pk")]
    followed = dict(FollowedHours.objects.values_list("place", "hours"))
    changed = [where for where in places if followed.get(_place(where)) != _hours(where)]
    return sum(follow(where, now=now) is not None for where in changed)


@tongues.deed
def follow_moved(*, now: datetime) -> int:
    """The engine's pass: a job for the open tickets whose requester is at another site than their due times follow."""
    at_work = Job.objects.filter(kind=repairing.HOURS, parameters__site=MOVED, finished_at=None)
    if not TicketQuerySet(Ticket).open().filter(STRAYED).exists() or at_work.exists() or (asker := _administrator()) is None:
        return 0
    title = _("Due times of who moved to another site")
    work.start(repairing.HOURS, asked_by=asker, title=title, parameters={"site": MOVED}, now=now, is_deed=False)
    return 1


def _administrator() -> User | None:
    """Whose job it is where nobody is known who changed something."""
    return User.objects.get_queryset().holding(Role.ADMIN).order_by("pk").first()


def _place(where: Organisation | Site) -> str:
    return f"site-{where.pk}" if isinstance(where, Site) else "organisation"


def _hours(where: Organisation | Site) -> dict[str, Any]:
    return {name: getattr(where, name) for name in FIELDS if hasattr(where, name)}


def move(run: Run) -> Result:
    """The kind of job: open tickets in the order of their numbers."""
    rows, done = _open(run.job), run.job.done
    last, moved, late = run.checkpoint or (0, 0, 0)
    if run.checkpoint is None:
        head = (_("No."), _("Clock"), _("Was due"), _("Is due"), _("Late by the change"))
        run.progress(0, total=rows.count(), checkpoint=[0, 0, 0], text=sheets.lines([head]))
    while piece := list(rows.filter(pk__gt=last).order_by("pk")[: repairing.PIECE]):
        told = [_moved(found, run.now) for found in _by_ticket(piece, run.now)]
        if run.job.parameters["site"] == MOVED:
            _settle_in(piece, run.now)
        lines = [line for each in told for line in each]
        last, done, moved = piece[-1].pk, done + len(piece), moved + len(told)
        late += sum(bool(line[-1]) for line in lines)
        run.progress(done, checkpoint=[last, moved, late], text=sheets.lines(lines))
    return Result(figures={"tickets": done, "moved": moved, "late": late}, file_name="due-times.csv")


def _open(job: Job) -> TicketQuerySet:
    rows = TicketQuerySet(Ticket).open().select_related("requester__site", "reported_by")
    if job.parameters["site"] == MOVED:
        return rows.filter(STRAYED)
    return rows.filter(requester__site=job.parameters["site"]) if job.parameters["site"] else rows


def _by_ticket(piece: list[Ticket], now: datetime) -> Iterator[list[Difference]]:
    found: dict[int, list[Difference]] = {}
    for one in repairing.of_piece(piece, now=now):
        found.setdefault(one.ticket.pk, []).append(one)
    yield from found.values()


def _settle_in(piece: list[Ticket], now: datetime) -> None:
    """Each follows the hours, and whose requester moved comes under the service level, of where they are now."""
    for ticket in piece:
        with tongues.in_house(), transaction.atomic():
            row = Ticket.objects.locked(ticket.pk)
            if ticket.hours_of is None or not targets.follow(row, now=now):
                targets.project(row, now=now, is_repair=True)


@transaction.atomic
def _moved(found: list[Difference], now: datetime) -> list[tuple[str, ...]]:
    """One ticket put right, with a line in its history; what the file says of it."""
    ticket = found[0].ticket
    turned = repairing.repair(found[0], now=now)
    before = {one.column: one.stored.isoformat() if one.stored else None for one in found}
    after = {one.column: one.right.isoformat() if one.right else None for one in found}
    with tongues.in_house():
        said = _("Due times moved with the desk hours.")
    journal.ticket_event(ticket, said, actor=None, now=now, verb="move_due", before=before, after=after)
    number = "" if ticket.is_confidential else ticket.number
    return [
        (number or _("confidential"), str(WORDS[one.column]), _stamp(one.stored), _stamp(one.right), _("late") if turned else "")
        for one in found
    ]


def _stamp(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
