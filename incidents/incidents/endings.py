"""How an incident ends, and begins again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from incidents import escalation, journal, letters, moves
from incidents.escalation import paging
from incidents.incidents import openings
from incidents.incidents.deciding import ReasonNeeded
from incidents.incidents.grounds import Grounds
from incidents.incidents.growth import is_machines_alone
from incidents.models import Incident, Run, Ticket, TimelineEntry
from incidents.states import IllegalMove, IncidentState, Severity
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User

WELL_FOR = timedelta(minutes=15)
REOPENS_FOR = timedelta(hours=24)


class TooLate(Exception):
    """An incident is reopened within a day; later a new one is opened that names it."""

    def __str__(self) -> str:
        return _("It ended more than a day ago: open a new incident that names it.")


@tongues.deed
def mitigate(incident: Incident, *, actor: User, now: datetime, text: str = "") -> Incident:
    """The harm is stopped, the cause is not gone. Paging stops. Mitigated already: unchanged."""
    incident = Incident.objects.locked(incident.pk)
    if incident.state == IncidentState.MITIGATED:
        return incident
    said = tongues.later("Mitigated by %(name)s.", {"name": actor})
    moves.move_incident(incident, IncidentState.MITIGATED, now=now, actor=actor, text=str(said), because=text, mitigated_at=now)
    escalation.stop(incident, now=now, reason=said, actor=actor)
    return incident


@tongues.deed
def resolve(incident: Incident, *, actor: User | None, reason: str, now: datetime) -> Incident:
    """It is over: paging stops, those woken are told, its tickets are looked at. Resolved already: unchanged.

    Raises ReasonNeeded while a check of it is not well, or was not 15 minutes ago, and nobody says why it is over.
    """
    incident = Incident.objects.locked(incident.pk)
    if incident.state in (IncidentState.RESOLVED, IncidentState.CLOSED):
        return incident
    if not reason.strip() and incident.alerts.exclude(cleared_at__lte=now - WELL_FOR).exists():
        raise ReasonNeeded
    by = _("Resolved by %(name)s.") % {"name": actor} if actor else _("Resolved by itself.")
    moves.move_incident(
        incident, IncidentState.RESOLVED, now=now, actor=actor, text=by, because=reason.strip(), resolved_at=now, settle_at=None
    )
    woken = _stop_paging(incident, reason=by, actor=actor, now=now)
    paging.tell(
        [person for person in woken if person != actor], incident, key=f"resolved:{incident.pk}:{incident.runs.count()}", now=now,
        write=lambda person, link: letters.resolved(incident, person, by=actor, link=link, now=now),
    )  # fmt: skip
    # tickets are locked before incidents: one that somebody holds now is not waited for, outages.waiting finds it
    free = incident.tickets.open().select_for_update(skip_locked=True).values_list("pk", flat=True)
    Ticket.objects.filter(pk__in=list(free)).update(evaluate_at=now)
    return incident


@tongues.deed
def reopen(incident: Incident, *, actor: User, reason: str, now: datetime) -> Incident:
    """It is not over after all: paging begins anew. Open already: unchanged. Raises TooLate after a day."""
    incident = Incident.objects.locked(incident.pk)
    if incident.is_open:
        return incident
    if incident.resolved_at is not None and now > incident.resolved_at + REOPENS_FOR:
        raise TooLate
    if not reason.strip():
        raise ReasonNeeded
    text = _("Opened again by %(name)s.") % {"name": actor}
    cleared = {"resolved_at": None, "mitigated_at": None, "acknowledged_at": None, "acknowledged_by": None}
    moves.move_incident(incident, IncidentState.TRIGGERED, now=now, actor=actor, text=text, because=reason.strip(), **cleared)
    escalation.start(incident, why=reason.strip(), now=now, actor=actor)
    return incident


def is_past(incident: Incident, *, now: datetime) -> bool:
    """Ended, and not to be reopened any more: when it comes back, it is a new one."""
    if incident.state == IncidentState.CLOSED:
        return True
    return incident.state == IncidentState.RESOLVED and incident.resolved_at is not None and now > incident.resolved_at + REOPENS_FOR


@tongues.deed
def recur(incident: Incident, *, actor: User, reason: str, now: datetime) -> Incident:
    """It came back when it cannot be reopened any more: a new one that names it and pages. One open already is that one."""
    incident = Incident.objects.locked(incident.pk)
    known = incident.recurrences.open().first()
    if known is not None:
        return known
    if not is_past(incident, now=now):
        raise IllegalMove(incident.number, incident.state, IncidentState.TRIGGERED)
    if not reason.strip():
        raise ReasonNeeded
    made = openings.declare(_again(incident, reason.strip(), now), actor=actor, now=now).incident
    assert made is not None  # what a person declares is never held
    made.recurrence_of = incident
    made.save(update_fields=["recurrence_of"])
    made.more_services.add(*incident.more_services.all())
    for row in incident.readers.all():
        made.readers.get_or_create(person=row.person, defaults={"because": row.because, "at": now})
    kind = TimelineEntry.Kind.STATE
    journal.line(made, kind, _("%(number)s came back.") % {"number": incident.number}, now=now, actor=actor, data={"recurs": incident.pk})
    text = _("It came back: %(number)s.") % {"number": made.number}
    journal.line(incident, kind, text, now=now, actor=actor, because=reason.strip(), data={"recurrence": made.pk})
    trail.record(made, "recur", actor=actor, now=now, after={"recurrence_of": incident.number})
    return made


def _again(incident: Incident, reason: str, now: datetime) -> Grounds:
    same = ("severity", "service", "team", "policy", "what", "impacted", "impacted_count", "effect", "is_confidential", "is_shown", "title")
    return Grounds(reason=reason, since=now, **{name: getattr(incident, name) for name in same})


@tongues.deed
def settle(number: int, *, now: datetime) -> bool:
    """Resolve what was the machines' alone and has been well for ten minutes; False: it is not. Never a SEV1."""
    incident = Incident.objects.locked(number)
    if incident.settle_at is None or incident.settle_at > now or not incident.is_open:
        return False
    incident.settle_at = None
    incident.save(update_fields=["settle_at"])
    if incident.severity == Severity.SEV1 or incident.alerts.open().exists() or not is_machines_alone(incident):
        return False
    resolve(incident, actor=None, reason=_("every check has been well for ten minutes"), now=now)
    return True


def _stop_paging(incident: Incident, *, reason: str, actor: User | None, now: datetime) -> list[User]:
    """The people woken for it, in whatever run."""
    run = Run.objects.open_of(incident)
    if run is not None:
        return escalation.end(run, incident, reason=reason, actor=actor, now=now)
    return paging.call_off(incident, reason=reason, now=now)
