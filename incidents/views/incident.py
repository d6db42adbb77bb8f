"""Incidents: the list, the page, and what staff press on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import access, escalation, evidence, incidents, readers
from incidents.forms import DeclareForm, NoteForm, ReasonForm
from incidents.models import Incident
from incidents.states import OPEN_INCIDENT, IllegalMove, IncidentState
from incidents.views import escalations, numbers, pressed
from notifications.models import Message
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, workers
from servicedesk.directory.access import readers as staff
from servicedesk.directory.models import User

PAST = 25
STEPS = (IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED, IncidentState.RESOLVED, IncidentState.CLOSED)


@require_safe
@staff
def incident_list(request: PersonRequest) -> HttpResponse:
    visible = Incident.objects.visible_to(request.user).select_related("service", "acknowledged_by")
    past = visible.exclude(state__in=OPEN_INCIDENT).order_by("-id")
    before = numbers.whole(request.GET.get("before", ""))
    page = list((past.filter(pk__lt=before) if before else past)[: PAST + 1])
    context = {
        "open_incidents": visible.open().order_by("severity", "-id"),
        "past": page[:PAST],
        "next": f"?before={page[PAST - 1].pk}" if len(page) > PAST else "",
        "last": past.first(),
    }
    return render(request, "incidents/list.html", context)


@require_safe
def incident(request: PersonRequest, number: int) -> HttpResponse:
    found = access.incident(request.user, number)
    readers.opened(found, by=request.user, now=clock.now())
    return _page(request, found)


def _page(request: PersonRequest, found: Incident, note_form: NoteForm | None = None, reason: str | None = None) -> HttpResponse:
    now = clock.now()
    told = Message.objects.of_thread(found.number).exclude(errand=None).select_related("person", "errand").order_by("id")
    context = {
        "incident": found,
        "steps": _steps(found),
        "timeline": found.timeline.select_related("actor"),
        "tickets": found.tickets.visible_to(request.user).select_related("requester").order_by("-id")[:10],
        "reasons": evidence.reasons(found) or [evidence.well_again(found)],
        "why_paging": evidence.why_paging(found),
        "card": evidence.card(found, now=now) if found.state == IncidentState.PROPOSED else [],
        "alerts": found.alerts.order_by("cleared_at", "-since"),
        "told": sorted(told, key=lambda message: message.state not in ("failed", "dead")),
        "policy": found.policy or escalation.policy_for(found),
        "next_lines": escalations.of_incident(found, now),
        "note_form": note_form or NoteForm(),
        "reason": reason or "",
        "may_work": access.may_work(request.user, found),
    }
    return render(request, "incidents/incident.html", context, status=200 if note_form is None and reason is None else 422)


def _steps(found: Incident) -> list[dict[str, Any]]:
    reached = [found.triggered_at, found.acknowledged_at, found.mitigated_at, found.resolved_at, found.closed_at]
    here = STEPS.index(IncidentState(found.state)) if found.state in STEPS else -1
    by = {1: found.acknowledged_by.get_short_name() if found.acknowledged_by else ""}
    return [
        {"word": step.label, "at": at, "by": by.get(n, ""), "is_done": n < here, "is_current": n == here}
        for n, (step, at) in enumerate(zip(STEPS, reached, strict=True))
    ]


Deed = Callable[[Incident, User, str, datetime], object]
DEEDS: dict[str, Deed] = {
    "acknowledge": lambda row, user, reason, now: escalation.acknowledge(row, by=user, via="page", now=now),
    "undo": lambda row, user, reason, now: escalation.undo(row, by=user, now=now),
    "mitigate": lambda row, user, reason, now: incidents.mitigate(row, actor=user, now=now),
    "resolve": lambda row, user, reason, now: incidents.resolve(row, actor=user, reason=reason, now=now),
    "accept": lambda row, user, reason, now: incidents.accept(row, actor=user, now=now),
    "reject": lambda row, user, reason, now: incidents.reject(row, actor=user, reason=reason, now=now),
    "reopen": lambda row, user, reason, now: incidents.reopen(row, actor=user, reason=reason, now=now),
}


@require_POST
def act(request: PersonRequest, number: int) -> HttpResponse:
    found = access.incident(request.user, number, to_change=True)
    form, deed = ReasonForm(request.POST), DEEDS.get(request.POST.get("action", ""))
    if deed is None or not form.is_valid():
        messages.error(request, _("Nothing was done: use one of the buttons, and at most 240 characters for the reason."))
        return _page(request, found, reason=request.POST.get("reason", "")[:1000])
    try:
        deed(found, request.user, form.cleaned_data["reason"], clock.now())
    except incidents.ReasonNeeded:
        messages.error(request, _("Say why, in the box beside the button: the next person reads it."))
    except (IllegalMove, escalation.TooLate, escalation.NotYours, incidents.TooLate):
        state = Incident.objects.get(pk=found.pk).get_state_display()
        messages.error(request, _("That cannot be done now. The incident is: %(state)s.") % {"state": state})
    return redirect("incident", found.pk)


@require_POST
def note(request: PersonRequest, number: int) -> HttpResponse:
    found = access.incident(request.user, number, to_change=True)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    deed = partial(incidents.note, found, actor=request.user, now=clock.now(), **form.said)
    return pressed.once(request, form, deed, f"/incidents/{found.pk}/")


@require_http_methods(["GET", "HEAD", "POST"])
@workers
def declare(request: PersonRequest) -> HttpResponse:
    form = DeclareForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        grounds = incidents.Grounds(reason="", since=now, **form.said)
        return pressed.once(request, form, lambda: incidents.declare(grounds, actor=request.user, now=now).incident, "/incidents/{}/")
    return render(request, "incidents/declare.html", {"form": form}, status=422 if form.errors else 200)
