"""What is forgotten of each kind, and how: everything older than a moment, by portions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from monitoring.models import Alert, Check, PinnedResult, RawBody, Rollup, StateChange
from monitoring.storage import partitions, pinning
from servicedesk.directory.models import ServiceState

AT_ONCE = 5_000
AT_ONCE_WITH_ALL = 200


class Forget(Protocol):
    """Drop what is older than `before`, as far as it may be dropped now; how many."""

    def __call__(self, before: datetime, *, now: datetime) -> int: ...


def forget_results(before: datetime, *, now: datetime) -> int:
    """Whole days; the day of `before` stays. What belongs to an incident is copied first."""
    pinning.forget(now=now)
    pinning.keep(before, now=now)
    return partitions.forget(before.date())


def forget_bodies(before: datetime, *, now: datetime) -> int:
    """But those that readings of an incident were read from."""
    pinning.keep(before, now=now)
    pinned = PinnedResult.objects.filter(raw_id=OuterRef("pk"))
    return by_portions(RawBody.objects.filter(~Exists(pinned), received_at__lt=before))


def rollups(step_s: int) -> Forget:
    return lambda before, *, now: by_portions(Rollup.objects.filter(step_s=step_s, at__lt=before))


def forget_alerts(before: datetime, *, now: datetime) -> int:
    """Alerts that are over, and the changes of state of that time. What the desk keeps of an alert is the desk's."""
    return by_portions(Alert.objects.filter(cleared_at__lt=before)) + by_portions(StateChange.objects.filter(at__lt=before))


def forget_suspects(before: datetime, *, now: datetime) -> int:
    """Checks of what passed (an address under suspicion) that were quiet since then, with all that monitoring kept of them."""
    quiet = Check.objects.filter(is_passing=True, state__status=ServiceState.OK, state__last_result_at__lt=before)
    quiet = quiet.exclude(alerts__cleared_at=None, alerts__isnull=False)
    gone = 0
    while found := list(quiet.order_by("pk").values_list("pk", flat=True).distinct()[:AT_ONCE_WITH_ALL]):
        gone += _forget_whole(found)
    return gone


@transaction.atomic
def _forget_whole(ids: list[int]) -> int:
    """The checks, their alerts, changes and figures; what the desk keeps of the alerts is the desk's."""
    Alert.objects.filter(check_ref__in=ids).delete()
    StateChange.objects.filter(check_ref__in=ids).delete()
    Rollup.objects.filter(check_id__in=ids).delete()
    Check.objects.filter(pk__in=ids).delete()
    return len(ids)


def by_portions(rows: QuerySet[Any]) -> int:
    """Each portion its own transaction, so that nobody waits for long."""
    gone = 0
    while found := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        gone += rows.filter(pk__in=found).delete()[0]
    return gone
