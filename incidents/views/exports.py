"""Tickets as a file: which, and then the page of the job that writes it."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from incidents import exports
from incidents.forms import ExportForm
from servicedesk import clock
from servicedesk.directory import zones
from servicedesk.directory.access import PersonRequest, readers

FIRST_DAYS = timedelta(days=30)


@require_http_methods(["GET", "POST"])
@readers
def export_tickets(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    today = zones.local(now, request.user).date()
    form = ExportForm(request.POST or None, initial={"first": today - FIRST_DAYS, "last": today})
    if request.method == "POST" and form.is_valid():
        job = exports.ask(request.user, **form.cleaned_data, now=now)
        return redirect("job", job.pk)
    return render(request, "desk/export.html", {"form": form}, status=422 if form.is_bound else 200)
