"""What one rota lacks over a span: nobody, two at once, somebody away or without a verified phone, too many nights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.escalation import snapshot, targets
from incidents.escalation.last_resort import people as last_people
from incidents.models import Policy
from notifications import reach
from servicedesk import walltime
from servicedesk.directory import moments
from servicedesk.directory.models import User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Away, Schedule
from servicedesk.oncall.roster import Duty, Rota

DAY = timedelta(days=1)
BY_DESIGN = timedelta(hours=2)  # hand-offs that the clocks repeat overlap
MOST_NIGHTS = 7


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence; `tone` is bad, warn or info."""

    tone: str
    text: str


def of_rota(rota: Rota, *, start: datetime, end: datetime) -> list[Finding]:
    """Everything worth knowing before this rota is relied on, worst first."""
    zone, line = ZoneInfo(rota.schedule.zone), rota.line_up(start, end)
    people = list(dict.fromkeys(duty.person for duty in line))
    return [
        *_empty(rota, start, end, zone),
        *(Finding("warn", text) for text in map(cannot_be_woken, people) if text),
        *_away(rota, line, zone, start, end),
        *_together(line, zone, start),
        *_overloaded(people, line),
        *_clocks(zone, start, end),
    ]


def cannot_be_woken(person: User) -> str:
    """The sentence for somebody an urgent page reaches by mail at most; empty for all others."""
    return "" if reach.wakes(person) else _("%(name)s has no verified phone.") % {"name": person}


def stands_in(schedule: Schedule, *, at: datetime) -> list[User]:
    """Who would be called at that moment if the schedule had nobody: later steps of its policies, then the last resort."""
    for policy in Policy.objects.filter(steps__targets__schedule=schedule).distinct().order_by("pk"):
        plan = snapshot.plan_of(policy)
        for number in range(1, len(plan.steps) + 1):
            others = [one.person for one in targets.candidates(plan, number, at=at)]
            if others:
                return others
        here = roster.present(last_people(plan), at=at)
        if here:
            return here[:1]
    return []


def _empty(rota: Rota, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Finding]:
    for low, high in rota.gaps(start, end):
        words = {"start": _stamp(low, zone, start), "end": _stamp(high, zone, start)}
        if low <= start and high >= end:
            yield Finding("bad", _("Nobody is on call, all the time."))
        elif low <= start:
            yield Finding("bad", _("Nobody is on call until %(end)s.") % words)
        elif high >= end:
            yield Finding("bad", _("Nobody is on call from %(start)s.") % words)
        else:
            yield Finding("bad", _("Nobody is on call from %(start)s to %(end)s.") % words)


def _away(rota: Rota, line: Sequence[Duty], zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Finding]:
    members = {person for layer in rota.layers for person in layer.people} | {duty.person.pk for duty in line}
    rows = Away.objects.filter(person__in=members, starts_at__lt=end, ends_at__gt=start).select_related("person")
    for row in rows:
        words = {"name": row.person, "start": _stamp(row.starts_at, zone, start), "end": _stamp(row.ends_at, zone, start)}
        yield Finding("warn", _("%(name)s is away from %(start)s to %(end)s.") % words)


def _together(line: Sequence[Duty], zone: ZoneInfo, start: datetime) -> Iterator[Finding]:
    for one, other in pairwise(line):
        until = min(one.ends_at, other.ends_at)
        if one.person != other.person and until - other.starts_at > BY_DESIGN:
            words = {"one": one.person, "other": other.person, "start": _stamp(other.starts_at, zone, start)}
            yield Finding("info", _("%(one)s and %(other)s are on call together from %(start)s.") % words)
            return


def _overloaded(people: Sequence[User], line: Sequence[Duty]) -> Iterator[Finding]:
    for person in people:
        own = [replace(duty, is_override=False) for duty in line if duty.person == person]
        nights = nights_in_a_row(own)
        if nights > MOST_NIGHTS:
            text = ngettext("%(name)s is on call %(n)d night in a row.", "%(name)s is on call %(n)d nights in a row.", nights)
            yield Finding("warn", text % {"name": person, "n": nights})


def nights_in_a_row(duties: Sequence[Duty]) -> int:
    """The longest stretch of duty without a break, in nights."""
    return round(max((duty.ends_at - duty.starts_at for duty in roster.stretches(duties)), default=timedelta()) / DAY)


def _clocks(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Finding]:
    """The days of the span on which the clocks of the zone change."""
    day, last = walltime.shown(start, zone).date(), walltime.shown(end, zone).date()
    while day <= last:
        if _offset(day, zone) != _offset(day + DAY, zone):
            words = {"day": f"{moments.stamp(datetime.combine(day, datetime.min.time()), None).rpartition(',')[0]}"}
            yield Finding("info", _("The clocks change on %(day)s; hand-offs keep their time of day.") % words)
        day += DAY


def _offset(day: date, zone: ZoneInfo) -> timedelta | None:
    return datetime.combine(day, datetime.min.time(), tzinfo=zone).utcoffset()


def _stamp(then: datetime, zone: ZoneInfo, now: datetime) -> str:
    return moments.stamp(then.astimezone(zone), now.astimezone(zone))
