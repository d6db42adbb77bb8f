"""The status page, its feed, and the letters about it. Read without scripts; given out from the last copy when the database is away."""

from __future__ import annotations

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from incidents import statuspage
from incidents.forms_status import SubscribeForm
from incidents.models import Subscriber
from incidents.statuspage import keeping
from servicedesk import clock
from servicedesk.directory.models import User

FRESH_S, STALE_S = 30, 86_400


@login_not_required
@csp_update({"style-src": [SELF, keeping.STYLE_HASH]})
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    try:
        if not statuspage.may_read(_person(request)):
            return redirect_to_login(request.path)
        return _cached(HttpResponse(keeping.page(statuspage.picture(now=clock.now()), is_file=False)))
    except (DatabaseError, InterfaceError):
        last = statuspage.kept()
        if last is None:
            raise
        return HttpResponse(last, headers={"Cache-Control": "no-store"})


@login_not_required
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    if not statuspage.may_read(_person(request)):
        return redirect_to_login(request.path)
    return _cached(HttpResponse(keeping.feed(now=clock.now()), content_type="application/atom+xml; charset=utf-8"))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    if not statuspage.may_read(_person(request)):
        return redirect_to_login(request.path)
    form = SubscribeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        statuspage.ask(form.cleaned_data["email"], now=clock.now())
        return redirect(f"{request.path}?asked=1")
    return render(request, "status/subscribe.html", {"form": form, "asked": "asked" in request.GET}, status=422 if form.errors else 200)


@csrf_exempt  # the token in the address is the secret; mail programs end a subscription by one POST (RFC 8058)
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def subscription(request: HttpRequest, token: str) -> HttpResponse:
    """Opened from a letter: nothing happens before a button is pressed."""
    row = Subscriber.objects.filter(token=token).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        deed = statuspage.confirm if request.POST.get("action") == "confirm" else statuspage.stop
        deed(row, now=clock.now())
        return redirect(request.path)
    return render(request, "status/subscription.html", {"row": row})


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _cached(answer: HttpResponse) -> HttpResponse:
    """Shared caches keep what the world may read; what one must sign in for stays in the browser."""
    is_public = statuspage.may_read(None)
    patch_cache_control(answer, max_age=FRESH_S, stale_if_error=STALE_S, **({"public": True} if is_public else {"private": True}))
    return answer
