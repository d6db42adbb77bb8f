"""/services/: every check, the worst first, and /services/<slug>/: one service with all that is known of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitoring import access, overview, service_page
from monitoring.overview import Asked
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

LINES = 4  # beside a ticket
# in the order in which they stand in an address
NAMES = ("state", "group", "q", "sort", "view", "after")


@require_safe
@access.readers
def services(request: PersonRequest) -> HttpResponse:
    asked, now = read(request), clock.now()
    pulse = request.GET.get("pulse", "")
    found = overview.look(asked, user=request.user, now=now, is_pulse=pulse)
    if found is None:
        return HttpResponse(status=204)
    context = {
        "asked": asked,
        "overview": found,
        "tiles": [(state, found.counts[state], link(asked, state=state, group="", after=0)) for state in overview.STATES],
        "links": {name: link(asked, **change) for name, change in LINKS.items()},
        "following": link(asked, after=found.following) if found.following else "",
        "may_change": access.may_change(request.user),
        "is_pulse": bool(pulse),
    }
    answer = render(request, "monitoring/services_news.html" if pulse else "monitoring/services.html", context)
    answer["Desk-Cursor"] = found.cursor
    return answer


LINKS: dict[str, dict[str, Any]] = {
    "all": {"state": "", "group": "", "after": 0}, "failing": {"state": overview.FAILING, "group": "", "after": 0},
    "list": {"view": "list"}, "grid": {"view": "grid"},
    "worst": {"sort": "worst", "after": 0}, "name": {"sort": "name", "after": 0}, "newest": {"sort": "newest", "after": 0},
}  # fmt: skip


def read(request: PersonRequest) -> Asked:
    """What stands in the address; words nobody knows are as if they were not there."""
    given = {name: request.GET.get(name, "") for name in NAMES}
    return Asked(
        state=given["state"] if given["state"] in (*overview.STATES, overview.FAILING) else "",
        group=given["group"][:50],
        q=given["q"].strip()[:80],
        sort=given["sort"] if given["sort"] in overview.SORTS else "worst",
        view="grid" if given["view"] == "grid" else "list",
        after=int(given["after"]) if given["after"].isdecimal() and len(given["after"]) < 19 else 0,
    )


def link(asked: Asked, **change: Any) -> str:
    """The same page, asked otherwise: the parts that say something, always in one order."""
    usual = Asked()
    parts = {name: change.get(name, getattr(asked, name)) for name in NAMES}
    return "?" + urlencode({name: value for name, value in parts.items() if value != getattr(usual, name)})


@require_safe
@access.readers
def service(request: PersonRequest, slug: str) -> HttpResponse:
    context = service_page.page(slug, user=request.user, now=clock.now())
    if context is None:
        raise Http404
    return render(request, "monitoring/service.html", {**context, "may_change": access.may_change(request.user)})


@require_safe
@access.readers
def lines(request: PersonRequest, slug: str) -> HttpResponse:
    """The worst checks of a service with their last day, for pages that may not know of checks."""
    found = overview.look(Asked(group=slug), user=request.user, now=clock.now())
    rows = [row for group in found.groups for row in group.rows][:LINES] if found else []
    return render(request, "monitoring/lines.html", {"rows": rows})
