"""Four weeks of a rota as a table: who is on call each day, hand-offs, overrides, and nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from servicedesk import walltime
from servicedesk.oncall import roster
from servicedesk.oncall.roster import Duty, Rota

WEEKS = 4
MINUTE = "%Y-%m-%dT%H:%M"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of a day. `name` is empty where nobody is on call."""

    name: str
    hours: str
    classes: str
    because: str = ""
    is_override: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    fill: str = ""  # of a gap: what the form of a change is asked for


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    is_today: bool
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Week:
    number: int
    days: list[Day]


def span(day: date, zone: str) -> tuple[datetime, datetime]:
    """The four weeks that begin with the Monday of this day's week."""
    monday = day - day.weekday() * DAY
    return _midnight(monday, zone), _midnight(monday + WEEKS * 7 * DAY, zone)


def weeks(rota: Rota, day: date, *, now: datetime) -> list[Week]:
    """Gaps of the past are not shown: nothing can be done about them."""
    zone = rota.schedule.zone
    start, end = span(day, zone)
    line, gaps = roster.stretches(rota.line_up(start, end)), rota.gaps(max(start, min(now, end)), end)
    places = {person: place for place, person in enumerate(dict.fromkeys(duty.person for duty in line))}
    today, monday = walltime.shown(now, ZoneInfo(zone)).date(), walltime.shown(start, ZoneInfo(zone)).date()

    def of_day(day: date) -> Day:
        low, high = _midnight(day, zone), _midnight(day + DAY, zone)
        shifts = [_shift(duty, places[duty.person], low, high, zone) for duty in line if duty.starts_at < high and duty.ends_at > low]
        empty = [_gap(begins, ends, low, high, zone) for begins, ends in gaps if begins < high and ends > low]
        return Day(day, day == today, sorted([*shifts, *empty], key=lambda piece: piece.starts_at or low))

    mondays: Iterator[date] = (monday + n * 7 * DAY for n in range(WEEKS))
    return [Week(first.isocalendar().week, [of_day(first + n * DAY) for n in range(7)]) for first in mondays]


def _shift(duty: Duty, place: int, low: datetime, high: datetime, zone: str) -> Piece:
    classes = ["shift-override"] if duty.is_override else ["shift-a"] if place % 2 == 0 else []
    classes += ["shift-start"] if duty.starts_at >= low or duty.is_override else []
    classes += ["shift-end"] if duty.ends_at <= high or duty.is_override else []
    hours = _hours(duty.starts_at, duty.ends_at, low, high, zone)
    name = duty.person.get_short_name()
    return Piece(name, hours, " ".join(classes), duty.because, duty.is_override, duty.starts_at, duty.ends_at)


def _gap(begins: datetime, ends: datetime, low: datetime, high: datetime, zone: str) -> Piece:
    hours = _hours(begins, ends, low, high, zone)
    times = {name: f"{moment.astimezone(ZoneInfo(zone)):{MINUTE}}" for name, moment in (("starts", begins), ("ends", ends))}
    asked = urlencode({"kind": "add", **times})
    return Piece("", hours, "shift-start shift-end shift-gap", starts_at=max(begins, low), ends_at=min(ends, high), fill=asked)


def _hours(begins: datetime, ends: datetime, low: datetime, high: datetime, zone: str) -> str:
    """Which part of the day, where it is not the whole of it."""
    words = {"start": f"{begins.astimezone(ZoneInfo(zone)):%H:%M}", "end": f"{ends.astimezone(ZoneInfo(zone)):%H:%M}"}
    if begins > low and ends < high:
        return _("%(start)s to %(end)s") % words
    if begins > low or (begins == low and words["start"] != "00:00"):
        return _("from %(start)s") % words
    return _("until %(end)s") % words if ends < high else ""


def _midnight(day: date, zone: str) -> datetime:
    return walltime.first(datetime.combine(day, time()), ZoneInfo(zone))
