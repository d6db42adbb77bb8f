"""The next days: which hours reach nobody and what that costs, who cannot be woken, which last resort would not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from incidents import rehearsal
from incidents.escalation import snapshot
from incidents.models import Policy
from incidents.readiness import last_resort
from incidents.readiness.load import Found, overloaded
from incidents.readiness.rotas import cannot_be_woken
from servicedesk.directory import moments
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule

GRAVEST = 1


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours in which a schedule has nobody. `uncovered_s`: how long a page of these hours wakes nobody; None: for good."""

    schedule: Schedule
    starts_at: datetime
    ends_at: datetime
    uncovered_s: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    starts_at: datetime
    ends_at: datetime
    gaps: list[Gap]
    people: list[Found]
    last_resort: list[str]
    overloaded: list[Found]  # they are reached, so it is ready all the same

    @property
    def is_ready(self) -> bool:
        return not (self.gaps or self.people or self.last_resort)

    def as_json(self) -> dict[str, Any]:
        return {
            "from": moments.utc(self.starts_at),
            "to": moments.utc(self.ends_at),
            "ready": self.is_ready,
            "gaps": [_gap_json(gap) for gap in self.gaps],
            "people": [
                {"person": person.username, "problem": problem, "text": text} for person, problem, text in [*self.people, *self.overloaded]
            ],
            "last_resort": self.last_resort,
        }


def report(*, now: datetime, days: int) -> Report:
    """Schedules that a policy names, the people on them, and the policies themselves."""
    end = now + timedelta(days=days)
    policies = list(Policy.objects.order_by("name"))
    schedules = Schedule.objects.filter(policy_targets__isnull=False).select_related("team", "fallback").distinct()
    rotas = roster.load(list(schedules), start=now, end=end)
    line = [duty for rota in rotas for duty in rota.line_up(now, end)]
    people = list({duty.person.pk: duty.person for duty in line}.values())
    asleep = [(person, "no_verified_phone", text) for person in people if (text := cannot_be_woken(person))]
    loaded = list(overloaded(people, line, now=now))
    faults = [fault for policy in policies for fault in last_resort.faults(snapshot.plan_of(policy))]
    return Report(now, end, [gap for rota in rotas for gap in _gaps(rota, now, end)], asleep, list(dict.fromkeys(faults)), loaded)


def _gaps(rota: roster.Rota, now: datetime, end: datetime) -> Iterator[Gap]:
    policy = Policy.objects.filter(steps__targets__schedule=rota.schedule).order_by("-is_default", "pk").first()
    for low, high in rota.gaps(now, end):
        walk = rehearsal.rehearse(policy=policy, service=None, severity=GRAVEST, at=low)
        waits = int((walk.first_woken.at - low).total_seconds()) if walk.first_woken else None
        if waits != 0 or not walk.lines:
            yield Gap(rota.schedule, low, high, waits, _cost(rota.schedule, low, high, waits))
        else:
            yield Gap(rota.schedule, low, high, 0, _covered(rota.schedule, low, high, walk))


def _cost(schedule: Schedule, low: datetime, high: datetime, waits: int | None) -> str:
    words = _words(schedule, low, high)
    if waits is None:
        return _("%(schedule)s has nobody from %(start)s to %(end)s: a SEV1 wakes nobody at all.") % words
    time = moments.duration(timedelta(seconds=waits))
    return _("%(schedule)s has nobody from %(start)s to %(end)s: a SEV1 wakes nobody for %(time)s.") % {**words, "time": time}


def _covered(schedule: Schedule, low: datetime, high: datetime, walk: rehearsal.Walk) -> str:
    words = _words(schedule, low, high)
    assert walk.first_woken is not None  # the caller looked
    return _("%(schedule)s has nobody from %(start)s to %(end)s: a SEV1 goes to %(name)s at once.") % {
        **words,
        "name": walk.first_woken.person,
    }


def _words(schedule: Schedule, low: datetime, high: datetime) -> dict[str, Any]:
    zone = ZoneInfo(schedule.zone)
    return {"schedule": schedule, "start": moments.stamp(low.astimezone(zone), None), "end": moments.stamp(high.astimezone(zone), None)}


def _gap_json(gap: Gap) -> dict[str, Any]:
    times = {"from": moments.utc(gap.starts_at), "to": moments.utc(gap.ends_at)}
    return {"schedule": gap.schedule.slug, **times, "severity": GRAVEST, "uncovered_s": gap.uncovered_s, "text": gap.text}
