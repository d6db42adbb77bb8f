"""When a recurring window stands: weekdays and wall-clock times of a zone, across changes of the clock. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from servicedesk import walltime

DAY = timedelta(days=1)


def window_at(moment: datetime, *, weekdays: Collection[int], start: time, end: time, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """The window that stands at this instant, as instants. Monday is 0; an `end` not after `start` is on the next day."""
    today = walltime.shown(moment, zone).date()
    for day in (today - DAY, today):
        if day.weekday() in weekdays:
            opens, closes = _of_day(day, start, end, zone)
            if opens <= moment < closes:
                return opens, closes
    return None


def next_window(moment: datetime, *, weekdays: Collection[int], start: time, end: time, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """The first window that begins after this instant; None without weekdays."""
    today = walltime.shown(moment, zone).date()
    days = (today + DAY * ahead for ahead in range(8))
    windows = (_of_day(day, start, end, zone) for day in days if day.weekday() in weekdays)
    return next((window for window in windows if window[0] > moment), None)


def _of_day(day: date, start: time, end: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """An hour that comes twice is inside whole; one that never comes makes the window shorter."""
    last = day if end > start else day + DAY
    return walltime.first(datetime.combine(day, start), zone), walltime.last(datetime.combine(last, end), zone)
