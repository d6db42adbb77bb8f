"""Incidents: the list, the page, and what staff press on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import access, escalation, incidents, readers, rehearsal
from incidents.command import reports
from incidents.forms import DeclareForm, NoteForm, ReasonForm
from incidents.models import Incident
from incidents.states import OPEN_INCIDENT, IllegalMove
from incidents.views import incident_page, numbers, pressed
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, workers
from servicedesk.directory.access import readers as staff
from servicedesk.directory.models import User

PAST = 25


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
    return incident_page.page(request, found)


Deed = Callable[[Incident, User, str, datetime], object]
DEEDS: dict[str, Deed] = {
    "acknowledge": lambda row, user, reason, now: escalation.acknowledge(row, by=user, via="page", now=now),
    "undo": lambda row, user, reason, now: escalation.undo(row, by=user, now=now),
    "escalate": lambda row, user, reason, now: escalation.escalate_now(row, by=user, now=now),
    "renew": lambda row, user, reason, now: escalation.renew(row, by=user, now=now),
    "stop": lambda row, user, reason, now: _stop(row, user, reason, now),
    "mitigate": lambda row, user, reason, now: incidents.mitigate(row, actor=user, now=now),
    "resolve": lambda row, user, reason, now: incidents.resolve(row, actor=user, reason=reason, now=now),
    "accept": lambda row, user, reason, now: incidents.accept(row, actor=user, now=now),
    "reject": lambda row, user, reason, now: incidents.reject(row, actor=user, reason=reason, now=now),
    "demote": lambda row, user, reason, now: incidents.demote(row, actor=user, reason=reason, now=now),
    "close": lambda row, user, reason, now: reports.close(row, actor=user, now=now),
    "reopen": lambda row, user, reason, now: _reopen(row, user, reason, now),
}


Choice = Callable[[Incident, User, int, datetime], object]
OF_ONE: dict[str, Choice] = {
    "pin": lambda row, user, which, now: incidents.pin(row, which, actor=user, now=now),
    "detach": lambda row, user, which, now: _detach(row, user, which, now),
}


def _detach(row: Incident, user: User, which: int, now: datetime) -> None:
    for alert in row.alerts.filter(pk=which):
        incidents.detach_alert(row, alert, actor=user, now=now)


def _reopen(row: Incident, user: User, reason: str, now: datetime) -> Incident:
    """Within a day the same one; later a new one that names it."""
    deed = incidents.recur if incidents.is_past(row, now=now) else incidents.reopen
    return deed(row, actor=user, reason=reason, now=now)


def _stop(row: Incident, user: User, reason: str, now: datetime) -> object:
    """Nobody is paged any more: whoever stops it says why."""
    if not reason.strip():
        raise incidents.ReasonNeeded
    return escalation.stop(row, now=now, reason=reason, actor=user)


@require_POST
def act(request: PersonRequest, number: int) -> HttpResponse:
    found = access.incident(request.user, number, to_change=True)
    name, _colon, which = request.POST.get("action", "").partition(":")
    if name in OF_ONE:
        OF_ONE[name](found, request.user, numbers.whole(which) or 0, clock.now())
        return redirect("incident", found.pk)
    form, deed = ReasonForm(request.POST), DEEDS.get(name)
    if deed is None or not form.is_valid():
        messages.error(request, _("Nothing was done: use one of the buttons, and at most 240 characters for the reason."))
        return incident_page.page(request, found, reason=request.POST.get("reason", "")[:1000])
    try:
        done = deed(found, request.user, form.cleaned_data["reason"], clock.now())
        return redirect("incident", done.pk if isinstance(done, Incident) else found.pk)
    except incidents.ReasonNeeded:
        messages.error(request, _("Say why, in the box beside the button: the next person reads it."))
    except reports.ReportNeeded as error:
        messages.error(request, str(error))
    except incidents.TooLate as error:
        messages.error(request, str(error))
    except (IllegalMove, escalation.TooLate, escalation.NotYours):
        state = Incident.objects.get(pk=found.pk).get_state_display()
        messages.error(request, _("That cannot be done now. The incident is: %(state)s.") % {"state": state})
    return redirect("incident", found.pk)


@require_POST
def note(request: PersonRequest, number: int) -> HttpResponse:
    found = access.incident(request.user, number, to_change=True)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return incident_page.page(request, found, note_form=form)
    deed = partial(incidents.note, found, actor=request.user, now=clock.now(), **form.said)
    return pressed.once(request, form, deed, f"/incidents/{found.pk}/")


@require_http_methods(["GET", "HEAD", "POST"])
@workers
def declare(request: PersonRequest) -> HttpResponse:
    """Show whom it would page, or do it."""
    form, shows = DeclareForm(request.POST or None), "show" in request.POST
    if request.method == "POST" and form.is_valid() and not shows:
        now = clock.now()
        grounds = incidents.Grounds(reason="", since=now, **form.said)
        return pressed.once(request, form, lambda: incidents.declare(grounds, actor=request.user, now=now).incident, "/incidents/{}/")
    context = {"form": form, "walk": _walk(form) if form.is_bound else None}
    return render(request, "incidents/declare.html", context, status=422 if form.errors and not shows else 200)


def _walk(form: DeclareForm) -> rehearsal.Walk | None:
    """Whom it would page as things are now; None until service and severity are chosen."""
    chosen = {name: form.cleaned_data[name] for name in ("service", "severity") if form.is_valid() or name in form.cleaned_data}
    return rehearsal.rehearse(policy=None, at=clock.now(), **chosen) if len(chosen) == 2 else None
