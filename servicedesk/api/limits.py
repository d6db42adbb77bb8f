"""So many calls a minute of one account, counted in each process: a guard against loops, not a quota."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from servicedesk import clock

MINUTE = 60


class PerMinute(BaseThrottle):
    def allow_request(self, request: Request, view: Any) -> bool:
        minute = int(clock.wall().timestamp()) // MINUTE
        key = f"api:{request.user.pk}:{minute}"
        count = 1 if cache.add(key, 1, timeout=2 * MINUTE) else _one_more(key)
        return count <= settings.API_CALLS_A_MINUTE

    def wait(self) -> float:
        return MINUTE - clock.wall().timestamp() % MINUTE


def _one_more(key: str) -> int:
    """The count that is now; one where it was forgotten in between."""
    try:
        return int(cache.incr(key))
    except ValueError:
        return 1
