"""Silences: what is kept quiet now, what comes, what was; made and ended by those who work here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from incidents import silences
from incidents.forms_silences import SilenceForm
from incidents.models import LinkedAlert, Silence
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only, workers
from servicedesk.directory.models import Role

PAST = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One silence as the page shows it: until when it covers now, or from when it does again."""

    silence: Silence
    until: datetime | None
    next_at: datetime | None


@require_http_methods(["GET"])
@only(Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)
def silence_list(request: PersonRequest) -> HttpResponse:
    return _page(request, None)


@require_POST
@workers
def add(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    form = SilenceForm(request.POST, person=request.user, now=now)
    if form.is_valid():
        try:
            silences.make(**form.columns(), actor=request.user, now=now)
        except silences.SilenceRefused as error:
            form.add_error(None, str(error))
        else:
            return redirect("silences")
    return _page(request, form)


@require_POST
@workers
def end(request: PersonRequest, number: int) -> HttpResponse:
    silences.end(get_object_or_404(Silence, pk=number), actor=request.user, now=clock.now())
    return redirect("silences")


def _page(request: PersonRequest, form: SilenceForm | None) -> HttpResponse:
    now = clock.now()
    rows = Silence.objects.select_related("service", "made_by", "ended_by").annotate(kept_back=Count("alerts"))
    may_work = request.user.is_agent or request.user.is_manager
    held = LinkedAlert.objects.open().filter(Q(silenced_until__gt=now), silence__ends_at__gt=now)
    context = {
        "standing": [_row(silence, now) for silence in rows.standing(now).order_by("ends_at")],
        "coming": [_row(silence, now) for silence in rows.coming(now).order_by("starts_at")],
        "past": rows.past(now).order_by("-ends_at")[:PAST],
        "alerts": held.select_related("service", "silence__made_by").order_by("silenced_until", "pk")[:100],
        "form": (form or SilenceForm(person=request.user, now=now)) if may_work else None,
    }
    return render(request, "incidents/silences.html", context, status=422 if form else 200)


def _row(silence: Silence, now: datetime) -> Row:
    window = silence.window(now)
    return Row(silence, window[1] if window else None, None if window else silence.next_at(now))
