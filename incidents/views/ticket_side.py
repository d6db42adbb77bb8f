"""What is decided on a ticket's page beside its severity: its title, which incident it belongs to, and who may read it."""

from __future__ import annotations

import functools

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import access, bulk, confidences, incidents, titles
from incidents.forms import OutageForm, ReasonForm
from incidents.forms_ticket import IncidentForm, TitleForm
from incidents.models import Ticket
from incidents.views import pressed
from incidents.views.ticket import shown
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_POST
def title(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = TitleForm(request.POST)
    if not form.is_valid():
        return shown(request, found, {"title_form": form})
    titles.set_title(found, form.cleaned_data["title"], actor=request.user, now=clock.now())
    return redirect("ticket", found.pk)


@require_POST
def incident(request: PersonRequest, number: int) -> HttpResponse:
    """Declare one of this ticket, link it to one that is open, or take it out: the button says what."""
    found = access.staff_ticket(request.user, number, to_change=True)
    deed = DEEDS.get(request.POST.get("deed", ""))
    if deed is None:
        messages.error(request, _("Nothing was done: use one of the buttons."))
        return redirect("ticket", found.pk)
    try:
        return deed(request, found)
    except bulk.Refused as error:
        messages.error(request, str(error))
        return redirect("ticket", found.pk)


def _link(request: PersonRequest, found: Ticket) -> HttpResponse:
    form = IncidentForm(request.POST, reader=request.user)
    if not form.is_valid():
        return shown(request, found, {"incident_form": form, "outage_form": OutageForm()})
    to = access.incident(request.user, form.cleaned_data["incident"].pk, to_change=True)
    bulk.link(found, to, reason=form.cleaned_data["reason"], actor=request.user, now=clock.now())
    return redirect("ticket", found.pk)


def _declare(request: PersonRequest, found: Ticket) -> HttpResponse:
    form = OutageForm(request.POST)
    if not form.is_valid():
        return shown(request, found, {"incident_form": IncidentForm(reader=request.user), "outage_form": form})
    if found.incident is not None and found.incident.is_open:
        raise bulk.Refused(_("It is part of %(incident)s, which is open.") % {"incident": found.incident.number})
    deed = functools.partial(bulk.outage, [found], severity=form.cleaned_data["severity"], actor=request.user, now=clock.now())
    return pressed.once(request, form, deed, "/incidents/{}/")


def _take_out(request: PersonRequest, found: Ticket) -> HttpResponse:
    if found.incident is not None:
        of = access.incident(request.user, found.incident.pk, to_change=True)
        incidents.unlink_ticket(of, found, reason=request.POST.get("reason", "")[:240], actor=request.user, now=clock.now())
    return redirect("ticket", found.pk)


DEEDS = {"link": _link, "declare": _declare, "take_out": _take_out}


@require_POST
def confidential(request: PersonRequest, number: int) -> HttpResponse:
    """Staff make it confidential; an administrator who may read it makes it open again. Both say why."""
    is_opening = "open" in request.POST
    found = access.staff_ticket(request.user, number, to_change=not is_opening)
    if is_opening and not request.user.is_admin:
        raise PermissionDenied
    form = ReasonForm(request.POST)
    if form.is_valid():
        deed = confidences.reopen if is_opening else confidences.close
        try:
            deed(found, reason=form.cleaned_data["reason"], actor=request.user, now=clock.now())
            return redirect("ticket", found.pk)
        except confidences.Refused as error:
            form.add_error("reason", str(error))
    return shown(request, found, {"reason_form": form})
