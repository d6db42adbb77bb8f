"""The product's URLs, and the doors by which a test moves the world."""

from __future__ import annotations

from django.urls import path

from servicedesk.urls import handler500, urlpatterns
from tests.e2e import doors, factor

__all__ = ["handler500", "urlpatterns"]

factor.open_with_one_code()
urlpatterns = [
    *urlpatterns,
    path("_e2e/reset", doors.reset),
    path("_e2e/clock", doors.move_clock),
    path("_e2e/outbox/", doors.outbox),
    path("_e2e/provider", doors.behave),
    path("_e2e/check", doors.check),
    path("_e2e/reply", doors.reply),
    path("_e2e/call", doors.call),
]
