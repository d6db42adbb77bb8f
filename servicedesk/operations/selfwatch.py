"""Is the desk itself well: what keeps pages from people at this moment, in sentences."""

from __future__ import annotations

from datetime import datetime

from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from notifications import providers, sentinel
from notifications.models import ProviderState
from servicedesk.operations import health, standstill

SILENT_S = 60.0


def troubles(*, now: datetime) -> list[str]:
    """What keeps pages from people at this moment, in words; empty when all is well. A handful of short queries."""
    try:
        if held := standstill.words():
            return [held]
        return [*_engine(), *_pages(now), *_providers(now)]
    except (DatabaseError, InterfaceError):
        return [_("The database does not answer. Nothing is paged.")]


def _engine() -> list[str]:
    age = health.engine_age_s()
    if age is None:
        return [_("The engine has not run yet. Without it nothing is paged.")]
    if age > SILENT_S:
        return [_("The engine has been silent for %(s)d seconds. Pages may not go out.") % {"s": age}]
    return []


def _pages(now: datetime) -> list[str]:
    late = health.overdue_page_s(now)
    if late is not None and late > health.PAGE_MOST_S:
        return [_("A page has been waiting for %(s)d seconds.") % {"s": late}]
    last = sentinel.passed_at()
    if last is not None and not sentinel.has_passed(now=now):
        return [_("The desk's test of itself does not get through. Pages may not go out.")]
    return []


def _providers(now: datetime) -> list[str]:
    return [_down(one) for one in ProviderState.objects.down()]


def _down(one: ProviderState) -> str:
    words = {"name": providers.NAMES.get(one.name, one.name), "why": one.reason}
    return _("Out of order: %(name)s. %(why)s Other ways are used meanwhile.") % words
