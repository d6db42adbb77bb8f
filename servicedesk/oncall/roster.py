"""Who is on duty: the rows of schedules given to the pure arithmetic of shifts, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from servicedesk.directory.models import Role, Team, User
from servicedesk.directory.tongues import later, later_from
from servicedesk.oncall import shifts
from servicedesk.oncall.models import Away, Override, Rotation, Schedule

MANAGER = "manager"  # the word in a schedule's duty that makes it the IT managers' own
AROUND = timedelta(days=35)  # overrides near a span still decide when its shifts really begin and end
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Duty:
    """One person's shift. `because` completes "You are …"; a fallback has no shift of their own and no end."""

    person: User
    starts_at: datetime
    ends_at: datetime
    because: str
    is_fallback: bool = False
    is_override: bool = False


@dataclass(frozen=True, slots=True)
class Rota:
    """A schedule with everything that decides who is on it."""

    schedule: Schedule
    layers: tuple[shifts.Layer, ...]
    overrides: tuple[shifts.Override, ...]
    leave: tuple[shifts.Override, ...]
    people: dict[int, User]

    @property
    def changes(self) -> tuple[shifts.Override, ...]:
        """Leave comes last, so that a cover finds the shift of the one who is away."""
        return self.overrides + self.leave

    def on_call(self, at: datetime) -> list[Duty]:
        """Everyone on call at that instant; the fallback person, flagged, where nobody is."""
        found = [self._duty(shift) for shift in shifts.on_call(self.layers, self.changes, at) if self._counts(shift)]
        return found or self._fallback(at)

    def line_up(self, start: datetime, end: datetime) -> list[Duty]:
        """Every shift that touches the span, whole and in order, without the fallback."""
        found = shifts.shifts(self.layers, self.changes, start=start, end=end)
        return [self._duty(shift) for shift in found if self._counts(shift)]

    def gaps(self, start: datetime, end: datetime) -> tuple[shifts.Span, ...]:
        """The parts of the span in which the schedule has nobody."""
        found = shifts.shifts(self.layers, self.changes, start=start, end=end)
        return shifts.gaps([shift for shift in found if self._counts(shift)], start, end)

    def _counts(self, shift: shifts.Shift) -> bool:
        person = self.people.get(shift.person)
        return person is not None and person.is_active

    def _duty(self, shift: shifts.Shift) -> Duty:
        because, is_override = self._because(shift), shift.because == "override"
        return Duty(self.people[shift.person], shift.starts_at, shift.ends_at, because, is_override=is_override)

    def _because(self, shift: shifts.Shift) -> str:
        if shift.because == "rotation":
            return later_from(lambda: duty_of(self.schedule))
        replaced = next((person for each in self.overrides if (person := self._replaced(each, shift))), None)
        if replaced is None:
            return later_from(lambda: _("%(duty)s, by an override") % {"duty": duty_of(self.schedule)})
        name = replaced.get_short_name()
        return later_from(lambda: _("%(duty)s, covering for %(name)s") % {"duty": duty_of(self.schedule), "name": name})

    def _replaced(self, override: shifts.Override, shift: shifts.Shift) -> User | None:
        """Whom this shift stands in for, if this override made it."""
        meets = override.starts_at < shift.ends_at and override.ends_at > shift.starts_at
        if override.kind != "cover" or override.person != shift.person or not meets:
            return None
        return self.people.get(override.replaces or 0)

    def _fallback(self, at: datetime) -> list[Duty]:
        person = self.schedule.fallback
        if person is None or not person.is_active:
            return []
        because = later("the fallback of %(schedule)s, which has nobody now", {"schedule": self.schedule.name})
        return [Duty(person, at, FOREVER, because, is_fallback=True)]


def on_call(schedule: Schedule, *, at: datetime) -> list[Duty]:
    return load([schedule], start=at, end=at)[0].on_call(at)


def line_up(schedule: Schedule, *, start: datetime, end: datetime) -> list[Duty]:
    return load([schedule], start=start, end=end)[0].line_up(start, end)


def load(schedules: Sequence[Schedule], *, start: datetime, end: datetime, also: Iterable[User] = ()) -> list[Rota]:
    """The rotas of these schedules, good for every moment of the span: five queries however many they are.

    `also`: people who are on none of them yet, known with their away days to whoever tries a change.
    """
    wanted = [schedule.pk for schedule in schedules]
    low, high = start - AROUND, end + AROUND
    valid = Q(valid_from=None) | Q(valid_from__lt=high), Q(valid_until=None) | Q(valid_until__gt=low)
    rotations = list(Rotation.objects.filter(*valid, schedule__in=wanted).prefetch_related("members").order_by("position", "id"))
    near = Override.objects.filter(schedule__in=wanted, withdrawn_at=None, starts_at__lt=high, ends_at__gt=low)
    overrides = list(near.order_by("created_at", "id"))
    members = {member.person_id for rotation in rotations for member in rotation.members.all()}
    named = {each for override in overrides for each in (override.person_id, override.replaces_id) if each}
    named |= {person.pk for person in also}
    away = list(Away.objects.filter(person__in=members | named, starts_at__lt=high, ends_at__gt=low))
    people = User.objects.select_related("site").in_bulk(list(members | named))
    return [_rota(schedule, rotations, overrides, away, people) for schedule in schedules]


