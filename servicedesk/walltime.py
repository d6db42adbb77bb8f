"""Wall-clock times of a zone as instants. Pure.

A wall-clock time can come twice (clocks go back) or never (they go forward). `first` and `last` give its first and
last instant; a time that never comes is the first instant after the hole for both, so `first(t) <= last(t)` always.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def first(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) at which clocks of the zone show this naive time."""
    early, late = _readings(wall, zone)
    return early if early <= late else _end_of_hole(late, early, zone)


def last(wall: datetime, zone: ZoneInfo) -> datetime:
    """The last instant (UTC) at which clocks of the zone show this naive time."""
    early, late = _readings(wall, zone)
    return late if early <= late else _end_of_hole(late, early, zone)


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    """What clocks of the zone show at an instant, as a naive time."""
    return at.astimezone(zone).replace(tzinfo=None)


def _readings(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """By the offset before a change and by the one after it; the second is the smaller only inside a hole (PEP 495)."""
    before, after = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    return before.astimezone(UTC), after.astimezone(UTC)


def _end_of_hole(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The instant between these two at which the offset changes."""
    offset = low.astimezone(zone).utcoffset()
    while high - low > SECOND:
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
