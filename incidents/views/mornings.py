"""This morning, and before you go."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents import mornings
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, readers, workers


@require_safe
@readers
def morning(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    return render(request, "desk/morning.html", {"lines": mornings.overnight(request.user, now=now), "since": mornings.since(now)})


@require_safe
@workers
def before_you_go(request: PersonRequest) -> HttpResponse:
    return render(request, "desk/before_you_go.html", {"left": mornings.leaving(request.user, now=clock.now())})
