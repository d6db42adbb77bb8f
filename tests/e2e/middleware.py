"""Around every request: the clock runs while it is served, and what it set in motion is brought to rest before the answer."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from tests.e2e.world import world

log = structlog.get_logger(__name__)

SAFE = ("GET", "HEAD", "OPTIONS")
SPEAKS_BY_GET = ("/ping/", "/api/push/")


def stand_still(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def serve(request: HttpRequest) -> HttpResponse:
        with world.stopwatch.running():
            response = get_response(request)
            if request.method not in SAFE or request.path.startswith(SPEAKS_BY_GET):
                settle()
            return response

    return serve


def settle() -> None:
    """A pass that fails is written down, as in a real engine; the answer to the request stands."""
    try:
        world.settle()
    except Exception:
        log.exception("the world did not come to rest")
