"""Why not this person: everybody who could have been paged and is not, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from incidents.models import Policy, StepTarget
from incidents.rehearsal.walks import Walk
from servicedesk.directory import moments, zones
from servicedesk.directory.models import Role, User
from servicedesk.oncall import roster, shifts
from servicedesk.oncall.models import Away, Schedule
from servicedesk.oncall.roster import Rota

AHEAD = timedelta(weeks=8)
MOST = 40
Reason = tuple[User, str]


def not_paged(policy: Policy | None, walk: Walk, *, at: datetime) -> list[Reason]:
    """Those no method reaches, those on its schedules whose turn it is not, and the rest of the desk."""
    paged = {line.person.pk for line in walk.lines}
    found: dict[int, Reason] = {person.pk: (person, reason) for person, reason in walk.missed}
    for person, reason in [*_away(at), *_of_schedules(policy, at=at)]:
        found.setdefault(person.pk, (person, reason))
    desk = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).order_by("name", "pk")[:MOST]
    for person in desk:
        found.setdefault(person.pk, (person, _("not named by this policy")))
    return [reason for number, reason in found.items() if number not in paged]


def _away(at: datetime) -> Iterator[Reason]:
    for row in Away.objects.filter(starts_at__lte=at, ends_at__gt=at).select_related("person").order_by("-ends_at"):
        yield row.person, _("away until %(until)s") % {"until": _stamp(row.ends_at, at, zones.of(row.person))}


def _of_schedules(policy: Policy | None, *, at: datetime) -> Iterator[Reason]:
    named = StepTarget.objects.filter(step__policy=policy, kind=StepTarget.Kind.SCHEDULE) if policy else StepTarget.objects.none()
    schedules = Schedule.objects.filter(pk__in=named.values("schedule")).select_related("team", "fallback")
    for rota in roster.load(list(schedules), start=at, end=at + AHEAD):
        yield from _stood_in(rota, at)
        yield from _later(rota, at)


def _stood_in(rota: Rota, at: datetime) -> Iterator[Reason]:
    """Those whose turn the rotation says it is, where an override says otherwise."""
    there = rota.on_call(at)
    words = {"names": ", ".join(str(duty.person) for duty in there), "schedule": rota.schedule}
    for shift in shifts.on_call(rota.layers, (), at):
        person = rota.people.get(shift.person)
        if person is not None and person not in [duty.person for duty in there]:
            yield person, (_("%(names)s covers on %(schedule)s") if there else _("taken off %(schedule)s")) % words


def _later(rota: Rota, at: datetime) -> Iterator[Reason]:
    line: Sequence[roster.Duty] = rota.line_up(at, at + AHEAD)
    for person in rota.people.values():
        turn = next((duty for duty in line if duty.person == person and duty.starts_at > at), None)
        if turn is not None:
            words = {"schedule": rota.schedule, "when": _stamp(turn.starts_at, at, rota.schedule.zone)}
            yield person, _("on call for %(schedule)s only from %(when)s") % words


def _stamp(then: datetime, now: datetime, zone: str) -> str:
    return moments.stamp(then.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)))
