"""The next days: which hours reach nobody and what that costs, who cannot be woken, which last resort would not hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from incidents import rehearsal
from incidents.escalation import snapshot
from incidents.models import Policy, StepTarget
from incidents.readiness import filling, last_resort
from incidents.readiness.load import Found, doubled, overloaded
from incidents.readiness.rotas import cannot_be_woken
from servicedesk.directory import moments
from servicedesk.directory.models import User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule
from servicedesk.oncall.roster import Duty

GRAVEST = 1


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours in which a schedule has nobody. `uncovered_s`: how long a page of these hours wakes nobody; None: for good."""

    schedule: Schedule
    starts_at: datetime
    ends_at: datetime
    uncovered_s: int | None
    text: str
    fill: filling.Empty


@dataclass(frozen=True, slots=True)
class Report:
    starts_at: datetime
    ends_at: datetime
    gaps: list[Gap]
    people: list[Found]
    last_resort: list[str]
    overloaded: list[Found]  # they are reached, so it is ready all the same
    idle: list[Schedule]  # with turns, and no policy pages them
    asleep_there: list[Found]  # on those alone, and nothing wakes them: no page of a policy goes to them, so it is ready all the same

    @property
    def is_ready(self) -> bool:
        return not (self.gaps or self.people or self.last_resort)

    @property
    def everybody(self) -> list[Found]:
        """Whatever is said of a person, the worst first."""
        return [*self.people, *self.asleep_there, *self.overloaded]

    def as_json(self) -> dict[str, Any]:
        return {
            "from": moments.utc(self.starts_at),
            "to": moments.utc(self.ends_at),
            "ready": self.is_ready,
            "gaps": [_gap_json(gap) for gap in self.gaps],
            "people": [{"person": person.username, "problem": problem, "text": text} for person, problem, text in self.everybody],
            "last_resort": self.last_resort,
        }


def report(*, now: datetime, days: int) -> Report:
    """Gaps and load of the schedules that a policy names, everybody on any schedule, and the policies themselves."""
    end = now + timedelta(days=days)
    policies = list(Policy.objects.order_by("name"))
    every = roster.load(list(Schedule.objects.select_related("team", "fallback")), start=now, end=end)
    named = set(StepTarget.objects.exclude(schedule=None).values_list("schedule", flat=True))
    lines = {rota.schedule.pk: rota.line_up(now, end) for rota in every}
    rotas = [rota for rota in every if rota.schedule.pk in named]
    line = [duty for rota in rotas for duty in lines[rota.schedule.pk]]
    paged = _people(line)
    idle = [rota.schedule for rota in every if lines[rota.schedule.pk] and rota.schedule.pk not in named]
    others = [person for person in _people(chain(*(lines[each.pk] for each in idle))) if person not in paged]
    loaded = [*overloaded(paged, line, now=now), *doubled([(rota.schedule.name, lines[rota.schedule.pk]) for rota in rotas])]
    faults = [fault for policy in policies for fault in last_resort.faults(snapshot.plan_of(policy))]
    gaps = [gap for rota in rotas for gap in _gaps(rota, every, now, end)]
    return Report(now, end, gaps, _asleep(paged), list(dict.fromkeys(faults)), loaded, idle, _asleep(others))


def _asleep(people: Iterable[User]) -> list[Found]:
    return [(person, "no_verified_phone", text) for person in people if (text := cannot_be_woken(person))]


def _people(line: Iterable[Duty]) -> list[User]:
    return list({duty.person.pk: duty.person for duty in line}.values())


def _gaps(rota: roster.Rota, every: list[roster.Rota], now: datetime, end: datetime) -> Iterator[Gap]:
    policy = Policy.objects.filter(steps__targets__schedule=rota.schedule).order_by("-is_default", "pk").first()
    for low, high in rota.gaps(now, end):
        walk = rehearsal.rehearse(policy=policy, service=None, severity=GRAVEST, at=low)
        waits = int((walk.first_woken.at - low).total_seconds()) if walk.first_woken else None
        fill = filling.Empty(rota.schedule, low, high, filling.who_could(rota, low, high, every))
        if waits != 0 or not walk.lines:
            yield Gap(rota.schedule, low, high, waits, _cost(rota.schedule, low, high, waits), fill)
        else:
            yield Gap(rota.schedule, low, high, 0, _covered(rota.schedule, low, high, walk), fill)


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
