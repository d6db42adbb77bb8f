"""/handover/: a shift handed over on one page, signed by both."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import handover as shift
from incidents.forms_command import HandoverForm
from incidents.models import Handover
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, readers, workers

PAST = 20


@require_http_methods(["GET", "HEAD", "POST"])
@workers
def handover(request: PersonRequest) -> HttpResponse:
    """What stands now, to be completed and signed."""
    now, form = clock.now(), HandoverForm(request.POST or None, giver=request.user)
    if form.is_valid():
        row = shift.give(giver=request.user, now=now, **form.cleaned_data)
        messages.success(request, _("Signed. %(name)s signs when they take over.") % {"name": row.taker})
        return redirect("handover_of", row.pk)
    rows = Handover.objects.select_related("giver", "taker")
    context = {
        "form": form,
        "sections": shift.sections(request.user, now=now),
        "waiting": rows.filter(taker=request.user, taken_at=None),
        "past": rows[:PAST],
    }
    return render(request, "incidents/handover.html", context, status=422 if form.errors else 200)


@require_safe
@readers
def one(request: PersonRequest, number: int) -> HttpResponse:
    """One that was given, as it stood then."""
    found = get_object_or_404(Handover.objects.select_related("giver", "taker"), pk=number)
    return render(request, "incidents/handover_one.html", {"handover": found})


@require_POST
@workers
def take(request: PersonRequest, number: int) -> HttpResponse:
    found = get_object_or_404(Handover, pk=number)
    try:
        shift.take(found, by=request.user, now=clock.now())
    except shift.NotYours as error:
        raise PermissionDenied from error
    messages.success(request, _("Signed: you have taken over."))
    return redirect("handover_of", number)
