"""Changing who is on call for a time: a cover, somebody added or taken off, days away; and calendars to subscribe to."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import access, readiness
from incidents.forms_oncall import AwayForm, ChangeForm
from incidents.views import calendar
from servicedesk import clock
from servicedesk.directory import zones
from servicedesk.directory.access import PersonRequest, only, workers
from servicedesk.directory.models import Organisation, Role, User
from servicedesk.oncall import changes, feeds
from servicedesk.oncall.models import Feed, Override, Schedule

FORM = ["GET", "HEAD", "POST"]
ICS = "text/calendar; charset=utf-8"


@require_http_methods(FORM)
def change(request: PersonRequest, slug: str) -> HttpResponse:
    found, now = access.schedule(request.user, slug), clock.now()
    form = ChangeForm(request.POST or None, zone=found.zone, own=_own(request.user, found), initial=_asked(request))
    if form.is_valid() and request.POST.get("do") == "save":
        changes.make(found, form.change(), by=request.user, now=now)
        messages.success(request, _("Saved. The calendar shows it."))
        return redirect("schedule", found.slug)
    context = {"schedule": found, "form": form, **_preview(found, form)}
    return render(request, "oncall/change.html", context, status=422 if form.is_bound and form.errors else 200)


def _own(user: User, found: Schedule) -> User | None:
    """Staff put themselves on call; who arranges the schedule puts anybody. Raises PermissionDenied."""
    if access.may_arrange(user, found):
        return None
    if user.is_agent or user.is_manager:
        return user
    raise PermissionDenied


def _asked(request: PersonRequest) -> dict[str, Any]:
    return {name: request.GET[name] for name in ("starts", "ends", "kind", "person") if name in request.GET}


def _preview(found: Schedule, form: ChangeForm) -> dict[str, Any]:
    if not form.is_bound or form.errors:
        return {}
    now, asked = clock.now(), form.change()
    start, end = calendar.span(asked.starts_at.astimezone(form.zone).date(), found.zone)
    rota = changes.tried(found, asked, start=min(start, now), end=end)
    wrong = readiness.of_rota(rota, start=max(start, now), end=max(end, now))
    return {"weeks": calendar.weeks(rota, asked.starts_at.astimezone(form.zone).date(), now=now), "findings": wrong}


@require_POST
def withdraw(request: PersonRequest, slug: str, number: int) -> HttpResponse:
    found = access.schedule(request.user, slug)
    own = _own(request.user, found)
    override = Override.objects.filter(schedule=found, pk=number).first()
    if override is None or (own is not None and override.created_by_id != own.pk):
        raise Http404
    try:
        changes.withdraw(override, by=request.user, now=clock.now())
        messages.success(request, _("Withdrawn. The calendar shows it."))
    except changes.AlreadyOver:
        messages.error(request, _("It is over. What is past stays as it was."))
    return redirect("schedule", found.slug)


@require_http_methods(FORM)
@workers
def away(request: PersonRequest) -> HttpResponse:
    form = AwayForm(request.POST or None, zone=zones.of(request.user))
    if form.is_valid():
        said = {"starts_at": form.cleaned_data["starts"], "ends_at": form.cleaned_data["ends"], "reason": form.cleaned_data["reason"]}
        changes.go_away(request.user, by=request.user, now=clock.now(), **said)
        messages.success(request, _("Saved. Where nobody covers you, the calendar shows a gap."))
        return redirect("on_call")
    return render(request, "oncall/away.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@only(Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)
def subscribe(request: PersonRequest) -> HttpResponse:
    """A new address, shown this once; "revoke" only ends the old one."""
    scope = Feed.Scope.MINE if request.POST.get("scope") == Feed.Scope.MINE else Feed.Scope.ALL
    if request.POST.get("do") == "revoke":
        feeds.revoke(request.user, scope, now=clock.now())
        messages.success(request, _("That calendar address works no more."))
        return redirect("on_call")
    made = feeds.subscribe(request.user, scope, now=clock.now())
    address = settings.SITE_URL + reverse("calendar_feed", args=[made.secret])
    messages.success(request, _("Your calendar address, shown this once: %(address)s") % {"address": address})
    return redirect("on_call")


@require_safe
@login_not_required
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    found = feeds.find(secret)
    if found is None:
        raise Http404
    organisation = Organisation.current()
    name = _("On call, %(organisation)s") % {"organisation": organisation.name if organisation else _("Servicedesk")}
    answer = HttpResponse(feeds.calendar(found, name=name, now=clock.now()), content_type=ICS)
    answer["Cache-Control"] = "private, max-age=300"
    return answer
