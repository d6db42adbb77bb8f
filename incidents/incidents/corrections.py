"""What was opened and should not stand as it is: two that are one outage, or one that is no incident."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents import escalation, moves
from incidents.escalation import paging
from incidents.incidents import storms
from incidents.incidents.deciding import HOLD, ReasonNeeded
from incidents.models import Incident, Ticket
from incidents.states import IllegalMove, IncidentState
from servicedesk.directory import tongues
from servicedesk.directory.models import User


class CannotMerge(ValueError):
    """Not into itself, not into what is over, and what is confidential only with what is."""

    def __str__(self) -> str:
        return _("These two cannot be made one: both must be open, and both confidential or neither.")


@tongues.deed
def merge(incident: Incident, *, into: Incident, reason: str, actor: User, now: datetime) -> Incident:
    """The one is part of the other: paging of it stops, what belongs to it moves over. Merged so already: unchanged."""
    rows = {row.pk: row for row in Incident.objects.select_for_update().filter(pk__in=[incident.pk, into.pk]).order_by("pk")}
    part, whole = rows[incident.pk], rows[into.pk]
    if part.merged_into_id == whole.pk:
        return whole
    if part.pk == whole.pk or part.is_confidential != whole.is_confidential or not (part.is_open and whole.is_open):
        raise CannotMerge
    if not reason.strip():
        raise ReasonNeeded
    whole.more_services.add(*[service for service in (part.service, *part.more_services.all()) if service and service != whole.service])
    text = _("%(name)s made it part of %(whole)s.") % {"name": actor, "whole": whole.number}
    storms.absorb(whole, part, text=text, why=reason.strip(), actor=actor, now=now)
    return whole


@tongues.deed
def demote(incident: Incident, *, reason: str, actor: User, now: datetime) -> Incident:
    """It is no incident after all: paging stops and those woken are told. Its tickets, alerts and timeline stay as they are."""
    incident = Incident.objects.locked(incident.pk)
    if incident.state == IncidentState.REJECTED:
        return incident
    if incident.state == IncidentState.PROPOSED:
        raise IllegalMove(incident.number, incident.state, IncidentState.REJECTED)
    if not reason.strip():
        raise ReasonNeeded
    text = tongues.later("Demoted by %(name)s: it is no incident.", {"name": actor})
    columns = {"settle_at": None, "hold_until": now + HOLD, "hold_count": 2 * max(incident.people, 1)}
    escalation.stop(incident, now=now, reason=text, actor=actor)
    paging.call_off(incident, reason=str(text), now=now)
    moves.move_incident(incident, IncidentState.REJECTED, now=now, actor=actor, text=str(text), because=reason.strip(), **columns)
    free = incident.tickets.open().select_for_update(skip_locked=True).values_list("pk", flat=True)
    Ticket.objects.filter(pk__in=list(free)).update(evaluate_at=now)
    return incident
