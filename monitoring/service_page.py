"""One service with all that is known of it: its checks, what it stands on, what is wrong, what was changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from incidents.models import Incident, LinkedAlert, Silence
from incidents.states import OPEN_INCIDENT
from monitoring import overview
from monitoring.models import Check, StateChange
from monitoring.overview import Group
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Service, User

PAST = 10
CHANGES = 15
ALERTS, OPEN = 50, 50
OLDEST = 200  # checks whose changes are looked for


def page(slug: str, *, user: User, now: datetime) -> dict[str, Any] | None:
    """What the page shows, in a fixed number of queries; None: there is no such service."""
    near = list(_near(slug))
    service = next((one for one in near if one.slug == slug), None)
    if service is None:
        return None
    checks = list(overview.ordered(Check.objects.filter(service=service))[: overview.MOST])
    alerts = list(overview.with_seen(LinkedAlert.objects.open().filter(service=service), user).order_by("-since")[: overview.MOST])
    group = _group(service, checks, {alert.check_id: alert for alert in alerts}, now)
    incidents = _incidents(service, user)
    silences = Silence.objects.filter(service=service, ends_at__gt=now).select_related("made_by", "service").order_by("starts_at")
    people = overview.first_on_call(now)
    return {
        "service": service,
        "group": group if checks else None,
        "stands_on": [one for one in near if one.is_under],
        "carries": [one for one in near if one.is_above],
        "policy": people.get(service.pk, people.get(0, overview.NOBODY)).policy,
        "on_call": group.on_call,
        "alerts": alerts[:ALERTS],
        "open_incidents": [one for one in incidents if one.is_open],
        "past_incidents": [one for one in incidents if not one.is_open][:PAST],
        "silences": [(silence, silence.window(now), silence.next_at(now)) for silence in silences[:20]],
        "changes": _changes(service, checks),
    }


def _near(slug: str) -> QuerySet[Any]:
    """The service itself, what it stands on (`is_under`) and what stands on it (`is_above`)."""
    through: Any = Service.depends_on.through
    under = through.objects.filter(from_service__slug=slug, to_service=OuterRef("pk"))
    above = through.objects.filter(to_service__slug=slug, from_service=OuterRef("pk"))
    rows = Service.objects.select_related("owner", "team").annotate(is_under=Exists(under), is_above=Exists(above))
    return rows.filter(Q(slug=slug) | Q(is_under=True) | Q(is_above=True)).order_by("name")


def _group(service: Service, checks: list[Check], alerts: Mapping[int, LinkedAlert], now: datetime) -> Group:
    """The worst checks as lines, and how many there are."""
    rows = [overview.row(check, now) for check in checks[: overview.PAGE]]
    group = Group(service, Counter(overview.state_of(check) for check in checks), rows)
    overview.beside([group], alerts, now=now)
    return group


def _incidents(service: Service, user: User) -> list[Incident]:
    """The open ones by severity, then the latest that are over."""
    through: Any = Incident.more_services.through
    also = through.objects.filter(incident=OuterRef("pk"), service=service)
    rows = Incident.objects.visible_to(user).filter(Q(service=service) | Exists(also)).select_related("acknowledged_by")
    place = Case(When(state__in=OPEN_INCIDENT, then="severity"), default=Value(9), output_field=IntegerField())
    return list(rows.order_by(place, "-pk")[: OPEN + PAST])


def _changes(service: Service, checks: Iterable[Check]) -> list[dict[str, Any]]:
    """The newest first: of the service and its checks, by people; and of the states of its checks."""
    names = {check.pk: check.slug for check in sorted(checks, key=lambda one: -one.pk)[:OLDEST]}
    of_checks = Q(noun="monitoring.check", object_id__in=[str(pk) for pk in names])
    rows = AuditEntry.objects.filter(of_checks | Q(noun="directory.service", object_id=str(service.pk))).order_by("-pk")[:CHANGES]
    told: list[dict[str, Any]] = [
        {"at": row.at, "entry": row, "of": names.get(int(row.object_id), "") if row.noun == "monitoring.check" else ""} for row in rows
    ]
    states = StateChange.objects.filter(check_ref__service=service).select_related("check_ref").order_by("-pk")[:CHANGES]
    told += [{"at": change.at, "change": change, "of": change.check_ref.slug} for change in states]
    return sorted(told, key=lambda one: one["at"], reverse=True)[:CHANGES]
