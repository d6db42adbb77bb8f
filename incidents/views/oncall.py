"""Who is on call: now, then, and for four weeks; gaps are named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule
from servicedesk.oncall.roster import Duty

AHEAD = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class Seen:
    """One schedule as the page shows it."""

    schedule: Schedule
    now: list[Duty]
    then: Duty | None
    shifts: list[Duty]
    gaps: tuple[tuple[datetime, datetime], ...]


@require_safe
@only(Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)
def on_call(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    schedules = list(Schedule.objects.select_related("team", "fallback"))
    rotas = roster.load(schedules, start=now, end=now + AHEAD)
    return render(request, "oncall/now.html", {"schedules": [_seen(rota, now) for rota in rotas], "until": now + AHEAD})


def _seen(rota: roster.Rota, now: datetime) -> Seen:
    shifts = rota.line_up(now, now + AHEAD)
    then = next((shift for shift in shifts if shift.starts_at > now), None)
    return Seen(rota.schedule, rota.on_call(now), then, shifts, rota.gaps(now, now + AHEAD))
