"""Arranging the turns of a schedule: tried first, then saved as a new version from the moment it begins to count."""

from __future__ import annotations

from collections.abc import Mapping
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

OWN = 0  # the line of turns a schedule begins with; others stand beside or above it
DRAFT = 0  # no rotation has this number
ARRANGED = Q(line__gt=OWN) | Q(position=0)  # a layer made by hand above the schedule's own is left alone
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
            position=self.position,
            from_at=self.counts_from(now),
            opens=self.opens,
            closes=self.closes,
        )

    def as_json(self) -> dict[str, Any]:
        words: dict[str, Any] = {
            "starts_on": str(self.starts_on),
            "kind": self.kind,
            "length": self.length,
            "handoff": f"{self.handoff:%H:%M}",
        }
        if self.position:
            words["layer"] = self.position
        if self.opens and self.closes:
            words["hours"] = f"{self.opens:%H:%M} to {self.closes:%H:%M}"
        return {"people": [person.username for person in self.people], "zone": self.zone, "weekdays": list(self.weekdays), **words}


def standing(schedule: Schedule, *, now: datetime, line: int = OWN) -> Rotation | None:
    """The newest version of these turns that still counts or will."""
    return lines(schedule, now=now).get(line)


def lines(schedule: Schedule, *, now: datetime) -> dict[int, Rotation]:
    """The newest version of all turns that still count or will, by their line."""
    rows = schedule.rotations.filter(Q(valid_until=None) | Q(valid_until__gt=now)).filter(ARRANGED)
    return {row.line: row for row in rows.prefetch_related("members__person").order_by("line", "id")}


def tried(schedule: Schedule, draft: Draft, *, start: datetime, end: datetime, now: datetime, line: int = OWN) -> roster.Rota:
    """The rota as it would be with this draft saved now. Nothing is written."""
    return tried_all(schedule, {line: draft}, start=start, end=end, now=now)


def tried_all(schedule: Schedule, drafts: Mapping[int, Draft], *, start: datetime, end: datetime, now: datetime) -> roster.Rota:
    """The same with a draft for each of several lines."""
    also = [person for draft in drafts.values() for person in draft.people]
    (rota,) = roster.load([schedule], start=min(start, now), end=end, also=also)
    line_of = dict(schedule.rotations.filter(ARRANGED).values_list("pk", "line"))
    changes_at = {line: draft.counts_from(now) for line, draft in drafts.items()}
    kept = (_until(layer, changes_at.get(line_of.get(layer.id, -1))) for layer in rota.layers)
    return replace(rota, layers=(*kept, *(draft.layer(now) for draft in drafts.values())))


@transaction.atomic
def arrange(schedule: Schedule, draft: Draft, *, by: User, now: datetime, line: int = OWN) -> Rotation:
    """Save the draft as the version of these turns that counts from its first hand-off; who was on call before is kept."""
    row = Schedule.objects.select_for_update().get(pk=schedule.pk)
    before = described(standing(row, now=now, line=line))
    changes_at = draft.counts_from(now)
    row.rotations.filter(zone="").update(zone=row.zone)  # past hand-offs keep the clock they were made by
    own = row.rotations.filter(ARRANGED, line=line)
    own.filter(valid_from__gte=changes_at).update(valid_until=F("valid_from"))
    own.exclude(valid_from__gte=changes_at).filter(Q(valid_until=None) | Q(valid_until__gt=changes_at)).update(valid_until=changes_at)
    made = Rotation.objects.create(schedule=row, line=line, valid_from=changes_at, **_columns(draft))
    RotationMember.objects.bulk_create(RotationMember(rotation=made, person=each, position=n) for n, each in enumerate(draft.people))
    if line == OWN:
        row.zone = schedule.zone = draft.zone
        row.save(update_fields=["zone"])
    trail.record(row, "arrange", actor=by, now=now, before=before, after=draft.as_json() | ({"line": line} if line else {}))
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
        position=rotation.position,
    )


def _columns(draft: Draft) -> dict[str, Any]:
    names = ("starts_on", "kind", "length", "handoff", "zone", "opens", "closes", "position")
    return {name: getattr(draft, name) for name in names} | {"weekdays": list(draft.weekdays)}


def _until(layer: shifts.Layer, at: datetime | None) -> shifts.Layer:
    return layer if at is None else replace(layer, until_at=min(layer.until_at or at, at))
