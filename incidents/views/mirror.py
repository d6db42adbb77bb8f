"""/oncall/mirror/: day by day, whom the old pager paged and whom we would have."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents import mirror
from incidents.views import numbers
from incidents.views.policies import readers
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

SPANS = (7, 30, 90)


@require_safe
@readers
def beside(request: PersonRequest) -> HttpResponse:
    asked = numbers.whole(request.GET.get("days", ""))
    span = asked if asked in SPANS else SPANS[0]
    now = clock.now()
    days = mirror.days(start=now - timedelta(days=span), end=now + timedelta(minutes=1))
    rows = [row for day in days for row in day.rows]
    counts = {word: sum(row.verdict == word for row in rows) for word in ("same", "partly", "other", "nobody", "unknown")}
    context = {"days": days, "span": span, "spans": SPANS, "pages": len(rows), "counts": counts}
    return render(request, "oncall/mirror.html", context)
