"""The red bar on every page of the staff: what keeps pages from people at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from servicedesk import clock
from servicedesk.directory.models import User
from servicedesk.operations import selfwatch

KEY, KEPT_S = "house-troubles", 15


@dataclass
class House:
    request: HttpRequest

    @cached_property
    def troubles(self) -> list[str]:
        """Looked up at most every quarter of a minute, for staff alone."""
        user = getattr(self.request, "user", None)
        if not settings.SELF_WATCH or not isinstance(user, User) or not (user.is_desk_staff or user.is_admin):
            return []
        found: list[str] = cache.get_or_set(KEY, lambda: selfwatch.troubles(now=clock.wall()), KEPT_S) or []
        return found


def bar(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    return {"house": House(request)}
