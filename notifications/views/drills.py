"""Drills: what each person made of them, for those who plan; and the page of whoever is paged, without a login."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from notifications import drills as deeds
from notifications.models import Drill, DrillAnswer
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role

SHOWN = 200


@require_safe
@only(Role.MANAGER, Role.ADMIN, Role.AUDITOR)
def drills(request: PersonRequest) -> HttpResponse:
    answers = DrillAnswer.objects.select_related("drill", "person").order_by("-began_at", "person__name")[:SHOWN]
    return render(request, "desk/drills.html", {"drills": Drill.objects.order_by("-is_on", "due_at", "name"), "answers": answers})


@csrf_exempt  # the unguessable token stands for it; nobody is signed in
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def drill(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows, POST answers; a repeat shows the same."""
    found = DrillAnswer.objects.select_related("drill", "person").filter(token=token).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        deeds.answer(token, now=clock.now())
        answer = redirect("drill", token)
        answer.status_code = 303
        return answer
    return render(request, "me/drill.html", {"answer": found})
