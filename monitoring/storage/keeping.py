"""What is forgotten of each kind, and how: everything older than a moment, by portions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from monitoring.models import Alert, RawBody, Rollup, StateChange
from monitoring.storage import partitions

AT_ONCE = 5_000


def forget_results(before: datetime) -> int:
    """Whole days; the day of `before` stays."""
    return partitions.forget(before.date())


def forget_bodies(before: datetime) -> int:
    return by_portions(RawBody.objects.filter(received_at__lt=before))


def rollups(step_s: int) -> Callable[[datetime], int]:
    return lambda before: by_portions(Rollup.objects.filter(step_s=step_s, at__lt=before))


def forget_alerts(before: datetime) -> int:
    """Alerts that are over, and the changes of state of that time. What the desk keeps of an alert is the desk's."""
    return by_portions(Alert.objects.filter(cleared_at__lt=before)) + by_portions(StateChange.objects.filter(at__lt=before))


def by_portions(rows: QuerySet[Any]) -> int:
    """Each portion its own transaction, so that nobody waits for long."""
    gone = 0
    while found := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        gone += rows.filter(pk__in=found).delete()[0]
    return gone
