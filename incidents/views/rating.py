"""The two questions, asked later: from the receipt by a signed link, or by somebody for whom it got worse. GET shows, POST answers."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents import access, automation, links, tickets
from incidents.forms import RatingForm, WorseForm
from incidents.models import Ticket
from incidents.views import pressed
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

ANSWERS = ("impacted", "impacted_count", "impacted_group", "effect")


@login_not_required
@csrf_exempt  # the token is the proof, and a mail program's own window keeps no cookies
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, token: str) -> HttpResponse:
    try:
        ticket, person = links.open_rating(token)
    except links.LinkUnknown:
        return render(request, "portal/rate.html", {"over": _("This link does not lead anywhere. Open your ticket instead.")}, status=404)
    except links.LinkOver:
        return render(request, "portal/rate.html", {"over": _("This ticket needs no answer any more.")}, status=410)
    form = RatingForm(request.POST if request.method == "POST" else None, initial=_known(ticket))
    if request.method == "POST" and form.is_valid():
        tickets.rate(ticket, actor=person, loss=ticket.is_loss, now=clock.now(), **form.cleaned_data)
        return redirect(f"{request.path}?done=1")
    done = "done" in request.GET and bool(ticket.effect)
    return render(request, "portal/rate.html", {"ticket": ticket, "form": form, "done": done}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def worse(request: PersonRequest, number: int) -> HttpResponse:
    found = access.own_ticket(request.user, number)
    form = WorseForm(request.POST or None, initial=_known(found))
    if request.method == "POST" and form.is_valid():
        deed = partial(automation.got_worse, found, author=request.user, now=clock.now(), **form.said)
        messages.success(request, _("We have noted that it got worse."))
        return pressed.once(request, form, deed, "/t/{}/")
    return render(request, "portal/worse.html", {"ticket": found, "form": form}, status=422 if form.errors else 200)


def _known(ticket: Ticket) -> dict[str, Any]:
    return {name: getattr(ticket, name) for name in ANSWERS}
