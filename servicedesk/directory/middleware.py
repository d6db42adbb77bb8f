"""Each request runs in the person's own zone; one that only reads looks the organisation up once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from servicedesk.directory import zones
from servicedesk.directory.models import Organisation

SAFE = ("GET", "HEAD")


class PersonMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with Organisation.remembered() if request.method in SAFE else nullcontext():
            if not request.user.is_authenticated:
                return self.get_response(request)
            with timezone.override(ZoneInfo(zones.of(request.user))):
                return self.get_response(request)
