"""/inbox/: the bodies that came in last, by source, and what was made of them; what could not be read stands apart."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitoring.models import RawBody, Source
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role

READERS = (Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)
PAGE = 50
SHOWN = 4000  # characters of a body
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Row:
    """One body as the page shows it; `text` is its beginning, `size` all of it in bytes."""

    body: RawBody
    text: str
    size: int

    @property
    def is_cut(self) -> bool:
        return len(self.text) >= SHOWN


@require_safe
@only(*READERS)
def inbox(request: PersonRequest) -> HttpResponse:
    sources = list(Source.objects.order_by("name", "pk"))
    show, before = request.GET.get("show", ""), request.GET.get("before", "")
    chosen = next((source for source in sources if source.slug == show), None)
    rows = RawBody.objects.select_related("source").order_by("-pk")
    rows = rows.exclude(problem="") if show == UNREADABLE else rows.filter(source=chosen) if chosen else rows
    found = list((rows.filter(pk__lt=int(before)) if before.isdecimal() and len(before) < 19 else rows)[: PAGE + 1])
    context = {
        "sources": sources,
        "show": show if chosen or show == UNREADABLE else "",
        "chosen": chosen,
        "rows": [row_of(body) for body in found[:PAGE]],
        "newest": "?" + urlencode({"show": show}) if before else "",
        "following": "?" + urlencode({"show": show, "before": found[PAGE - 1].pk}) if len(found) > PAGE else "",
    }
    return render(request, "monitoring/inbox.html", context)


def row_of(body: RawBody) -> Row:
    raw = bytes(body.body)
    return Row(body, raw[: 4 * SHOWN].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")[:SHOWN], len(raw))
