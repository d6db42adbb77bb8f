"""Times in words, as pages show them. Moments are aware; whoever calls has put them on the reader's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

DAY = timedelta(days=1)


def duration(span: timedelta) -> str:
    """ "40 s", "12 min", "1 h 05 min", "2 d 3 h"; never negative."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    minutes = seconds // 60
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _("%(h)d h %(m)02d min") % {"h": hours, "m": minutes}
    return _("%(d)d d %(h)d h") % {"d": hours // 24, "h": hours % 24}


def utc(moment: datetime) -> str:
    """As programs read it: 2026-11-23T02:12:00Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def stamp(then: datetime, now: datetime | None) -> str:
    """The clock time today, else day and time: "Mon 23 Nov, 03:12"; the year where it is not this one."""
    if now is None or then.year != now.year:
        return date_format(then, pgettext("date format", "D j M Y, H:i"))
    if then.date() == now.date():
        return date_format(then, "H:i")
    return date_format(then, pgettext("date format", "D j M, H:i"))


def age(then: datetime, now: datetime) -> str:
    """ "now", "6 min", "3 h"; from a day on the stamp."""
    passed = now - then
    if passed < timedelta(minutes=1):
        return _("now")
    if passed < timedelta(hours=1):
        return _("%(n)d min") % {"n": passed.seconds // 60}
    if passed < DAY:
        return _("%(n)d h") % {"n": passed.seconds // 3600}
    return stamp(then, now)


def ago(then: datetime, now: datetime) -> str:
    """ "now", "6 min ago", "3 h ago"; from a day on the stamp."""
    text = age(then, now)
    if not timedelta(minutes=1) <= now - then < DAY:
        return text
    return _("%(time)s ago") % {"time": text}


def left(due: datetime, now: datetime) -> str:
    """ "14 min left", or once past "12 min late"."""
    if due < now:
        return _("%(time)s late") % {"time": duration(now - due)}
    return _("%(time)s left") % {"time": duration(due - now)}


def until(then: datetime, now: datetime) -> str:
    """ "in 16 min", or once past "16 min late"."""
    if then < now:
        return _("%(time)s late") % {"time": duration(now - then)}
    return _("in %(time)s") % {"time": duration(then - now)}
