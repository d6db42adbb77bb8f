"""What on call comes to in a month, for whoever pays: hours by class and calls, each person on the clock of their site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents import deskhours
from incidents.escalation import snapshot
from incidents.models import Page, StepTarget
from servicedesk import walltime
from servicedesk.directory import zones
from servicedesk.directory.models import User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule

DAY = timedelta(days=1)
NIGHT_FROM, NIGHT_UNTIL = time(22), time(7)
SATURDAY = 5


class HourClass(models.TextChoices):
    """The first that fits, in this order."""

    HOLIDAY = "holiday", _("Public holiday")
    WEEKEND = "weekend", _("Weekend")
    NIGHT = "night", _("Night, 22 to 7")
    DAY = "day", _("Working day")


@dataclass(slots=True)
class Line:
    """One person's month on one schedule: seconds and calls by class."""

    person: User
    schedule: Schedule
    seconds: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def hours(self) -> list[str]:
        return [f"{self.seconds[one] / 3600:.2f}" for one in HourClass.values]

    @property
    def called(self) -> list[int]:
        return [self.calls[one] for one in HourClass.values]

    @property
    def cells(self) -> list[str]:
        return [*self.hours, *map(str, self.called)]


def month(first: date, *, zone: str) -> tuple[datetime, datetime]:
    """The month of this day, on this clock."""
    begins = first.replace(day=1)
    ends = (begins + 31 * DAY).replace(day=1)
    here = ZoneInfo(zone)
    return walltime.first(datetime.combine(begins, time()), here), walltime.first(datetime.combine(ends, time()), here)


def lines(first: date, *, now: datetime) -> list[Line]:
    """Everybody who was on call in that month until now, by name; fallbacks are not on call. A call is a page of a step."""
    found: dict[tuple[int, int], Line] = {}
    for schedule in Schedule.objects.select_related("team", "fallback"):
        start, end = month(first, zone=schedule.zone)
        end = min(end, now)
        for duty in roster.line_up(schedule, start=start, end=end) if start < end else []:
            line = found.setdefault((schedule.pk, duty.person.pk), Line(duty.person, schedule))
            _add(line, max(duty.starts_at, start), min(duty.ends_at, end))
    return sorted(found.values(), key=lambda line: (line.person.name, line.schedule.name))


def _add(line: Line, start: datetime, end: datetime) -> None:
    for low, high, word in pieces(line.person, start, end):
        line.seconds[word] += int((high - low).total_seconds())
    paged = Page.objects.filter(person=line.person, at__gte=start, at__lt=end, step__gt=0, run__isnull=False).select_related("run")
    for page in paged:
        if _is_of(page, line.schedule):
            line.calls[class_of(line.person, page.at)] += 1


def _is_of(page: Page, schedule: Schedule) -> bool:
    """Whether the step that paged named this schedule."""
    step = snapshot.read(page.run.snapshot).step(page.step) if page.run else None
    return any((target.kind, target.id) == (StepTarget.Kind.SCHEDULE, schedule.pk) for target in (step.targets if step else ()))


def pieces(person: User, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, str]]:
    """The span cut where its class may change."""
    zone, low = ZoneInfo(zones.of(person)), start
    for edge in _edges(start, end, zone):
        if low < edge:
            yield low, edge, class_of(person, low)
            low = edge
    if low < end:
        yield low, end, class_of(person, low)


def class_of(person: User, at: datetime) -> str:
    local = at.astimezone(ZoneInfo(zones.of(person)))
    if deskhours.is_holiday(person.site.country if person.site else "", local.date()):
        return HourClass.HOLIDAY
    if local.weekday() >= SATURDAY:
        return HourClass.WEEKEND
    return HourClass.DAY if NIGHT_UNTIL <= local.time() < NIGHT_FROM else HourClass.NIGHT


def _edges(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    day = walltime.shown(start, zone).date()
    while (midnight := walltime.first(datetime.combine(day, time()), zone)) < end:
        for edge in (midnight, *(walltime.first(datetime.combine(day, at), zone) for at in (NIGHT_UNTIL, NIGHT_FROM))):
            if start < edge < end:
                yield edge
        day += DAY
