"""Swaps between two people on call, and the month's hours for whoever pays."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import access, handoff, pay
from incidents.forms_oncall import SwapForm
from servicedesk import clock
from servicedesk.directory import zones
from servicedesk.directory.access import PersonRequest, only, workers
from servicedesk.directory.models import Role, User
from servicedesk.jobs import sheets
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule, Swap
from servicedesk.oncall.swaps import LAPSES_BEFORE, SwapRefused

AHEAD = timedelta(weeks=12)
PAST = 20


@require_safe
@workers
def swap_list(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    mine = Swap.objects.of(request.user).select_related("schedule", "asker", "other")
    rows = [(row, handoff.sentence(row, request.user, now=now)) for row in mine.open()]
    past = [(row, handoff.sentence(row, request.user, now=now)) for row in mine.exclude(state=Swap.State.ASKED)[:PAST]]
    schedules = Schedule.objects.filter(rotations__members__person=request.user).distinct()
    return render(request, "oncall/swaps.html", {"open": rows, "past": past, "schedules": schedules})


@require_http_methods(["GET", "HEAD", "POST"])
@workers
def ask(request: PersonRequest, slug: str) -> HttpResponse:
    found, now = access.schedule(request.user, slug), clock.now()
    form = _form(request, found, now)
    if form.is_valid():
        try:
            row = handoff.ask_swap(found, form.offer(), by=request.user, now=now)
            messages.success(request, _("%(name)s is asked.") % {"name": row.other})
            return redirect("swaps")
        except SwapRefused as error:
            form.add_error(None, str(error))
    return render(request, "oncall/swap.html", {"schedule": found, "form": form}, status=422 if form.is_bound and form.errors else 200)


def _form(request: PersonRequest, found: Schedule, now: datetime) -> SwapForm:
    """One's own coming turns, and those of everybody else on this schedule."""
    soonest = now + LAPSES_BEFORE
    coming = [duty for duty in roster.stretches(roster.line_up(found, start=now, end=now + AHEAD)) if duty.starts_at > soonest]
    others = [duty for duty in coming if duty.person != request.user]
    colleagues = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).exclude(pk=request.user.pk).order_by("name")
    own = [duty for duty in coming if duty.person == request.user]
    return SwapForm(request.POST or None, own=own, others=others, colleagues=list(colleagues))


@require_POST
@workers
def answer(request: PersonRequest, number: int) -> HttpResponse:
    """Agree or decline as the one asked, withdraw as the asker. Raises Http404 for everybody else's."""
    row = Swap.objects.of(request.user).select_related("schedule", "asker", "other").filter(pk=number).first()
    if row is None:
        raise Http404
    said = request.POST.get("answer", "")
    if said not in (("agree", "decline") if row.other == request.user else ("withdraw",)):
        raise PermissionDenied
    try:
        row = handoff.answer_swap(row, said, by=request.user, now=clock.now())
        messages.success(request, _("Swap: %(state)s.") % {"state": row.get_state_display().lower()})
    except SwapRefused as error:
        messages.error(request, str(error))
    return redirect("swaps")


@require_safe
@only(Role.MANAGER, Role.ADMIN)
def month(request: PersonRequest) -> HttpResponse:
    """The page, or with `format=csv` the file."""
    now = clock.now()
    first = _first(request.GET.get("month", ""), now)
    lines = pay.lines(first, now=now)
    if request.GET.get("format") == "csv":
        return _csv(first, lines)
    before, after = first - timedelta(days=1), first + timedelta(days=32)
    context = {"lines": lines, "classes": pay.HourClass.labels, "month": first, "before": before, "after": after}
    return render(request, "oncall/pay.html", context)


def _first(asked: str, now: datetime) -> date:
    """The first day of the month asked for, 2026-11; of the present one where it cannot be read."""
    try:
        return date.fromisoformat(f"{asked}-01")
    except ValueError:
        return zones.local(now, None).date().replace(day=1)


def _csv(first: date, lines: list[pay.Line]) -> HttpResponse:
    heads = [_("Person"), _("User name"), _("Schedule")]
    heads += [_("Hours: %(what)s") % {"what": label} for label in pay.HourClass.labels]
    heads += [_("Calls: %(what)s") % {"what": label} for label in pay.HourClass.labels]
    rows = [[line.person.name, line.person.username, line.schedule.slug, *line.cells] for line in lines]
    answer = HttpResponse(sheets.BOM + sheets.lines([heads, *rows]), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="on-call-{first:%Y-%m}.csv"'
    answer["Cache-Control"] = "private, no-store"
    return answer
