"""Many services failing at once are one trouble: one incident a policy takes in what opened, and pages once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import escalation, journal, moves
from incidents.escalation import paging
from incidents.incidents.grounds import Grounds
from incidents.models import Incident, LinkedAlert, Policy, Run, Ticket, TimelineEntry
from incidents.models.incidents import IncidentQuerySet
from incidents.states import IncidentState
from servicedesk.directory.models import Service, User

WITHIN = timedelta(minutes=10)
MANY = 5  # services that open within that time
PREFIX = "storm:services:"
UNTAKEN = (IncidentState.PROPOSED, IncidentState.TRIGGERED)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one storm takes in: the incidents of one policy that nobody has taken yet, their rows held, and their services."""

    policy: Policy | None
    children: Sequence[Incident]
    services: Sequence[Service]

    @property
    def is_paging(self) -> bool:
        """One that pages already is not made a mere proposal again."""
        return any(incident.state == IncidentState.TRIGGERED for incident in self.children)


def gather(grounds: Grounds, *, now: datetime) -> Gathered | None:
    """What this opening makes a storm of; None while fewer services than that have opened within ten minutes."""
    if grounds.service is None or grounds.is_confidential or not grounds.group_key or not _is_raging(grounds.service, now):
        return None
    policy = escalation.policy_for(grounds)
    lately = _lately(now).filter(state__in=UNTAKEN).values_list("pk", flat=True)
    held = Incident.objects.select_for_update().filter(pk__in=list(lately), state__in=UNTAKEN).order_by("pk")
    children = [incident for incident in held if escalation.policy_for(incident) == policy]
    services = [incident.service for incident in children if incident.service is not None]
    return Gathered(policy, children, [*services, grounds.service])


def as_one(grounds: Grounds, gathered: Gathered) -> Grounds:
    """The grounds of the storm itself: as serious as the worst of it, since the first of it."""
    words = {"n": len(gathered.services), "names": ", ".join(service.name for service in gathered.services), "last": grounds.reason}
    return replace(
        grounds,
        title=_("Many services failing"),
        reason=_("%(n)d services opened within ten minutes: %(names)s. The last: %(last)s") % words,
        group_key=f"{PREFIX}{gathered.policy.slug if gathered.policy else ''}",
        service=None,
        policy=gathered.policy,
        severity=min([grounds.severity, *(incident.severity for incident in gathered.children)]),
        since=min([grounds.since, *(incident.since for incident in gathered.children)]),
    )


def take_in(storm: Incident, gathered: Gathered, *, now: datetime) -> None:
    """What opened becomes part of the storm: its pages stop, its tickets and alerts move over."""
    storm.more_services.add(*gathered.services)
    for incident in gathered.children:
        text = _("Part of %(storm)s: many services fail.") % {"storm": storm.number}
        absorb(storm, incident, text=text, why=incident.reason, actor=None, now=now)


def absorb(whole: Incident, incident: Incident, *, text: str, why: str, actor: User | None, now: datetime) -> None:
    """One incident becomes part of another: its pages stop, its tickets and alerts move over. The caller holds both rows."""
    run = Run.objects.open_of(incident)
    if run is not None:
        escalation.end(run, incident, reason=text, actor=actor, now=now)
    paging.call_off(incident, reason=text, now=now)
    moves.move_incident(
        incident, IncidentState.MERGED, now=now, actor=actor, text=text, because=why if actor else "", merged_into=whole,
        decide_at=None,
    )  # fmt: skip
    _move_over(incident, whole, text, now=now)
    said = _("%(number)s is part of it: %(title)s.") % {"number": incident.number, "title": incident.title}
    journal.line(whole, TimelineEntry.Kind.STATE, said, now=now, actor=actor, because=why, data={"merged": incident.pk})


def _move_over(incident: Incident, storm: Incident, why: str, *, now: datetime) -> None:
    """Its tickets and alerts, but those somebody holds now: they are locked before incidents, so nobody waits for them here.

    Such a ticket follows by the engine (outages.follow), such an alert when it is cleared or looked at again.
    """
    moved = {"incident": storm, "incident_reason": why[:240]}
    free = list(incident.alerts.select_for_update(skip_locked=True).values_list("pk", flat=True))
    LinkedAlert.objects.filter(pk__in=free).update(**moved)
    free = list(incident.tickets.select_for_update(skip_locked=True).values_list("pk", flat=True))
    Ticket.objects.filter(pk__in=free).update(**moved, evaluate_at=now)


def _is_raging(service: Service, now: datetime) -> bool:
    """Whether so many services have opened, each by itself or gathered in a storm."""
    storm = Q(group_key__startswith=PREFIX, last_event_at__gt=now - WITHIN)
    rows = IncidentQuerySet(Incident).open().filter(storm | _alone(now)).values_list("group_key", "service", "more_services")
    others = {more if key.startswith(PREFIX) else own for key, own, more in rows}
    return len(others - {service.pk, None}) + 1 >= MANY


def _lately(now: datetime) -> IncidentQuerySet:
    return IncidentQuerySet(Incident).open().filter(_alone(now))


def _alone(now: datetime) -> Q:
    """What rules opened in the last ten minutes, without storms and what is confidential."""
    return Q(created_at__gt=now - WITHIN, is_confidential=False) & ~Q(group_key="") & ~Q(group_key__startswith=PREFIX)
