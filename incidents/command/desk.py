"""An incident's command: made with its first use, its row read under the incident's lock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from incidents import journal
from incidents.models import Command, Incident, TimelineEntry
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User


def of(incident: Incident) -> Command:
    """The caller holds the incident's row."""
    return Command.objects.get_or_create(incident=incident)[0]


@tongues.deed
def meet(incident: Incident, *, bridge: str, actor: User, now: datetime) -> Command:
    """People meet there: a link or a number. The same place again: unchanged."""
    row = of(Incident.objects.locked(incident.pk))
    before, row.bridge = row.bridge, bridge.strip()
    if row.bridge == before:
        return row
    row.save(update_fields=["bridge"])
    text = _("The bridge is %(bridge)s.") % {"bridge": row.bridge} if row.bridge else _("There is no bridge any more.")
    journal.line(incident, TimelineEntry.Kind.NOTE, text, now=now, actor=actor, data={"bridge": row.bridge})
    trail.record(incident, "bridge", actor=actor, now=now, before={"bridge": before}, after={"bridge": row.bridge})
    return row


@tongues.deed
def join(incident: Incident, *, person: User, now: datetime) -> None:
    """This person is on the bridge; said again, nothing more is written."""
    row = of(Incident.objects.locked(incident.pk))
    if person.pk not in on_bridge(incident.timeline.filter(actor=person), row.bridge):
        text = _("%(name)s is on the bridge.") % {"name": person}
        journal.line(incident, TimelineEntry.Kind.NOTE, text, now=now, actor=person, data={"on_bridge": row.bridge})


@tongues.deed
def leave(incident: Incident, *, person: User, now: datetime) -> None:
    """This person is on the bridge no more; who was not on it leaves nothing."""
    row = of(Incident.objects.locked(incident.pk))
    if person.pk in on_bridge(incident.timeline.filter(actor=person), row.bridge):
        text = _("%(name)s left the bridge.") % {"name": person}
        journal.line(incident, TimelineEntry.Kind.NOTE, text, now=now, actor=person, data={"off_bridge": row.bridge})


def on_bridge(timeline: Iterable[TimelineEntry], bridge: str) -> set[int | None]:
    """Who said that they are on it, and not yet that they left."""
    there: set[int | None] = set()
    for line in timeline:
        if line.data.get("on_bridge") == bridge:
            there.add(line.actor_id)
        elif line.data.get("off_bridge") == bridge:
            there.discard(line.actor_id)
    return there


@tongues.deed
def reckon(incident: Incident, *, people: int | None, minutes: int | None, actor: User, now: datetime) -> Command:
    """What it cost, by hand; None: as the timeline says."""
    row = of(Incident.objects.locked(incident.pk))
    before = {"people": row.cost_people, "minutes": row.cost_minutes}
    row.cost_people, row.cost_minutes = people, minutes
    row.save(update_fields=["cost_people", "cost_minutes"])
    trail.record(incident, "cost", actor=actor, now=now, before=before, after={"people": people, "minutes": minutes})
    return row


def cost(incident: Incident, *, now: datetime) -> tuple[int, int]:
    """People, and minutes each: as written by hand, else who acted on it, from its beginning to its end."""
    acted = incident.timeline.filter(actor__isnull=False).values("actor").distinct().count()
    return cost_by(incident, Command.objects.filter(incident=incident).first(), acted, now=now)


def cost_by(incident: Incident, row: Command | None, acted: int, *, now: datetime) -> tuple[int, int]:
    """As `cost`, of what is known already. `acted`: how many people did something."""
    lasted = (incident.resolved_at or now) - (incident.triggered_at or incident.created_at)
    people = row.cost_people if row and row.cost_people is not None else acted
    minutes = row.cost_minutes if row and row.cost_minutes is not None else max(int(lasted.total_seconds()) // 60, 0)
    return people, minutes
