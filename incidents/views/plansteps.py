"""Ticking a step of the plan, on an incident or a ticket."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from incidents import access, plansteps
from incidents.states import IllegalMove
from incidents.views import numbers
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_POST
def incident_step(request: PersonRequest, number: int) -> HttpResponse:
    found = access.incident(request.user, number, to_change=True)
    try:
        plansteps.tick(found, *_asked(request), is_done="done" in request.POST, actor=request.user, now=clock.now())
    except plansteps.NoSuchStep as error:
        raise Http404 from error
    except IllegalMove as error:
        messages.error(request, str(error))
    return redirect(f"/incidents/{found.pk}/#checklist")


@require_POST
def ticket_step(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    try:
        plansteps.tick_ticket(found, *_asked(request), is_done="done" in request.POST, actor=request.user, now=clock.now())
    except plansteps.NoSuchStep as error:
        raise Http404 from error
    return redirect(f"/tickets/{found.pk}/#runbook")


def _asked(request: PersonRequest) -> tuple[str, int]:
    """The part, and the place of the step in it."""
    return request.POST.get("part", ""), numbers.whole(request.POST.get("done") or request.POST.get("undo", "")) or 0
