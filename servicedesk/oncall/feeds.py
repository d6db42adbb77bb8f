"""Shifts for people's own calendars (RFC 5545). The address is secret and can be taken back; shifts never show one as busy."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db import transaction

from servicedesk.audit import trail
from servicedesk.directory.models import User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Feed, Schedule
from servicedesk.oncall.roster import Duty

BEHIND, AHEAD = timedelta(weeks=4), timedelta(weeks=26)
LONGEST = 75  # octets of a line


@transaction.atomic
def subscribe(person: User, scope: str, *, now: datetime) -> Feed:
    """A new address; the one before it ends here."""
    revoke(person, scope, now=now)
    made = Feed.objects.create(person=person, scope=scope, secret=secrets.token_urlsafe(32), created_at=now)
    trail.record(made, "subscribe", actor=person, now=now, after={"scope": scope})
    return made


@transaction.atomic
def revoke(person: User, scope: str, *, now: datetime) -> int:
    return Feed.objects.filter(person=person, scope=scope, revoked_at=None).update(revoked_at=now)


def find(secret: str) -> Feed | None:
    """The feed behind an address that still counts, of somebody who is still here."""
    return Feed.objects.select_related("person").filter(secret=secret, revoked_at=None, person__is_active=True).first()


def calendar(feed: Feed, *, name: str, now: datetime) -> str:
    """Four weeks back and half a year ahead."""
    start, end = now - BEHIND, now + AHEAD
    rotas = roster.load(list(Schedule.objects.select_related("team", "fallback")), start=start, end=end)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Servicedesk//On call//EN", f"X-WR-CALNAME:{_text(name)}"]
    for rota in rotas:
        for duty in roster.stretches(rota.line_up(start, end)):
            if feed.scope == Feed.Scope.ALL or duty.person == feed.person:
                lines += _event(rota.schedule, duty, now)
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _event(schedule: Schedule, duty: Duty, now: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{schedule.slug}-{duty.person.pk}-{_stamp(duty.starts_at)}@servicedesk",
        f"DTSTAMP:{_stamp(now)}",
        f"DTSTART:{_stamp(duty.starts_at)}",
        f"DTEND:{_stamp(duty.ends_at)}",
        f"SUMMARY:{_text(f'{schedule.name}: {duty.person}')}",
        f"DESCRIPTION:{_text(duty.because)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    return words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """No line is longer than 75 octets; what follows begins with a space. Letters are not cut in two."""
    part = ""
    for letter in line:
        if len((part + letter).encode()) > LONGEST:
            yield part
            part = " "
        part += letter
    yield part
