"""Hours without anybody on a schedule, and who could fill them: of its team, here, woken by something, and on no other duty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from incidents.models import Policy, StepTarget
from notifications import reach
from servicedesk.directory.models import Role, User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Away, Schedule
from servicedesk.oncall.roster import Rota

AROUND = timedelta(days=14)
MOST = 3
MINUTE = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Empty:
    """A stretch in which the schedule has nobody; `people` could be asked, who has least duty first."""

    schedule: Schedule
    starts_at: datetime
    ends_at: datetime
    people: list[User]

    @property
    def choices(self) -> list[tuple[User, str]]:
        """Each with what the form of a change is asked for: this person in addition, for these hours."""
        zone = ZoneInfo(self.schedule.zone)
        times: dict[str, Any] = {"starts": self.starts_at.astimezone(zone), "ends": self.ends_at.astimezone(zone)}
        hours = {name: f"{moment:{MINUTE}}" for name, moment in times.items()}
        return [(person, urlencode({"kind": "add", "person": person.username, **hours})) for person in self.people]


def empty_at(policy: Policy | None, *, at: datetime) -> list[Empty]:
    """Of the schedules a policy names, those that have nobody at that moment. Empty for longer than two weeks: two weeks of it."""
    named = StepTarget.objects.filter(step__policy=policy).exclude(schedule=None).values("schedule")
    wanted = set(Schedule.objects.filter(pk__in=named).values_list("pk", flat=True)) if policy else set()
    if not wanted:
        return []
    every = roster.load(list(Schedule.objects.select_related("team", "fallback")), start=at - AROUND, end=at + AROUND)
    found = [(rota, gap) for rota in every if rota.schedule.pk in wanted for gap in rota.gaps(at - AROUND, at + AROUND)]
    return [Empty(rota.schedule, low, high, who_could(rota, low, high, every)) for rota, (low, high) in found if low <= at < high]


def who_could(rota: Rota, low: datetime, high: datetime, every: Sequence[Rota]) -> list[User]:
    """The first few, those with the fewest hours around it before others."""
    team = rota.schedule.team
    desk = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER, team=team).order_by("name", "pk")
    gone = set(Away.objects.filter(starts_at__lt=high, ends_at__gt=low).values_list("person", flat=True))
    line = [duty for one in every for duty in one.line_up(low - AROUND, high + AROUND)]
    busy = {duty.person.pk for duty in line if duty.starts_at < high and duty.ends_at > low}
    hours: dict[int, timedelta] = {}
    for duty in line:
        hours[duty.person.pk] = hours.get(duty.person.pk, timedelta()) + (duty.ends_at - duty.starts_at)
    free = sorted((one for one in desk if one.pk not in gone | busy), key=lambda one: hours.get(one.pk, timedelta()))
    return [person for person in free if reach.wakes(person)][:MOST]
