"""The staff queue: views with capped counts, filters and order in the URL, keyset pages, and news that never moves a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zlib import crc32

from django.core.cache import cache
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents import bulk
from incidents.models import Batch, Presence, SavedView, Ticket
from incidents.models.around import PresenceQuerySet
from incidents.models.tickets import Capped, TicketQuerySet, capped
from incidents.states import Severity
from incidents.views import clocks, queue_asked, queue_pages, queue_words
from incidents.views.queue_asked import Asked
from incidents.views.queue_pages import PAGE, PARTS
from incidents.views.queue_words import Said
from servicedesk import clock
from servicedesk.directory import access
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.models import Role, Service, Team, User

REREAD = timedelta(seconds=10)  # what committed late is not missed
CAME_FROM = "queue_at"  # a cookie: the address, for what goes on from a ticket
LAST_BATCH = "last_batch"  # in the session: what could still be undone


@dataclass(frozen=True, slots=True)
class Here:
    """Who else has the ticket open."""

    person: str
    is_writing: bool


@dataclass(frozen=True, slots=True)
class Row:
    ticket: Ticket
    clock: clocks.Seen
    is_done: bool = False
    here: Here | None = None
    said: Said | None = None


@require_safe
@access.readers
def queue(request: PersonRequest) -> HttpResponse:
    asked, now = queue_asked.read(request.GET), clock.now()
    if "pulse" in request.GET:
        return _news(request, asked, now)
    context = {
        "asked": asked,
        "view": asked.view,
        **_table(request, asked, now),
        "columns": queue_asked.COLUMNS,
        "sorts": queue_asked.SORTS,
        "options": queue_asked.options() if request.GET.get("edit") == "filters" else None,
        "may_work": request.user.is_agent or request.user.is_manager,
        "people": people(),
        "places": places(),
        "severities": Severity,
        "batch": last_batch(request, now),
        "may_import": request.user.is_manager or request.user.is_admin,
    }
    answer = render(request, "desk/queue.html", context)
    answer.set_cookie(CAME_FROM, asked.query[:500], samesite="Lax", httponly=True, secure=request.is_secure())
    return answer


def _table(request: PersonRequest, asked: Asked, now: datetime) -> dict[str, Any]:
    """The page's rows, what they stand among, and how to ask for news of them."""
    visible = visible_to(request.user)
    narrowed = asked.narrow(visible, request.user)
    found = queue_pages.cut(queue_words.asked_with(_with_here(narrowed, request.user, now), request.user), asked)
    shown = tabs(request, asked, visible, total=capped(narrowed), **({"ahead": found.ahead} if found.ahead else {}))
    return {
        **shown,
        "page": found,
        "place": found.place(shown["counted"].get("ahead", 0), shown["counted"]["total"]),
        "rows": [
            Row(ticket, clocks.of(ticket, now), here=_here(ticket), said=queue_words.of(ticket, request.user)) for ticket in found.rows
        ],
        "by_clock": asked.link(sort="clock"),
        "by_number": asked.link(sort="oldest" if asked.sort == "newest" else "newest"),
        "pulse_url": f"{asked.link()}&since={now.timestamp():.3f}&on={'.'.join(str(ticket.pk) for ticket in found.rows)}",
        "cursor": _cursor(now, {ticket.pk: here for ticket in found.rows if (here := _here(ticket))}),
    }


def _with_here(rows: Any, user: User, now: datetime) -> Any:
    """With who else has each open; of several who writes. In the statement of the rows themselves."""
    here = PresenceQuerySet(Presence).here(now).filter(ticket=OuterRef("pk")).exclude(person=user).order_by("-is_writing", "pk")
    return rows.annotate(here_name=Subquery(here.values("person__name")[:1]), here_writes=Subquery(here.values("is_writing")[:1]))


def _here(ticket: Any) -> Here | None:
    return Here(ticket.here_name, bool(ticket.here_writes)) if ticket.here_name else None


def visible_to(user: User) -> TicketQuerySet:
    return TicketQuerySet(Ticket).visible_to(user).open()


def tabs(request: PersonRequest, asked: Asked, visible: TicketQuerySet, **beside: Capped) -> dict[str, Any]:
    """The views with their counts, then the saved ones; `counted` is what is counted beside them."""
    numbers = queue_asked.counts(visible, request.user, **beside)
    views = [(view, queue_asked.at_most(numbers[view.slug]), f"?view={view.slug}") for view in queue_asked.VIEWS]
    saved = SavedView.objects.shown_to(request.user).select_related("owner")[:30]
    return {"tabs": views, "saved": saved, "asked": asked, "held_mails": queue_asked.at_most(numbers["mails"]), "counted": numbers}


def people() -> list[tuple[str, str]]:
    """Whom a ticket can be given to. Looked up once a minute."""
    return cast("list[tuple[str, str]]", cache.get_or_set("assignable", _people, 60))


def _people() -> list[tuple[str, str]]:
    rows = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).values_list("username", "name")
    return [(username, name or username) for username, name in rows]


