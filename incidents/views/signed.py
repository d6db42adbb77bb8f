"""/a/<token>: the page of the person paged. No login; GET and HEAD never change anything and never count as seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from csp.constants import NONCE, SELF
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents import escalation, incidents, links
from incidents.models import SignedLink
from incidents.states import IllegalMove
from incidents.views import bundles, pages
from notifications import outbox
from notifications.models import Message
from servicedesk import clock
from servicedesk.directory import tongues, zones
from servicedesk.directory.models import Organisation

Deed = Callable[[SignedLink, HttpRequest, datetime], Any]


def _acknowledge(link: SignedLink, request: HttpRequest, now: datetime) -> None:
    escalation.acknowledge(link.incident, by=link.person, via="link", now=now)


def _pass(link: SignedLink, request: HttpRequest, now: datetime) -> None:
    escalation.pass_on(link.incident, by=link.person, now=now)


def _later(link: SignedLink, request: HttpRequest, now: datetime) -> None:
    escalation.later(link.incident, by=link.person, now=now)


def _undo(link: SignedLink, request: HttpRequest, now: datetime) -> None:
    escalation.undo(link.incident, by=link.person, now=now)


def _accept(link: SignedLink, request: HttpRequest, now: datetime) -> None:
    incidents.accept(link.incident, actor=link.person, now=now)


def _reject(link: SignedLink, request: HttpRequest, now: datetime) -> None:
    incidents.reject(link.incident, actor=link.person, reason=request.POST.get("reason", "").replace("\x00", "")[:240], now=now)


DEEDS: dict[str, dict[str, Deed]] = {
    SignedLink.Purpose.PAGE: {"acknowledge": _acknowledge, "pass": _pass, "later": _later, "undo": _undo},
    SignedLink.Purpose.PROPOSAL: {"accept": _accept, "reject": _reject},
}


@csrf_exempt  # the token in the address is the secret; a browser without cookies must be able to answer
@login_not_required
@csp_update({"style-src": [SELF, NONCE]})  # type: ignore[arg-type]  # its hints know views without arguments only
@require_http_methods(["GET", "HEAD", "POST"])
def signed(request: HttpRequest, token: str) -> HttpResponse:
    now = clock.now()
    try:
        link = links.open_link(token, now=now)
    except links.LinkUnknown:
        bundle = outbox.bundle_of(token)
        if bundle is not None:
            return _bundle(request, bundle, now)
        return _closed(request, 404, _("This link is not known here. Copy the whole of it, or call the help desk."))
    except links.LinkOver:
        return _closed(request, 410, _("This is over. There is nothing left to do."))
    with timezone.override(zones.of(link.person)), tongues.page(link.person):
        if request.method == "POST":
            return _act(request, link, now)
        return _private(render(request, "incidents/signed.html", {"page": pages.of_link(link, now), "now": now}))


def _bundle(request: HttpRequest, bundle: Message, now: datetime) -> HttpResponse:
    """The page of several at once; a repeat changes nothing."""
    named = bundles.named_by(bundle)
    if bundles.is_over(named, now=now):
        return _closed(request, 410, _("This is over. There is nothing left to do."))
    person = bundle.person
    with timezone.override(zones.of(person)), tongues.page(person):
        if request.method != "POST":
            return _private(bundles.shown(request, bundle, named, now=now))
        if not bundles.act(request, bundle, now=now):
            return _closed(request, 400, _("That button is not known. Go back and use one of the page."))
    return _private(HttpResponse(status=303, headers={"Location": request.path}))


def _act(request: HttpRequest, link: SignedLink, now: datetime) -> HttpResponse:
    """Do it, and lead back to the page. A repeat, or a deed whose time has passed, changes nothing and is no error."""
    deed = DEEDS[link.purpose].get(request.POST.get("action", ""))
    if deed is None:
        return _closed(request, 400, _("That button is not known. Go back and use one of the page."))
    try:
        deed(link, request, now)
    except incidents.ReasonNeeded:
        problem = _("Say why it is no incident; the next person reads it.")
        return _private(
            render(request, "incidents/signed.html", {"page": pages.of_link(link, now), "problem": problem, "now": now}, status=422)
        )
    except (IllegalMove, escalation.TooLate, escalation.NotYours):
        pass  # the page says how things stand
    return _private(HttpResponse(status=303, headers={"Location": request.path}))


def _closed(request: HttpRequest, status: int, words: str) -> HttpResponse:
    context = {"words": words, "organisation": Organisation.current()}
    return _private(render(request, "incidents/signed_closed.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, no_store=True, private=True)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
