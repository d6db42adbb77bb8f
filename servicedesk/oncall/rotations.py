"""Arranging the turns of a schedule: tried first, then saved as a new version from the moment it begins to count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q

from servicedesk import walltime
from servicedesk.audit import trail
from servicedesk.directory.models import User
from servicedesk.oncall import roster, shifts
from servicedesk.oncall.models import Rotation, RotationMember, Schedule

BASE = 0  # the layer under all others
DRAFT = 0  # no rotation has this number
SEARCHED = timedelta(weeks=26)  # for a first shift


@dataclass(frozen=True)
class Draft(shifts.Turns[User]):
    """The turns of a schedule as somebody would have them. `kind` and `weekdays` are those of a rotation."""

    @property
    def first_hand_off(self) -> datetime:
        return walltime.first(datetime.combine(self.starts_on, self.handoff), ZoneInfo(self.zone))

    def counts_from(self, now: datetime) -> datetime:
        """Its first hand-off; now, where that is past: who was on call until now is kept."""
        return max(self.first_hand_off, now)

    def layer(self, now: datetime) -> shifts.Layer:
        return shifts.Layer(
            id=DRAFT,
            kind=self.kind,  # type: ignore[arg-type]  # the form's choices are these words
            length=self.length,
            handoff=self.handoff,
            starts_on=self.starts_on,
            zone=self.zone,
            people=tuple(person.pk for person in self.people),
            weekdays=frozenset(self.weekdays or range(7)),
            position=BASE,
            from_at=self.counts_from(now),
            opens=self.opens,
            closes=self.closes,
        )

    def as_json(self) -> dict[str, Any]:
        words = {"starts_on": str(self.starts_on), "kind": self.kind, "length": self.length, "handoff": f"{self.handoff:%H:%M}"}
        if self.opens and self.closes:
            words["hours"] = f"{self.opens:%H:%M} to {self.closes:%H:%M}"
        return {"people": [person.username for person in self.people], "zone": self.zone, "weekdays": list(self.weekdays), **words}


def standing(schedule: Schedule, *, now: datetime) -> Rotation | None:
    """The newest version of the base turns that still counts or will."""
    rows = schedule.rotations.filter(Q(valid_until=None) | Q(valid_until__gt=now), position=BASE)
    return rows.prefetch_related("members__person").order_by("id").last()


def tried(schedule: Schedule, draft: Draft, *, start: datetime, end: datetime, now: datetime) -> roster.Rota:
    """The rota as it would be with this draft saved now. Nothing is written."""
    (rota,) = roster.load([schedule], start=min(start, now), end=end, also=draft.people)
    changes_at = draft.counts_from(now)
    kept = tuple(_until(layer, changes_at) if layer.position == BASE else layer for layer in rota.layers)
    return replace(rota, layers=(*kept, draft.layer(now)))


@transaction.atomic
def arrange(schedule: Schedule, draft: Draft, *, by: User, now: datetime) -> Rotation:
    """Save the draft as the version that counts from its first hand-off; who was on call before is kept."""
    row = Schedule.objects.select_for_update().get(pk=schedule.pk)
    before = described(standing(row, now=now))
    changes_at = draft.counts_from(now)
    row.rotations.filter(zone="").update(zone=row.zone)  # past hand-offs keep the clock they were made by
    base = row.rotations.filter(position=BASE)
    base.filter(valid_from__gte=changes_at).update(valid_until=F("valid_from"))
    base.exclude(valid_from__gte=changes_at).filter(Q(valid_until=None) | Q(valid_until__gt=changes_at)).update(valid_until=changes_at)
    made = Rotation.objects.create(schedule=row, position=BASE, valid_from=changes_at, **_columns(draft))
    RotationMember.objects.bulk_create(RotationMember(rotation=made, person=each, position=n) for n, each in enumerate(draft.people))
    row.zone = schedule.zone = draft.zone
    row.save(update_fields=["zone"])
    trail.record(row, "arrange", actor=by, now=now, before=before, after=draft.as_json())
    return made


def first_shift(rota: roster.Rota, after: datetime) -> roster.Duty | None:
    """Who is on call then, or else first after it."""
    line = rota.line_up(after, after + SEARCHED)
    return next(iter(line), None)


def described(rotation: Rotation | None) -> dict[str, Any]:
    return draft_of(rotation, rotation.zone or rotation.schedule.zone).as_json() if rotation else {}


def draft_of(rotation: Rotation, zone: str) -> Draft:
    """A saved rotation as the draft it was."""
    return Draft(
        people=tuple(member.person for member in rotation.members.all()),
        starts_on=rotation.starts_on,
        kind=rotation.kind,
        length=rotation.length,
        handoff=rotation.handoff,
        zone=zone,
        weekdays=tuple(rotation.weekdays),
        opens=rotation.opens,
        closes=rotation.closes,
    )


def _columns(draft: Draft) -> dict[str, Any]:
    names = ("starts_on", "kind", "length", "handoff", "zone", "opens", "closes")
    return {name: getattr(draft, name) for name in names} | {"weekdays": list(draft.weekdays)}


def _until(layer: shifts.Layer, at: datetime) -> shifts.Layer:
    return replace(layer, until_at=min(layer.until_at or at, at))
