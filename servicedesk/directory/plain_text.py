"""Addresses without NUL: PostgreSQL keeps no such character, and no honest client sends it."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

NUL = "\x00"


class PlainAddressMiddleware:
    """400 for a path or a query with NUL; forms refuse it field by field."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: object) -> None:
        if request.path.startswith("/api/"):  # answers for itself, as problem+json
            return
        if NUL in request.path or any(NUL in value for values in request.GET.lists() for value in [values[0], *values[1]]):
            raise BadRequest
