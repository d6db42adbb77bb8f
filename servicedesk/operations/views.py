"""Pages for operators and their machines."""

from __future__ import annotations

import hmac
from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from servicedesk import clock, problem
from servicedesk.directory import access
from servicedesk.directory.access import PersonRequest
from servicedesk.operations import checklist, examination, firstrun, health, metrics

SECURITY_TXT_HOLDS = timedelta(days=180)


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Says nothing about the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The house can do its work: 200, or 503 with what is wrong."""
    found = health.look(now=clock.now())
    return JsonResponse(found.as_json(), status=200 if found.ready else 503)


@login_not_required
@never_cache
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """/metrics; METRICS_TOKEN as a bearer token opens it."""
    if not settings.METRICS_TOKEN:
        return problem.answer(404, "Set METRICS_TOKEN to open this page.")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return problem.answer(401, "Send METRICS_TOKEN as a bearer token.", headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(metrics.page(clock.now()), content_type=metrics.CONTENT_TYPE)


@login_not_required
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a weakness (RFC 9116); holds for half a year from now."""
    contact = f"mailto:{settings.SUPPORT_ADDRESS}" if settings.SUPPORT_ADDRESS else f"{settings.SITE_URL}/"
    until = (clock.now() + SECURITY_TXT_HOLDS).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    own = f"{settings.SITE_URL}/.well-known/security.txt"
    lines = f"Contact: {contact}\nExpires: {until}\nPreferred-Languages: en\nCanonical: {own}\n"
    return HttpResponse(lines, content_type="text/plain; charset=utf-8")


@access.admins
@require_safe
def settings_page(request: PersonRequest) -> HttpResponse:
    """What is left to set up, what is wrong now, and where each thing is configured."""
    now = clock.now()
    steps = checklist.steps(now=now)
    faults = examination.open_faults(now=now)
    done = sum(step.is_done for step in steps)
    shelves = admin.site.get_app_list(request)
    run = firstrun.steps(request.user, now=now)
    onward = next((step for step in run if step.state == "open"), None)
    context = {"steps": steps, "done": done, "faults": faults, "shelves": shelves, "first_run": run, "onward": onward}
    return render(request, "desk/settings.html", context)
