"""/alerts/: what is wrong now, whether or not anybody was told, and why no incident was opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from incidents import access as incident_access
from incidents import plansteps
from incidents.models import Incident, LinkedAlert
from incidents.states import IllegalMove
from incidents.views import numbers
from monitoring import access, explaining
from monitoring.models import Alert
from servicedesk import clock
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.models import Service, ServiceState, User

PAGE = 50
SHOWS = ("open", "unmatched", "silenced", "past")


@dataclass(frozen=True, slots=True)
class Row:
    """An alert, the desk's copy of it, its incident where this reader may see it, and why there is none."""

    alert: Alert
    copy: LinkedAlert | None
    incident: Incident | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Asked:
    show: str
    status: str
    service: str
    before: int

    def link(self, **change: str) -> str:
        """The same page asked otherwise, from its beginning."""
        parts = {"show": self.show, "status": self.status, "service": self.service, **change}
        return "?" + urlencode({name: value for name, value in parts.items() if value and (name, value) != ("show", "open")})


@require_safe
@access.readers
def alerts(request: PersonRequest) -> HttpResponse:
    asked, now = _read(request), clock.now()
    found = list(_narrowed(asked, now)[: PAGE + 1])
    context = {
        "asked": asked,
        "rows": _rows(found[:PAGE], request.user, now),
        "shows": [(show, asked.link(show=show)) for show in SHOWS],
        "statuses": [(status, asked.link(status=status)) for status in ("critical", "warning", "unknown")],
        "all_statuses": asked.link(status=""),
        "services": Service.objects.filter(is_active=True).order_by("name").only("slug", "name"),
        "newest": asked.link() if asked.before else "",
        "following": f"{asked.link()}&before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
    }
    return render(request, "monitoring/alerts.html", context)


@require_safe
@access.readers
def alert(request: PersonRequest, number: int) -> HttpResponse:
    """One alert: why it opened an incident, or why it did not."""
    found = Alert.objects.select_related("check_ref__service", "held_by").filter(pk=number).first()
    if found is None:
        raise Http404
    copy = LinkedAlert.objects.select_related("service", "incident").filter(alert_id=found.pk).first()
    context = {
        "alert": found,
        "explained": explaining.of_alert(found, user=request.user, now=clock.now()),
        "parts": plansteps.of_alert(copy) if copy else [],
        "may_work": _may_work(request.user, copy),
        "step_url": reverse("alert_step", args=[found.pk]),
    }
    return render(request, "monitoring/alert.html", context)


@require_POST
def step(request: PersonRequest, number: int) -> HttpResponse:
    """A step of the runbook, done or not after all: on the alert's incident where it has one."""
    found = LinkedAlert.objects.select_related("service", "incident").filter(alert_id=number).first()
    if not _may_work(request.user, found):
        raise PermissionDenied
    if found is None:
        raise Http404
    part, place = request.POST.get("part", ""), numbers.whole(request.POST.get("done") or request.POST.get("undo", "")) or 0
    deed = partial(plansteps.tick, found.incident) if found.incident else partial(plansteps.tick_alert, found)
    try:
        deed(part, place, is_done="done" in request.POST, actor=request.user, now=clock.now())
    except plansteps.NoSuchStep as error:
        raise Http404 from error
    except IllegalMove as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('alert', args=[number])}#runbook")


def _may_work(user: User, copy: LinkedAlert | None) -> bool:
    """Who works its incident; without one, agents and managers."""
    if copy is None or copy.incident is None:
        return user.is_agent or user.is_manager
    return Incident.objects.visible_to(user).filter(pk=copy.incident.pk).exists() and incident_access.may_work(user, copy.incident)


def _read(request: PersonRequest) -> Asked:
    """Words nobody knows are as if they were not there."""
    show, status, before = (request.GET.get(name, "") for name in ("show", "status", "before"))
    return Asked(
        show if show in SHOWS else "open",
        status if status in ServiceState.values else "",
        request.GET.get("service", "")[:50],
        int(before) if before.isdecimal() and len(before) < 19 else 0,
    )


def _narrowed(asked: Asked, now: datetime) -> QuerySet[Alert]:
    rows: QuerySet[Alert] = Alert.objects.select_related("check_ref__service", "held_by").order_by("-pk")
    copies = LinkedAlert.objects.filter(alert_id=OuterRef("pk"))
    rows = rows.exclude(cleared_at=None) if asked.show == "past" else rows.filter(cleared_at=None)
    if asked.show == "unmatched":
        rows = rows.filter(~Exists(copies.filter(incident__isnull=False)))
    if asked.show == "silenced":
        rows = rows.filter(Exists(copies.filter(silenced_until__gt=now)))
    if asked.service:
        rows = rows.filter(check_ref__service__slug=asked.service)
    narrow = Q(status=asked.status) if asked.status else Q()
    return rows.filter(narrow, pk__lt=asked.before) if asked.before else rows.filter(narrow)


def _rows(found: list[Alert], user: User, now: datetime) -> list[Row]:
    copies = LinkedAlert.objects.filter(alert_id__in=[alert.pk for alert in found]).select_related("silence")
    by_alert = {copy.alert_id: copy for copy in copies}
    numbers = [copy.incident_id for copy in by_alert.values() if copy.incident_id]
    visible = Incident.objects.visible_to(user).in_bulk(numbers) if numbers else {}
    rows = []
    for one in found:
        copy = by_alert.get(one.pk)
        incident = visible.get(copy.incident_id) if copy and copy.incident_id else None
        rows.append(Row(one, copy, incident, explaining.outcome(one, copy, incident, now)))
    return rows
