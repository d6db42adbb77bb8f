"""Changes to who is on call for a time: somebody covers, comes in addition, is taken off, or is away. Tried first, then saved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from servicedesk.audit import trail
from servicedesk.directory.models import User
from servicedesk.oncall import roster, shifts
from servicedesk.oncall.models import Away, Override, Schedule


class AlreadyOver(Exception):
    """What is past stays as it was."""


@dataclass(frozen=True, slots=True)
class Change:
    """`kind` is one of Override.Kind; `replaces`: whom a cover stands in for, None for whoever is on call."""

    kind: str
    person: User
    replaces: User | None
    starts_at: datetime
    ends_at: datetime

    def as_json(self) -> dict[str, Any]:
        replaces = self.replaces.username if self.replaces else None
        times = {"from": self.starts_at.isoformat(), "to": self.ends_at.isoformat()}
        return {"kind": self.kind, "person": self.person.username, "replaces": replaces, **times}


def tried(schedule: Schedule, change: Change, *, start: datetime, end: datetime) -> roster.Rota:
    """The rota with this change. Nothing is written."""
    also = [change.person, *([change.replaces] if change.replaces else [])]
    (rota,) = roster.load([schedule], start=start, end=end, also=also)
    replaces = change.replaces.pk if change.replaces else None
    added = shifts.Override(change.kind, change.person.pk, replaces, change.starts_at, change.ends_at)  # type: ignore[arg-type]
    return replace(rota, overrides=(*rota.overrides, added))


@transaction.atomic
def make(schedule: Schedule, change: Change, *, by: User, now: datetime) -> Override:
    made = Override.objects.create(
        schedule=schedule,
        kind=change.kind,
        person=change.person,
        replaces=change.replaces,
        starts_at=change.starts_at,
        ends_at=change.ends_at,
        created_by=by,
        created_at=now,
    )
    trail.record(schedule, "override", actor=by, now=now, after=change.as_json())
    return made


@transaction.atomic
def withdraw(override: Override, *, by: User, now: datetime) -> Override:
    """It counts no more from now on; what it did until now is kept. Raises AlreadyOver."""
    row = Override.objects.select_for_update(of=("self",)).select_related("schedule", "person", "replaces").get(pk=override.pk)
    if row.withdrawn_at is not None:
        return row
    if row.ends_at <= now:
        raise AlreadyOver
    before = Change(row.kind, row.person, row.replaces, row.starts_at, row.ends_at).as_json()
    if row.starts_at < now:
        row.ends_at = now
        row.save(update_fields=["ends_at"])
    else:
        row.withdrawn_at = now
        row.save(update_fields=["withdrawn_at"])
    trail.record(row.schedule, "withdraw override", actor=by, now=now, before=before)
    return row


@transaction.atomic
def go_away(person: User, *, starts_at: datetime, ends_at: datetime, reason: str, by: User, now: datetime) -> Away:
    """No schedule pages this person in that time, whoever's turn it is."""
    made = Away.objects.create(person=person, starts_at=starts_at, ends_at=ends_at, reason=reason, created_at=now)
    trail.record(
        made, "away", actor=by, now=now, after={"person": person.username, "from": starts_at.isoformat(), "to": ends_at.isoformat()}
    )
    return made
