"""The pages of the first run, one a step. Each shows the list of all, tells what it found, and leads on when its work is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import rehearsal
from incidents.states import IncidentState
from incidents.views import escalations
from notifications import access
from notifications.models import Message
from servicedesk import clock
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.forms import DescribeForm
from servicedesk.directory.models import Organisation, Service
from servicedesk.directory.views.security import AddApp
from servicedesk.operations import firstrun, starters
from servicedesk.operations.setup import ways
from servicedesk.operations.setup.forms import ServicesForm
from servicedesk.operations.setup.frame import frame, onward, page


def organisation(request: PersonRequest) -> HttpResponse:
    row = Organisation.objects.get(pk=1)
    form = DescribeForm(request.POST if request.method == "POST" else None, organisation=row)
    if request.method == "POST" and form.is_valid():
        firstrun.describe(row, form.described, actor=request.user, now=clock.now())
        messages.success(request, _("Saved."))
        return onward(request, firstrun.ORGANISATION)
    return page(request, firstrun.ORGANISATION, form=form)


class App(AddApp):
    """An authenticator app, set up in its step."""

    template_name = "setup/account.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().get_context_data(**kwargs)
        return shown | frame(self.request, firstrun.ACCOUNT)

    def get_success_url(self) -> str:
        return reverse("setup_step", args=[firstrun.ACCOUNT])


def account(request: PersonRequest) -> HttpResponse:
    """The second factor; once it is there, the recovery codes."""
    if is_mfa_enabled(request.user):
        return page(request, firstrun.ACCOUNT)
    answer: HttpResponse = App.as_view()(request)
    return answer


def services(request: PersonRequest) -> HttpResponse:
    form = ServicesForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        starters.take(form.cleaned_data["services"], owner=request.user, now=clock.now())
        messages.success(request, _("Saved."))
        return onward(request, firstrun.SERVICES)
    return page(request, firstrun.SERVICES, form=form, there=list(Service.objects.filter(is_active=True)))


def on_call(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    duties = firstrun.on_duty(now)
    if request.method == "POST" and not duties:
        firstrun.take_duty(request.user, now=now)
        messages.success(request, _("You are on call from now on."))
        return onward(request, firstrun.ON_CALL)
    return page(request, firstrun.ON_CALL, duties=duties)


def test(request: PersonRequest) -> HttpResponse:
    """Fire, watch the road of the page until somebody has it, and end it."""
    now, incident = clock.now(), firstrun.test_incident()
    if "pulse" in request.GET and incident is not None:
        return _road_news(request, now)
    if request.method == "POST" and request.POST.get("do") == "end" and incident is not None:
        if incident.is_open:  # else somebody ended it meanwhile
            firstrun.end_test(incident, actor=request.user, now=now)
        return redirect("settings")
    if request.method == "POST":
        firstrun.break_something(request.user, now=now)
        return redirect("setup_step", firstrun.TEST)
    answer = rehearsal.who_would_be_paged(severity=firstrun.SEVERITY, at=now)
    return page(request, firstrun.TEST, rehearsed=answer.timeline, warnings=answer.warnings, **_road(now))


def _road(now: datetime) -> dict[str, Any]:
    """Where the page is: the messages, what comes next, and who has it."""
    incident = firstrun.test_incident()
    if incident is None:
        return {"incident": None}
    sent = list(Message.objects.filter(thread=incident.number).select_related("person").defer("html").order_by("pk"))
    lines = escalations.of_incident(incident, escalations.open_run(incident), now) if incident.is_open else []
    cursor = "-".join([incident.state, *(f"{one.pk}.{one.shown_state}" for one in sent), *(line.text for line in lines)])
    shown = [(one, access.masked_address(one)) for one in sent]
    is_live = incident.state == IncidentState.TRIGGERED
    return {"incident": incident, "road": shown, "next": lines, "cursor": f"{crc32(cursor.encode()):x}", "is_live": is_live}


def _road_news(request: PersonRequest, now: datetime) -> HttpResponse:
    road = _road(now)
    if road["cursor"] == request.GET["pulse"]:
        return HttpResponse(status=204)
    answer = render(request, "setup/road.html", {**road, "is_news": True})
    answer["Desk-Cursor"] = road["cursor"]
    return answer


PAGES: Mapping[str, Callable[[PersonRequest], HttpResponse]] = {
    firstrun.ORGANISATION: organisation,
    firstrun.ACCOUNT: account,
    firstrun.MAIL: ways.mail,
    firstrun.PHONE: ways.phone,
    firstrun.SERVICES: services,
    firstrun.ON_CALL: on_call,
    firstrun.TEST: test,
}
