"""What incidents show as evidence outlives the results it was read from: before old ones are dropped, theirs are copied.

On PostgreSQL whole days are dropped at once, so nothing can be left standing in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q, QuerySet

from incidents import pins
from incidents.models import Incident
from incidents.pins import Pin
from monitoring.models import Check, PinnedResult, Result

COLUMNS = ("check_id", "status", "summary", "severity", "metrics", "labels", "started_at", "received_at", "raw_id", "change", "why")
AT_ONCE = 1_000


def keep(before: datetime, *, now: datetime) -> int:
    """Copy what is older than `before` and belongs to an incident; how many rows. Those copied already are left alone."""
    oldest = Result.objects.order_by("day").values_list("day", flat=True).first()
    if oldest is None or oldest > before.date():
        return 0
    since = datetime.combine(oldest, datetime.min.time(), before.tzinfo)
    return sum(_copied(pin, before) for pin in pins.pins(now=now, since=since))


def forget(*, now: datetime) -> int:
    """Drop what is kept for incidents whose time is over; how many rows."""
    gone = PinnedResult.objects.exclude(incident__in=pins.pinned(now=now)).values_list("pk", flat=True)
    total = 0
    while found := list(gone[:AT_ONCE]):
        total += PinnedResult.objects.filter(pk__in=found).delete()[0]
    return total


def of_incident(incident: Incident, *, now: datetime) -> Iterator[PinnedResult]:
    """The readings of its span, those that were copied and those that still stand where they came, the oldest first."""
    pin = pins.pin_of(incident, now=now)
    kept = {row.result: row for row in PinnedResult.objects.filter(incident=incident)}
    for result in _rows(pin).order_by("received_at", "id"):
        kept.setdefault(result.pk, _copy(pin, result))
    yield from sorted(kept.values(), key=lambda row: (row.received_at, row.result))


def _copied(pin: Pin, before: datetime) -> int:
    rows = _rows(pin).filter(received_at__lt=before)
    known = PinnedResult.objects.filter(incident=pin.incident).values("result")
    made = 0
    while found := list(rows.exclude(pk__in=known).order_by("id")[:AT_ONCE]):
        made += len(PinnedResult.objects.bulk_create([_copy(pin, row) for row in found], ignore_conflicts=True))
    return made


def _rows(pin: Pin) -> QuerySet[Result]:
    checks = Check.objects.filter(Q(pk__in=pin.checks) | Q(service__in=pin.services)).values_list("pk", flat=True)
    span = {"day__range": (pin.start.date(), pin.end.date()), "received_at__range": (pin.start, pin.end)}
    return Result.objects.filter(check_id__in=list(checks), **span)


def _copy(pin: Pin, row: Result) -> PinnedResult:
    return PinnedResult(incident_id=pin.incident, result=row.pk, **{name: getattr(row, name) for name in COLUMNS})
