"""Suppress alerting, never monitoring; suppress creation, never resolution.

While an alert is covered the rules are not asked. Its `evaluate_at` is the silence's end, so that the engine's pass over
the rules raises what still fires then, and nothing else need remember it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from incidents.models import LinkedAlert, Silence
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User

LONGEST = timedelta(days=30)
LONGEST_RECURRING = timedelta(days=366)
FURTHEST = timedelta(days=366)
AHEAD = timedelta(days=1)  # so long before it begins its letter goes, where nothing else is said
MOST_ANNOUNCED = 50
LOOK_AGAIN = timedelta(minutes=15)  # an end that was moved while an alert was being looked at is found by then


class SilenceRefused(ValueError):
    """It cannot stand like this; the words say why."""


@dataclass(frozen=True, slots=True)
class Work:
    """Maintenance as employees are told of it; `is_now`: it is under way."""

    about: str
    text: str
    starts_at: datetime
    ends_at: datetime
    is_now: bool
    number: int
    told_at: datetime


@tongues.deed
def make(*, actor: User, now: datetime, **columns: Any) -> Silence:
    """A silence that begins at `starts_at`, now or later. Alerts that fire already are covered too. Raises SilenceRefused.

    With words to read and no audience they are for employees; with an audience and no `announce_at` the mail goes a day before.
    """
    if columns.get("public_text"):
        columns.setdefault("audience", Silence.Audience.EMPLOYEES)
    silence = Silence(made_by=actor, created_at=now, **columns)
    _checked(silence, now)
    if silence.audience and "announce_at" not in columns:
        silence.announce_at = max(now, _begins(silence) - AHEAD)
    silence.save()
    said = {"of": silence.about, "until": silence.ends_at.isoformat(), "reason": silence.reason, "told": silence.audience}
    trail.record(silence, "silence", actor=actor, now=now, after=said)
    _covered(silence).update(evaluate_at=now)
    return silence


@tongues.deed
def end(silence: Silence, *, actor: User, now: datetime) -> Silence:
    """End it now: what it kept back and still fires is raised. Over already: unchanged."""
    list(_covered(silence).select_for_update().order_by("pk").values_list("pk", flat=True))
    row = Silence.objects.select_for_update(of=("self",)).get(pk=silence.pk)
    if row.ends_at <= now:
        return row
    before = row.ends_at
    row.starts_at, row.ends_at, row.ended_by = min(row.starts_at, now), now, actor
    row.announce_at = now if row.announced_at else None  # who heard of it hears that it is over
    row.save(update_fields=["starts_at", "ends_at", "ended_by", "announce_at"])
    trail.record(row, "end", actor=actor, now=now, before={"until": before.isoformat()}, after={"until": now.isoformat()})
    _covered(row).update(evaluate_at=now)
    return row


def hush(alert: LinkedAlert, *, now: datetime) -> bool:
    """True: a silence covers this alert, whose row the caller holds; it stands as such and is looked at again at the end."""
    standing = Silence.objects.standing(now).about(alert.service, alert.check_slug)
    found = [(window[1], silence) for silence in standing if (window := silence.window(now))]
    if not found:
        return _heard_again(alert, now)
    until, silence = max(found, key=lambda one: (one[0], one[1].pk))
    if alert.silence_id != silence.pk:
        trail.record(alert, "silence", actor=None, now=now, after={"silence": silence.pk, "until": until.isoformat()})
    alert.silence, alert.silenced_until, alert.evaluate_at = silence, until, min(until, now + LOOK_AGAIN)
    alert.save(update_fields=["silence", "silenced_until", "evaluate_at"])
    return True


def announced(*, now: datetime, ahead: timedelta) -> list[Work]:
    """What employees are told of: under way, or beginning within `ahead`. Portal and status page say the same."""
    rows = Silence.objects.announced(now).select_related("service").order_by("starts_at", "pk")[:MOST_ANNOUNCED]
    found = [(row, window) for row in rows if (window := row.next_window(now)) and window[0] <= now + ahead]
    told = (_work(row, window, now) for row, window in found)
    return sorted(told, key=lambda work: (work.starts_at, work.about))


def _work(row: Silence, window: tuple[datetime, datetime], now: datetime) -> Work:
    return Work(str(row.service or row.about), row.public_text, *window, window[0] <= now, row.pk, row.announced_at or row.created_at)


def _heard_again(alert: LinkedAlert, now: datetime) -> bool:
    """What was silenced for longer, and is no more."""
    if alert.silenced_until is not None and alert.silenced_until > now:
        alert.silenced_until = now
        alert.save(update_fields=["silenced_until"])
    return False


def _covered(silence: Silence) -> Any:
    """Open alerts it is about."""
    about = Q(check_slug=silence.check_slug) if silence.check_slug else Q(service=silence.service_id)
    return LinkedAlert.objects.open().filter(about)


def _begins(silence: Silence) -> datetime:
    """The first moment it covers."""
    window = silence.next_window(silence.starts_at)
    return window[0] if window else silence.starts_at


def _checked(silence: Silence, now: datetime) -> None:
    most = LONGEST_RECURRING if silence.weekdays else LONGEST
    if silence.service is None and not silence.check_slug:
        raise SilenceRefused(tongues.later("Name a service or a check."))
    if silence.ends_at <= max(silence.starts_at, now):
        raise SilenceRefused(tongues.later("It would be over before it begins. Choose a later end."))
    if silence.starts_at > now + FURTHEST:
        raise SilenceRefused(tongues.later("It begins more than a year from now. Choose an earlier beginning."))
    if silence.ends_at - silence.starts_at > most:
        raise SilenceRefused(tongues.later("That is longer than %(days)s days. Choose an earlier end.", {"days": most.days}))
    if silence.weekdays and (silence.opens is None or silence.closes is None):
        raise SilenceRefused(tongues.later("A window on weekdays needs the times at which it opens and closes."))
    if silence.audience and not silence.public_text.strip():
        raise SilenceRefused(tongues.later("Write what they read, or announce it to nobody."))
    if silence.public_text and not silence.audience:
        raise SilenceRefused(tongues.later("Choose who reads it, or leave the words out."))
