""" "I have this too", and the banner folded away for this visit: one press, no form."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import following
from incidents.models import Incident
from incidents.states import IllegalMove
from incidents.views.frame import FOLDED
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_POST
def have_too(request: PersonRequest, number: int) -> HttpResponse:
    incident = Incident.objects.filter(pk=number, is_shown=True, is_confidential=False).first()
    if incident is None:
        raise Http404
    try:
        following.have_too(incident, person=request.user, now=clock.now())
        messages.success(request, _("Thank you. We know that it affects you and write to you when it is solved. You need do nothing."))
    except IllegalMove:
        messages.info(request, _("It is over already. Report a problem if it still affects you."))
    return redirect("home")


@require_POST
def fold(request: PersonRequest, number: int) -> HttpResponse:
    """Its banner is a small one until the browser is closed, or whole again; SEV1 stands whole whatever was pressed."""
    to = request.POST.get("next", "")
    is_ours = to.startswith("/") and url_has_allowed_host_and_scheme(to, allowed_hosts=None)
    answer = HttpResponseRedirect(to) if is_ours else redirect("home")
    if "whole" in request.POST:
        answer.delete_cookie(FOLDED)
    else:
        answer.set_cookie(FOLDED, str(number), samesite="Lax", httponly=True, secure=request.is_secure())
    return answer