def places() -> dict[str, list[tuple[str, str]]]:
    """The teams and services a ticket can be put under. Looked up once a minute."""
    return cast("dict[str, list[tuple[str, str]]]", cache.get_or_set("queue_places", _places, 60))


def _places() -> dict[str, list[tuple[str, str]]]:
    services = Service.objects.filter(is_active=True).order_by("name")
    return {"team": list(Team.objects.values_list("slug", "name")), "service": list(services.values_list("slug", "name"))}


def last_batch(request: PersonRequest, now: datetime) -> Batch | None:
    """What this person did a moment ago, once: told on the page they are led back to."""
    number = request.session.get(LAST_BATCH)
    batch = Batch.objects.filter(pk=number, actor=request.user).first() if number else None
    if batch is not None and bulk.may_undo(batch, actor=request.user, now=now):
        return batch
    if number:
        del request.session[LAST_BATCH]
    return batch


def remember_batch(request: PersonRequest, batch: Batch) -> None:
    """So that it can be undone on the next page."""
    if batch.changed:
        request.session[LAST_BATCH] = batch.pk


def batch_on(request: PersonRequest, found: Ticket, now: datetime) -> Batch | None:
    """What this person did to this ticket alone a moment ago, while it can be undone; or that it was undone, once."""
    batch = last_batch(request, now) if LAST_BATCH in request.session else None
    if batch is None or {line[0] for line in [*batch.changed, *batch.skipped]} != {found.pk}:
        return None
    return batch if batch.undone_at or bulk.may_undo(batch, actor=request.user, now=now) else None


def drawn(request: PersonRequest, asked: Asked, found: Iterable[int], now: datetime) -> list[Row]:
    """These tickets as rows; those that left the view are marked as done."""
    visible = TicketQuerySet(Ticket).visible_to(request.user)
    still = set(asked.narrow(visible.open(), request.user).filter(pk__in=found).values_list("pk", flat=True))
    rows: Any = _with_here(visible.filter(pk__in=found).select_related(*PARTS), request.user, now)
    rows = queue_words.asked_with(rows, request.user)
    return [
        Row(ticket, clocks.of(ticket, now), ticket.pk not in still, _here(ticket), queue_words.of(ticket, request.user)) for ticket in rows
    ]


def _news(request: PersonRequest, asked: Asked, now: datetime) -> HttpResponse:
    """What changed since the cursor: cells of rows that are shown, counts, and how many do not fit in. 204: nothing."""
    moment, _sep, seen = request.GET.get("pulse", "").partition("~")
    shown = queue_asked.numbers_on(request.GET.get("on", ""))
    every = TicketQuerySet(Ticket).visible_to(request.user)
    changed = every.filter(updated_at__gt=_second(moment, now) - REREAD)
    here = _all_here(every.filter(pk__in=shown), request.user, now)
    cursor = _cursor(now, here)
    moved = _came_or_went(seen, cursor.partition("~")[2])
    if not moved and not changed.exists():
        return _told(HttpResponse(status=204), now, cursor)
    visible = visible_to(request.user)
    redrawn = {*changed.filter(pk__in=shown).values_list("pk", flat=True), *moved.intersection(shown)}
    fresh = asked.narrow(visible, request.user).filter(updated_at__gt=_second(request.GET.get("since", ""), now)).exclude(pk__in=shown)
    context = {
        **tabs(request, asked, visible),
        "view": asked.view,
        "rows": drawn(request, asked, redrawn, now),
        "fresh": fresh[: PAGE + 1].count(),
        "is_news": True,
        "may_work": request.user.is_agent or request.user.is_manager,
    }
    return _told(render(request, "desk/queue_news.html", context), now, cursor)


def _all_here(rows: TicketQuerySet, user: User, now: datetime) -> dict[int, Here]:
    """Who else has which of these tickets open."""
    return {ticket.pk: here for ticket in _with_here(rows, user, now).only("pk") if (here := _here(ticket))}


def _cursor(now: datetime, here: dict[int, Here]) -> str:
    """The moment, and who was on which row: "1764590400.000~1003.2f4a.1017.99c2"."""
    marks = [f"{number}.{crc32(repr(one).encode()):x}" for number, one in sorted(here.items())]
    return f"{now.timestamp():.3f}" + (f"~{'.'.join(marks)}" if marks else "")


def _came_or_went(before: str, after: str) -> set[int]:
    """The rows on which somebody else is than a moment ago."""
    was, now_is = (dict(zip(parts[::2], parts[1::2], strict=False)) for parts in (before.split("."), after.split(".")))
    differing = {number for number in {*was, *now_is} if was.get(number) != now_is.get(number)}
    return set(queue_asked.numbers_on(".".join(differing)))


def _told(answer: HttpResponse, now: datetime, cursor: str) -> HttpResponse:
    answer["Desk-Cursor"] = cursor
    answer["Desk-Now"] = now.isoformat()
    return answer


def _second(words: str, now: datetime) -> datetime:
    """A moment of this page's own; anything odd is now."""
    try:
        return min(datetime.fromtimestamp(float(words), UTC), now)
    except (ValueError, OverflowError, OSError):
        return now
