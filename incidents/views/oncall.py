"""Who is on call: now, then, and for four weeks; and arranging whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from incidents import access, readiness, rehearsal
from incidents.forms_oncall import RotaForm, next_monday, of_draft
from incidents.models import Policy
from incidents.views import calendar, numbers
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role, User
from servicedesk.oncall import roster, rotations
from servicedesk.oncall.models import Feed, Rotation, Schedule
from servicedesk.oncall.roster import Duty, Rota
from servicedesk.oncall.rotations import Draft

AHEAD = timedelta(weeks=4)
MOST_POLICIES = 3


@dataclass(frozen=True, slots=True)
class Card:
    """One schedule as it is now."""

    schedule: Schedule
    now: list[Duty]
    then: Duty | None
    warning: str
    instead: list[User]
    may_edit: bool


@require_safe
@only(Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)
def on_call(request: PersonRequest) -> HttpResponse:
    schedules = list(Schedule.objects.select_related("team__manager", "fallback"))
    return _page(request, schedules, schedules[0] if schedules else None)


@require_safe
def schedule(request: PersonRequest, slug: str) -> HttpResponse:
    found = access.schedule(request.user, slug)
    return _page(request, list(Schedule.objects.select_related("team__manager", "fallback")), found)


def _page(request: PersonRequest, schedules: list[Schedule], shown: Schedule | None) -> HttpResponse:
    now = clock.now()
    rotas = roster.load(schedules, start=now, end=now + AHEAD)
    context: dict[str, Any] = {"cards": [_card(rota, request.user, now) for rota in rotas], "schedule": shown}
    if shown is not None:
        context |= _calendar(shown, _day(request, shown, now), now)
        context["may_edit"] = access.may_arrange(request.user, shown)
        context["overrides"] = shown.overrides.filter(withdrawn_at=None, ends_at__gt=now).select_related("person", "replaces", "created_by")
    context["scopes"], context["may_work"] = Feed.Scope.choices, request.user.is_agent or request.user.is_manager
    context["subscribed"] = set(request.user.feeds.filter(revoked_at=None).values_list("scope", flat=True))
    context["hand_offs"] = sorted(_hand_offs(rotas, now), key=lambda row: row[0])[:8]
    return render(request, "oncall/schedules.html", context)


def _calendar(shown: Schedule, day: date, now: datetime) -> dict[str, Any]:
    start, end = calendar.span(day, shown.zone)
    (rota,) = roster.load([shown], start=min(start, now), end=end)
    return {
        "weeks": calendar.weeks(rota, day, now=now),
        "findings": readiness.of_rota(rota, start=max(start, now), end=max(end, now)) if end > now else [],
        "earlier": day - AHEAD,
        "later": day + AHEAD,
    }


def _card(rota: Rota, reader: User, now: datetime) -> Card:
    line = roster.stretches(rota.line_up(now, now + AHEAD))
    present = [duty for duty in line if duty.starts_at <= now] or rota.on_call(now)
    then = next((duty for duty in line if duty.starts_at > now), None)
    warning = next(filter(None, (readiness.cannot_be_woken(duty.person) for duty in present)), "")
    instead = [] if present else readiness.stands_in(rota.schedule, at=now)
    return Card(rota.schedule, present, then, warning, instead, access.may_arrange(reader, rota.schedule))


def _hand_offs(rotas: list[Rota], now: datetime) -> list[tuple[datetime, Schedule, Duty]]:
    return [(duty.starts_at, rota.schedule, duty) for rota in rotas for duty in _starting(rota, now)]


def _starting(rota: Rota, now: datetime) -> list[Duty]:
    return [duty for duty in roster.stretches(rota.line_up(now, now + AHEAD)) if duty.starts_at > now]


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PersonRequest, slug: str) -> HttpResponse:
    found, now = access.schedule(request.user, slug, to_change=True), clock.now()
    there, line = rotations.lines(found, now=now), _line(request)
    if line and line not in there:
        raise Http404
    form = _form(request, found, there.get(line), now)
    if form.is_valid() and request.POST.get("do") == "save":
        messages.success(request, _sentence(found, form.draft(), now, line))
        rotations.arrange(found, form.draft(), by=request.user, now=now, line=line)
        return redirect("schedule", found.slug)
    if form.is_bound and not form.is_valid() and "HX-Request" in request.headers:
        return HttpResponse(status=204)  # the preview keeps the last good one
    others = [(each, rotation) for each, rotation in there.items() if each != line]
    context = {"schedule": found, "form": form, "others": others, **_preview(request, found, form, now, line)}
    context["differences"] = _differences(request, found, form, now, line)
    is_wrong = form.is_bound and not form.is_valid()
    return render(request, "oncall/edit.html", context, status=422 if is_wrong else 200)


def _line(request: PersonRequest) -> int:
    """Which of the turns that stand side by side `?line=` names; the first, where it names none."""
    return numbers.whole(request.GET.get("line", "")) or rotations.OWN


def _form(request: PersonRequest, found: Schedule, known: Rotation | None, now: datetime) -> RotaForm:
    draft = rotations.draft_of(known, known.zone or found.zone) if known else _first_draft(found, now)
    given = request.POST if request.method == "POST" else None
    return RotaForm(given, people=list(draft.people), position=draft.position, initial=of_draft(draft))


def _first_draft(found: Schedule, now: datetime) -> Draft:
    today = now.astimezone(ZoneInfo(found.zone)).date()
    return Draft((), next_monday(today), "weekly", 1, datetime(2000, 1, 1, 9, tzinfo=ZoneInfo(found.zone)).time(), found.zone)


def _preview(request: PersonRequest, found: Schedule, form: RotaForm, now: datetime, line: int) -> dict[str, Any]:
    """The four weeks as they would be, with what is wrong about them; nothing while the form cannot be read."""
    if form.is_bound and not form.is_valid():
        return {}
    draft = form.draft() if form.is_bound else Draft(people=tuple(form.people), position=form.position, **_initial(form))
    day = _day(request, found, now)
    start, end = calendar.span(day, draft.zone)
    rota = rotations.tried(found, draft, start=start, end=end, now=now, line=line)
    rota.schedule.zone = draft.zone
    found_wrong = readiness.of_rota(rota, start=max(start, now), end=max(end, now))
    return {"weeks": calendar.weeks(rota, day, now=now), "findings": found_wrong, "sentence": _sentence(found, draft, now, line)}


def _differences(request: PersonRequest, found: Schedule, form: RotaForm, now: datetime, line: int) -> list[rehearsal.Difference]:
    """Who a SEV1 would page before and after, at the moment the new turns begin, by the policies that name the schedule."""
    if not form.is_bound or not form.is_valid():
        return []
    draft = form.draft()
    kept = found.zone
    policies = list(Policy.objects.filter(steps__targets__schedule=found).distinct().order_by("pk")[:MOST_POLICIES])

    def change() -> None:
        rotations.arrange(found, draft, by=request.user, now=now, line=line)

    told = rehearsal.of_change(policies, change, severity=1, at=draft.counts_from(now))
    found.zone = kept
    return told


def _initial(form: RotaForm) -> dict[str, Any]:
    return {name: form.initial[name] for name in ("starts_on", "kind", "length", "handoff", "zone", "weekdays", "opens", "closes")}


def _sentence(found: Schedule, draft: Draft, now: datetime, line: int) -> str:
    """ "From Mon 30 Nov 09:00 (Europe/Paris) Ben is paged for Network." """
    at = draft.counts_from(now)
    rota = rotations.tried(found, draft, start=at, end=at + rotations.SEARCHED, now=now, line=line)
    first = rotations.first_shift(rota, at)
    begins = max(first.starts_at, at).astimezone(ZoneInfo(draft.zone)) if first else at.astimezone(ZoneInfo(draft.zone))
    shape = pgettext("date format", "D j M H:i") if begins.year == now.year else pgettext("date format", "D j M Y H:i")
    words = {"when": date_format(begins, shape), "zone": draft.zone, "schedule": found.name, "name": first.person if first else ""}
    if first is None:
        return _("From %(when)s (%(zone)s) nobody is paged for %(schedule)s.") % words
    return _("From %(when)s (%(zone)s) %(name)s is paged for %(schedule)s.") % words


def _day(request: PersonRequest, found: Schedule, now: datetime) -> date:
    """The day `?from=` names; today, where it names none."""
    try:
        asked = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        asked = None
    today = now.astimezone(ZoneInfo(found.zone)).date()
    return asked if asked and abs((asked - today).days) < FURTHEST else today


FURTHEST = 3660  # days
