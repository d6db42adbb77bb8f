"""The delivery report: what became of messages by channel, why some were not sent, and the closed books of each day."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from notifications import access, reckoning
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only

SPANS = ((1, _("24 hours")), (7, _("7 days")), (30, _("30 days")), (90, _("90 days")))


@require_safe
@only(*access.READERS)
def delivery_report(request: PersonRequest) -> HttpResponse:
    now, asked = clock.now(), request.GET.get("days", "7")
    days = next((days for days, _word in SPANS if asked == str(days)), 7)
    found = reckoning.report(access.visible_to(request.user), since=now - timedelta(days=days), now=now)
    return render(request, "desk/delivery_report.html", {"report": found, "spans": SPANS, "days": days, "few": reckoning.FEW})