def stretches(duties: Iterable[Duty]) -> list[Duty]:
    """The same shifts, turns that follow one another of one person as one: where nobody hands over, nothing ends."""
    joined: list[Duty] = []
    for duty in duties:
        place = next((n for n, one in enumerate(joined) if _goes_on(one, duty)), None)
        if place is None:
            joined.append(duty)
        else:
            joined[place] = replace(joined[place], ends_at=max(joined[place].ends_at, duty.ends_at))
    return joined


def _goes_on(one: Duty, other: Duty) -> bool:
    return one.person == other.person and one.is_override == other.is_override and one.ends_at >= other.starts_at


def manager_on_duty(team: Team | None, *, at: datetime) -> User | None:
    """Who decides for this team now: its managers' schedule, else its IT manager, else any manager who is here."""
    for schedule in Schedule.objects.filter(duty__icontains=MANAGER, team=team).select_related("fallback"):
        duties = on_call(schedule, at=at)
        if duties:
            return duties[0].person
    others = User.objects.get_queryset().holding(Role.MANAGER, team=team).order_by("name", "pk")
    named = [team.manager] if team and team.manager and team.manager.is_active else []
    here = present([*named, *others], at=at)
    return here[0] if here else None


def present(people: Iterable[User], *, at: datetime) -> list[User]:
    """Those of them who are active and not away at that moment, in the order given."""
    asked = list(people)
    gone = set(Away.objects.filter(person__in=asked, starts_at__lte=at, ends_at__gt=at).values_list("person_id", flat=True))
    return [person for person in asked if person.is_active and person.pk not in gone]


def is_on_duty(person: User, *, at: datetime) -> bool:
    """Whether any schedule has this person now."""
    rotas = load(list(Schedule.objects.select_related("team", "fallback")), start=at, end=at)
    return any(duty.person == person for rota in rotas for duty in rota.on_call(at))


def duty_of(schedule: Schedule) -> str:
    """ "primary for IT Ops", or the schedule's name where its duty has no word."""
    if not schedule.duty:
        return _("on call for %(schedule)s") % {"schedule": schedule.name}
    return _("%(duty)s for %(team)s") % {"duty": schedule.duty, "team": schedule.team or schedule.name}


def _rota(
    schedule: Schedule, rotations: Sequence[Rotation], overrides: Sequence[Override], away: Sequence[Away], people: dict[int, User]
) -> Rota:
    layers = tuple(_layer(rotation, schedule) for rotation in rotations if rotation.schedule_id == schedule.pk)
    own = tuple(_override(override) for override in overrides if override.schedule_id == schedule.pk)
    leave = tuple(shifts.Override("remove", each.person_id, None, each.starts_at, each.ends_at) for each in away)
    return Rota(schedule, layers, own, leave, people)


def _layer(rotation: Rotation, schedule: Schedule) -> shifts.Layer:
    return shifts.Layer(
        id=rotation.pk,
        kind=rotation.kind,  # type: ignore[arg-type]  # the column's choices are these words
        length=rotation.length,
        handoff=rotation.handoff,
        starts_on=rotation.starts_on,
        zone=rotation.zone or schedule.zone,
        people=tuple(member.person_id for member in rotation.members.all()),
        weekdays=frozenset(rotation.weekdays or range(7)),
        position=rotation.position,
        from_at=rotation.valid_from,
        until_at=rotation.valid_until,
        opens=rotation.opens,
        closes=rotation.closes,
    )


def _override(override: Override) -> shifts.Override:
    return shifts.Override(override.kind, override.person_id, override.replaces_id, override.starts_at, override.ends_at)  # type: ignore[arg-type]


def until(person: User, *, at: datetime) -> datetime | None:
    """Until when this person is on call without a break in any one schedule; None when off duty."""
    schedules = list(Schedule.objects.filter(Q(rotations__members__person=person) | Q(overrides__person=person)).distinct())
    rotas = load(schedules, start=at, end=at) if schedules else []
    own = [duty.ends_at for rota in rotas for duty in rota.on_call(at) if duty.person == person and not duty.is_fallback]
    return max(own, default=None)
