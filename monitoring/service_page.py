"""One service with all that is known of it: its checks, what it stands on, what is wrong, what was changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from incidents import escalation
from incidents.models import Incident, LinkedAlert, Silence
from incidents.states import OPEN_INCIDENT
from monitoring import overview
from monitoring.models import Check, StateChange
from monitoring.overview import Asked
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Service, User

PAST = 10
CHANGES = 15


def page(service: Service, *, user: User, now: datetime) -> dict[str, Any]:
    """What the page shows, in a fixed number of queries."""
    found = overview.look(Asked(group=service.slug), user=user, now=now)
    assert found is not None  # only a pulse is answered with nothing
    incidents = Incident.objects.visible_to(user).filter(Q(service=service) | Q(more_services=service)).distinct()
    silences = Silence.objects.filter(service=service, ends_at__gt=now).select_related("made_by", "service").order_by("starts_at")
    return {
        "service": service,
        "group": next((group for group in found.groups if group.service == service), None),
        "following": found.following,
        "stands_on": service.depends_on.order_by("name"),
        "carries": service.dependents.order_by("name"),
        "policy": escalation.policy_for(_Asking(service)),
        "on_call": overview.first_on_call(now).get(service.pk, ""),
        "alerts": LinkedAlert.objects.open().filter(service=service).select_related("silence").order_by("-since")[:50],
        "open_incidents": incidents.open().select_related("acknowledged_by").order_by("severity", "-pk"),
        "past_incidents": incidents.exclude(state__in=OPEN_INCIDENT).order_by("-pk")[:PAST],
        "silences": [(silence, silence.window(now), silence.next_at(now)) for silence in silences[:20]],
        "changes": _changes(service),
    }


class _Asking:
    """What `policy_for` asks of an incident."""

    policy = None

    def __init__(self, service: Service) -> None:
        self.service = service


def _changes(service: Service) -> list[dict[str, Any]]:
    """The newest first: of the service and its checks, by people; and of the states of its checks."""
    numbers = [str(pk) for pk in Check.objects.filter(service=service).order_by("-pk").values_list("pk", flat=True)[:200]]
    of_checks = Q(noun="monitoring.check", object_id__in=numbers)
    rows = AuditEntry.objects.filter(of_checks | Q(noun="directory.service", object_id=str(service.pk))).order_by("-pk")[:CHANGES]
    names = dict(Check.objects.filter(service=service).values_list("pk", "slug")) if rows else {}
    told: list[dict[str, Any]] = [
        {"at": row.at, "entry": row, "of": names.get(int(row.object_id), "") if row.noun == "monitoring.check" else ""} for row in rows
    ]
    states = StateChange.objects.filter(check_ref__service=service).select_related("check_ref").order_by("-pk")[:CHANGES]
    told += [{"at": change.at, "change": change, "of": change.check_ref.slug} for change in states]
    return sorted(told, key=lambda one: one["at"], reverse=True)[:CHANGES]
