"""Times and severities as they are said on a telephone: "three twelve", "Severity one"."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("", "", "twenty", "thirty", "forty", "fifty")


def moment(then: datetime, now: datetime) -> str:
    """The clock time of today, else the day before it. Both moments are on the listener's clock."""
    if then.date() == now.date():
        return clock_time(then.hour, then.minute)
    day = date_format(then, pgettext("date format", "l j F"))
    return _("%(day)s, %(time)s") % {"day": day, "time": clock_time(then.hour, then.minute)}


def clock_time(hour: int, minute: int) -> str:
    """In English in words, since engines read "03:12" in many ways; other languages have their own for figures."""
    if not (get_language() or "en").startswith("en"):
        return f"{hour}:{minute:02d}"
    if minute == 0:
        return f"{number(hour)} hundred" if hour == 0 or hour > 12 else f"{number(hour)} o'clock"
    return f"{number(hour)} {'oh ' if minute < 10 else ''}{number(minute)}"


def number(value: int) -> str:
    """0 to 59 in English words."""
    if value < 20:
        return (SMALL + TEENS)[value]
    tens, ones = divmod(value, 10)
    return f"{TENS[tens]}-{SMALL[ones]}" if ones else TENS[tens]


def severity(rank: int) -> str:
    words = {1: _("Severity one."), 2: _("Severity two."), 3: _("Severity three."), 4: _("Severity four.")}
    return words[rank]
