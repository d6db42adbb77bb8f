"""The staff queue: views with capped counts, filters in the URL, keyset pages, sorted by time to breach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from incidents.models import Ticket
from incidents.models.tickets import TicketQuerySet
from incidents.states import OPEN_TICKET, TicketState
from incidents.views import clocks, numbers
from servicedesk import clock
from servicedesk.directory import access
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.models import User

PAGE = 50
MOST_COUNTED = 1_000
PARTS = ("requester", "assignee", "service", "incident")


@dataclass(frozen=True, slots=True)
class View:
    slug: str
    word: str | Promise
    narrow: Callable[[TicketQuerySet, User], TicketQuerySet]
    empty: str | Promise


VIEWS = (
    View("all", _("All open"), lambda rows, user: rows, _("No ticket is open.")),
    View("triage", _("Needs triage"), lambda rows, user: rows.filter(state=TicketState.NEW, assignee=None), _("Nothing to triage.")),
    View("mine", _("Mine"), lambda rows, user: rows.filter(assignee=user), _("You have no open tickets.")),
    View("team", _("My team"), lambda rows, user: rows.filter(team__in=user.team_ids), _("Your team has no open tickets.")),
    View("unassigned", _("Unassigned"), lambda rows, user: rows.filter(assignee=None), _("Every open ticket has somebody.")),
    View("waiting", _("Waiting"), lambda rows, user: rows.filter(state=TicketState.WAITING), _("No ticket waits for anybody.")),
)
FILTERS = {"sev": "severity", "service": "service__slug", "team": "team__slug", "assignee": "assignee__username", "status": "state"}


@dataclass(frozen=True, slots=True)
class Row:
    ticket: Ticket
    clock: clocks.Seen


@require_safe
@access.readers
def queue(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    visible = Ticket.objects.visible_to(request.user).filter(state__in=OPEN_TICKET)
    view = next((v for v in VIEWS if v.slug == request.GET.get("view")), VIEWS[0])
    rows = _filtered(view.narrow(visible, request.user), request.GET)
    page, following = _page(rows, request.GET.get("after", ""))
    context = {
        "view": view,
        "tabs": [(v, _count(v.narrow(visible, request.user)), _link(request.GET, view=v.slug)) for v in VIEWS],
        "chips": [(name, value, _link(request.GET, **{name: ""})) for name, value in request.GET.items() if name in FILTERS and value],
        "rows": [Row(ticket, clocks.of(ticket, now)) for ticket in page],
        "query": request.GET.get("q", ""),
        "next": following and _link(request.GET, after=following),
        "first": _link(request.GET, after="") if request.GET.get("after") else "",
    }
    return render(request, "desk/queue.html", context)


def _filtered(rows: TicketQuerySet, asked: QueryDict) -> TicketQuerySet:
    """Filters of the URL; a value nobody knows finds nothing, an unknown name is ignored."""
    for name, column in FILTERS.items():
        if value := asked.get(name, ""):
            rows = rows.filter(**{column: value}) if name != "sev" else _by_severity(rows, value)
    if words := asked.get("q", "").strip():
        number = numbers.whole(words.upper().removeprefix("T-"))
        rows = rows.filter(Q(title__icontains=words) | Q(pk=number or 0))
    return rows


def _by_severity(rows: TicketQuerySet, value: str) -> TicketQuerySet:
    return (
        rows.filter(severity=int(value))
        if value in ("1", "2", "3", "4")
        else rows.filter(severity=None)
        if value == "none"
        else rows.none()
    )


def _page(rows: TicketQuerySet, after: str) -> tuple[list[Ticket], str]:
    """One page by keyset on (due, number), and where the next begins; any depth costs the same."""
    ordered: Any = rows.select_related(*PARTS).by_clock()
    moment, _sep, number = after.rpartition("~")
    if (since := _moment(moment)) and (last_number := numbers.whole(number)):
        ordered = ordered.beyond(since, last_number)
    page: list[Any] = list(ordered[: PAGE + 1])
    last = page[PAGE - 1] if len(page) > PAGE else None
    return page[:PAGE], f"{last.due_at.isoformat()}~{last.pk}" if last and last.due_at else ""


def _moment(words: str) -> datetime | None:
    try:
        return datetime.fromisoformat(words).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _count(rows: TicketQuerySet) -> str:
    """Exact up to the cap, so that a long queue does not make every page slow."""
    found = rows.order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if found > MOST_COUNTED else str(found)


def _link(asked: QueryDict, **changes: str) -> str:
    """This page's address with some parts changed, in one order; empty parts are left out."""
    parts = asked.copy()
    if set(changes) - {"after"}:
        parts.pop("after", None)
    for name, value in changes.items():
        parts[name] = value
    clean = QueryDict(mutable=True)
    for name in ("view", "q", *FILTERS, "after"):
        if parts.get(name):
            clean[name] = str(parts[name])
    return f"?{clean.urlencode()}"
