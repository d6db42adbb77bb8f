"""The two steps that try a way to be reached: mail, and text messages with calls. A code goes out and is typed back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from notifications import methods, standing
from notifications.models import Channel, ContactMethod
from servicedesk import clock
from servicedesk.directory.access import PersonRequest
from servicedesk.operations import firstrun
from servicedesk.operations.setup.forms import PHONES, MailForm, PhoneForm
from servicedesk.operations.setup.frame import page

WaysForm = type[MailForm] | type[PhoneForm]
ENV_MAIL = "EMAIL_URL=smtp+tls://desk:password@mail.example.org:587"
ENV_PHONE = "TWILIO_ACCOUNT_SID=AC…\nTWILIO_AUTH_TOKEN=…\nTWILIO_FROM=+…"


def mail(request: PersonRequest) -> HttpResponse:
    return _ways(request, firstrun.MAIL, (Channel.EMAIL,), MailForm, is_there=settings.EMAIL_CONFIGURED, needs=ENV_MAIL)


def phone(request: PersonRequest) -> HttpResponse:
    return _ways(request, firstrun.PHONE, PHONES, PhoneForm, is_there=settings.TWILIO_CONFIGURED, needs=ENV_PHONE)


def _ways(request: PersonRequest, name: str, kinds: Collection[str], form_of: WaysForm, *, is_there: bool, needs: str) -> HttpResponse:
    """Own ways of these kinds, each tried by a code that is typed back."""
    now, person = clock.now(), request.user
    found = [way for way in standing.ways(person, now=now) if way.method.kind in kinds]
    if "pulse" in request.GET:
        return _news(request, found)
    works = ContactMethod.objects.usable().filter(person=person).exists()
    is_new = request.method == "POST" and request.POST.get("do") == "add"
    form = form_of(request.POST if is_new else None, person=person, is_needed=works)
    if request.method == "POST" and is_there:
        answer = _add(request, form, name, now) if is_new else _try(request, found, name, now)
        if answer is not None:
            return answer
    return page(request, name, form=form, is_there=is_there, needs=needs, **_shown(found))


def _shown(found: list[standing.Way]) -> dict[str, Any]:
    return {"ways": found, "cursor": standing.cursor(found), "is_live": any(way.is_live for way in found)}


def _news(request: PersonRequest, found: list[standing.Way]) -> HttpResponse:
    """204 while nothing changed; else the ways."""
    shown = _shown(found)
    if shown["cursor"] == request.GET["pulse"] and shown["is_live"]:
        return HttpResponse(status=204)
    answer = render(request, "setup/ways_list.html", {**shown, "is_news": True})
    answer["Desk-Cursor"] = shown["cursor"]
    return answer


def _add(request: PersonRequest, form: MailForm | PhoneForm, name: str, now: datetime) -> HttpResponse | None:
    """A new way and its first test; None: what was typed is wrong."""
    if not form.is_valid():
        return None
    try:
        made = methods.add(request.user, kind=form.cleaned_data["kind"], address=form.cleaned_data["address"], now=now)
    except methods.AlreadyThere:
        form.add_error("address", _("You have that one already"))
        return None
    return _send(request, made, name, now)


def _try(request: PersonRequest, found: list[standing.Way], name: str, now: datetime) -> HttpResponse | None:
    """A test is asked for, or its code comes back."""
    method = next((way.method for way in found if str(way.method.pk) == request.POST.get("way")), None)
    if method is None:
        return None
    if request.POST.get("do") != "confirm":
        return _send(request, method, name, now)
    try:
        methods.confirm(method, request.POST.get("code", ""), now=now)
    except methods.WrongCode:
        messages.error(request, _("That is not the code, or it is too old. After five wrong ones send yourself a new test."))
    else:
        messages.success(request, _("Confirmed: %(way)s reaches you.") % {"way": method.get_kind_display()})
    return redirect("setup_step", name)


def _send(request: PersonRequest, method: ContactMethod, name: str, now: datetime) -> HttpResponse:
    try:
        methods.send_test(method, now=now)
        messages.success(request, _("A test with a code is on its way. Type the code below."))
    except methods.TooManyTests:
        messages.error(request, _("Six tests within an hour are enough. Wait a while before the next one."))
    return redirect("setup_step", name)
