"""Of which incidents what was heard of their services is kept, and for how long, whatever the desk forgets otherwise.

From a day before an incident was opened until it was resolved; kept until a year after it was closed, of a confidential one three.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from incidents.models import Incident
from incidents.states import IncidentState

BEFORE = timedelta(days=1)
KEPT, KEPT_SECRET = timedelta(days=365), timedelta(days=3 * 365)
NEVER_WAS = (IncidentState.REJECTED, IncidentState.MERGED)
OVER = (IncidentState.RESOLVED, IncidentState.CLOSED)


@dataclass(frozen=True, slots=True)
class Pin:
    """`services` and `checks` by number; both ends of the span count."""

    incident: int
    services: frozenset[int]
    checks: frozenset[int]
    start: datetime
    end: datetime


def pinned(*, now: datetime) -> QuerySet[Incident]:
    """The incidents whose evidence is kept still."""
    recent = Q(closed_at=None) & (Q(resolved_at=None) | Q(resolved_at__gt=now - KEPT)) | Q(closed_at__gt=now - KEPT)
    secret = Q(is_confidential=True) & (Q(closed_at__gt=now - KEPT_SECRET) | Q(closed_at=None, resolved_at__gt=now - KEPT_SECRET))
    return Incident.objects.exclude(state__in=NEVER_WAS).filter(recent | secret)


def pins(*, now: datetime, since: datetime) -> Iterator[Pin]:
    """Those whose span ends at `since` or later: nothing that is older is there to be kept any more."""
    rows = pinned(now=now).filter(Q(resolved_at=None) | Q(resolved_at__gte=since)).order_by("pk")
    for row in rows.prefetch_related("more_services", "alerts"):
        yield pin_of(row, now=now)


def pin_of(incident: Incident, *, now: datetime) -> Pin:
    """What belongs to this incident's evidence."""
    services = {incident.service_id, *(service.pk for service in incident.more_services.all())} - {None}
    checks = frozenset(alert.check_id for alert in incident.alerts.all())
    end = incident.resolved_at if incident.state in OVER and incident.resolved_at else now
    return Pin(incident.pk, frozenset(pk for pk in services if pk is not None), checks, incident.created_at - BEFORE, end)
