"""The incident plan as those who work by it read it, and say that they have."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents import knowledge, plans
from incidents.models import Plan, PlanReading, SeverityLevel
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_safe
def plan(request: PersonRequest) -> HttpResponse:
    found = _reached(request)
    context = {"plan": found, **(_said(found, request) if found else {})}
    return render(request, "incidents/plan.html", context)


@require_POST
def confirm(request: PersonRequest) -> HttpResponse:
    found = _reached(request)
    if found is None:
        raise Http404
    version = request.POST.get("version", "")
    try:
        plans.confirm(found, version=int(version) if version.isdecimal() else 0, reader=request.user, now=clock.now())
    except plans.PlanMovedOn:
        messages.warning(request, _("The plan was changed since you opened it. This is the version in force."))
    return redirect("plan")


def _reached(request: PersonRequest) -> Plan | None:
    if not plans.may_read(request.user):
        raise PermissionDenied
    return Plan.current()


def _said(found: Plan, request: PersonRequest) -> dict[str, Any]:
    texts = [(name, _label(name), knowledge.rendered(getattr(found, name))) for name in Plan.TEXTS if getattr(found, name).strip()]
    books = found.runbooks.filter(service__is_active=True).select_related("service__team")
    return {
        "texts": texts,
        "severities": SeverityLevel.objects.order_by("rank"),
        "phases": [(name, _label(name), getattr(found, name).splitlines()) for name in Plan.PHASES],
        "roles": found.roles.select_related("holder", "deputy"),
        "runbooks": [(book, knowledge.rendered(book.text)) for book in books],
        "reading": PlanReading.objects.filter(plan=found, version=found.version, person=request.user).first(),
        "version": found.versions.filter(version=found.version).first(),
        "is_editor": request.user.is_admin,
    }


def _label(name: str) -> str:
    words = str(Plan._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return words[:1].upper() + words[1:]
