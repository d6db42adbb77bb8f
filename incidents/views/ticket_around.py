"""What belongs to a ticket beside its words: who watches it, its tags, the time spent."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import access, around, tickets
from incidents.forms_ticket import TagsForm, TimeForm, WatchForm
from incidents.views.ticket import shown
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_POST
def watch(request: PersonRequest, number: int) -> HttpResponse:
    """Oneself by a key, a colleague by name; `stop` names whom to leave out."""
    found = access.staff_ticket(request.user, number, to_change=True)
    told: dict[str, Any] = {"actor": request.user, "now": clock.now()}
    if "me" in request.POST:
        deed = around.unwatch if found.watchers.filter(person=request.user).exists() else around.watch
        deed(found, person=request.user, **told)
        return redirect("ticket", found.pk)
    if "stop" in request.POST:
        for row in found.watchers.select_related("person"):
            if row.person.username == request.POST["stop"]:
                around.unwatch(found, person=row.person, **told)
        return redirect("ticket", found.pk)
    form = WatchForm(request.POST)
    if not form.is_valid():
        return shown(request, found, {"watch_form": form})
    around.watch(found, person=form.cleaned_data["person"], **told)
    return redirect("ticket", found.pk)


@require_POST
def tags(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = TagsForm(request.POST)
    if not form.is_valid():
        return shown(request, found, {"tags_form": form})
    tickets.set_tags(found, form.cleaned_data["tags"], actor=request.user, now=clock.now())
    return redirect("ticket", found.pk)


@require_POST
def spend(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = TimeForm(request.POST)
    if not form.is_valid():
        return shown(request, found, {"time_form": form})
    around.spend(found, person=request.user, now=clock.now(), **form.cleaned_data)
    messages.success(request, _("Noted."))
    return redirect("ticket", found.pk)
