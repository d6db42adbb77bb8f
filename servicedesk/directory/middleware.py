"""Each request runs in the person's own zone and language, past the second factor where their role asks for one;
one that only reads looks the organisation up once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from servicedesk.directory import factors, tongues, zones
from servicedesk.directory.models import Organisation

SAFE = ("GET", "HEAD")
WITHOUT = ("/me/security/", "/logout/", "/static/", "/login/")  # what stands open until the second factor is set up


class PersonMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with Organisation.remembered() if request.method in SAFE else nullcontext():
            if not request.user.is_authenticated:
                return self.get_response(request)
            with timezone.override(ZoneInfo(zones.of(request.user))), tongues.page(request.user):
                language = translation.get_language() or tongues.house()
                response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response


class SecondFactorMiddleware:
    """Whoever signed in without the second factor that a role of theirs asks for sets one up first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if factors.is_due(request.session) and not request.path.startswith(WITHOUT):
            return redirect("security")
        return self.get_response(request)
