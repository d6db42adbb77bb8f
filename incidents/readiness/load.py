"""Who has too much: more than seven nights in a row, or on call again before eleven hours of rest after a woken night."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Page
from incidents.readiness.rotas import BY_DESIGN, MOST_NIGHTS, nights_in_a_row
from notifications.models import Channel, Message
from servicedesk.directory import moments, zones
from servicedesk.directory.models import User
from servicedesk.oncall.roster import Duty

REST = timedelta(hours=11)
NIGHT_FROM, NIGHT_UNTIL = 22, 7
Found = tuple[User, str, str]


def overloaded(people: Sequence[User], line: Sequence[Duty], *, now: datetime) -> Iterator[Found]:
    """(person, problem, sentence) for those whose turns or whose last night ask too much."""
    for person in people:
        own = [duty for duty in line if duty.person == person]
        nights = nights_in_a_row(own)
        if nights > MOST_NIGHTS:
            text = ngettext("%(name)s is on call %(n)d night in a row.", "%(name)s is on call %(n)d nights in a row.", nights)
            yield person, "too_many_nights", text % {"name": person, "n": nights}
        woken_at = last_woken(person, now=now)
        if woken_at is not None and any(duty.starts_at < woken_at + REST and duty.ends_at > now for duty in own):
            here = zones.local(now, person)
            times = {
                "at": moments.stamp(zones.local(woken_at, person), here),
                "end": moments.stamp(zones.local(woken_at + REST, person), here),
            }
            text = _("%(name)s was woken at %(at)s and is on call again before %(end)s: eleven hours of rest are missing.")
            yield person, "no_rest", text % {"name": person, **times}


def doubled(lines: Sequence[tuple[str, Sequence[Duty]]]) -> Iterator[Found]:
    """Who is on two schedules at one time: when they sleep through the first, the second wakes nobody else. Said once a pair."""
    for (one, mine), (other, theirs) in combinations(lines, 2):
        both = [(first, max(first.starts_at, second.starts_at)) for first in mine for second in theirs if _meet(first, second)]
        for duty, starts_at in sorted({duty.person.pk: (duty, at) for duty, at in reversed(both)}.values(), key=lambda each: each[1]):
            words = {"name": duty.person, "one": one, "other": other, "at": moments.stamp(zones.local(starts_at, duty.person), None)}
            text = _("%(name)s is on %(one)s and %(other)s at once from %(at)s: the second call goes to the same person.")
            yield duty.person, "two_schedules", text % words


def _meet(one: Duty, other: Duty) -> bool:
    return one.person == other.person and min(one.ends_at, other.ends_at) - max(one.starts_at, other.starts_at) > BY_DESIGN


def last_woken(person: User, *, now: datetime) -> datetime | None:
    """When a page last woke this person at night, on their clock; None where that is more than eleven hours ago."""
    keys = Page.objects.filter(person=person, at__gt=now - REST, at__lte=now).values("errand_key")
    rang = Message.objects.filter(errand__key__in=keys, sent_at__gt=now - REST).exclude(channel=Channel.EMAIL)
    at_night = [at for at in rang.values_list("sent_at", flat=True) if at and is_night(at, person)]
    return max(at_night, default=None)


def is_night(at: datetime, person: User) -> bool:
    return not NIGHT_UNTIL <= zones.local(at, person).hour < NIGHT_FROM
