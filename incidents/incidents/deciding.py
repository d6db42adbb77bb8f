"""A proposal does not sleep: it is accepted, rejected, or decides itself when nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from incidents import escalation, journal, letters, moves, starter, targets
from incidents.escalation import paging
from incidents.escalation.targets import Candidate
from incidents.models import Incident, SignedLink, TimelineEntry
from incidents.states import IllegalMove, IncidentState
from servicedesk.directory import tongues
from servicedesk.directory.models import Organisation, User
from servicedesk.oncall import roster

HOLD = timedelta(hours=4)
SOON = timedelta(minutes=15)
DECIDED = (IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED)


class ReasonNeeded(ValueError):
    """This deed has to say why."""


@tongues.deed
def accept(incident: Incident, *, actor: User, now: datetime) -> Incident:
    """The manager says yes: paging begins. Accepted already: unchanged. Raises IllegalMove once it is over."""
    incident = Incident.objects.locked(incident.pk)
    if incident.state not in DECIDED:
        trigger(incident, because=incident.reason, actor=actor, now=now)
    return incident


@tongues.deed
def reject(incident: Incident, *, actor: User, reason: str, now: datetime) -> Incident:
    """The manager says no, and why: this group proposes nothing for four hours, or until twice as many people report it."""
    incident = Incident.objects.locked(incident.pk)
    if incident.state == IncidentState.REJECTED:
        return incident
    if incident.state != IncidentState.PROPOSED:
        raise IllegalMove(incident.number, incident.state, IncidentState.REJECTED)
    if not reason.strip():
        raise ReasonNeeded
    text = _("Rejected by %(name)s.") % {"name": actor}
    columns = {"decide_at": None, "hold_until": now + HOLD, "hold_count": 2 * max(incident.people, 1)}
    moves.move_incident(incident, IncidentState.REJECTED, now=now, actor=actor, text=text, because=reason.strip(), **columns)
    paging.call_off(incident, reason=text, now=now)
    return incident


@tongues.deed
def decide(number: int, *, now: datetime) -> bool:
    """Open a proposal nobody decided in time; False: somebody just did."""
    incident = Incident.objects.locked(number)
    if incident.state != IncidentState.PROPOSED or incident.decide_at is None or incident.decide_at > now:
        return False
    trigger(incident, because=_("nobody decided; %(reason)s") % {"reason": incident.reason}, actor=None, now=now)
    return True


def trigger(incident: Incident, *, because: str, actor: User | None, now: datetime) -> None:
    """A proposal becomes an incident. The caller holds its row."""
    text = _("Accepted by %(name)s.") % {"name": actor} if actor else _("Opened by itself.")
    moves.move_incident(
        incident, IncidentState.TRIGGERED, now=now, actor=actor, text=text, because=because, triggered_at=now, decide_at=None
    )
    paging.call_off(incident, reason=text, now=now)
    page(incident, why=because, actor=actor, now=now)


def page(incident: Incident, *, why: str, actor: User | None, now: datetime, is_new: bool = False) -> None:
    escalation.start(incident, why=why, now=now, actor=actor, is_new=is_new)


def ask_manager(incident: Incident, *, now: datetime) -> None:
    """Set the time of decision, and page the IT manager on duty with the evidence; again where it became more urgent.

    What waits for desk hours wakes nobody. Where nobody can be asked about what cannot wait, it opens now.
    """
    wanted = _decide_at(incident, now=now)
    incident.decide_at = min(wanted, incident.decide_at or wanted)
    incident.save(update_fields=["decide_at"])
    waits = incident.decide_at > now + SOON
    manager = roster.manager_on_duty(incident.team, at=now)
    missed = (
        _ask(incident, manager, urgency="normal" if waits else paging.urgency_of(incident), now=now) if manager else _("nobody is on duty")
    )
    if missed and not waits:
        trigger(incident, because=_("no IT manager can be asked: %(reason)s") % {"reason": missed}, actor=None, now=now)


def _ask(incident: Incident, manager: User, *, urgency: str, now: datetime) -> str:
    """Why this manager cannot be asked; empty: the letter is on its way."""
    key = f"proposal:{incident.pk}:{incident.severity}:{urgency}:{manager.pk}"
    if incident.pages.filter(errand_key=key).exists():
        return ""
    errand = paging.page(
        incident, Candidate(manager, _("IT manager on duty")), key=key, now=now, urgency=urgency,
        purpose=SignedLink.Purpose.PROPOSAL, is_question=True,
        write=lambda one, link: letters.proposal(incident, one.person, link=link, now=now),
    )  # fmt: skip
    if paging.is_missed(errand):
        return f"{manager}: {paging.why_missed(errand)}"
    text = _("%(name)s is asked to decide.") % {"name": manager}
    journal.line(incident, TimelineEntry.Kind.PAGE, text, now=now, data={"people": [manager.pk]})
    return ""


def may_wait(severity: int, *, now: datetime) -> bool:
    """Whether a proposal of this severity may wait for somebody to decide: SEV1 does not outside desk hours."""
    return severity > 1 or _desk().is_open(now)


def _decide_at(incident: Incident, *, now: datetime) -> datetime:
    """SEV1 in 5 minutes; others in 15 minutes of desk hours, which many reports do not wait for."""
    in_time = timedelta(seconds=starter.PROPOSAL_DEADLINES_S.get(incident.severity, starter.PROPOSAL_DEADLINES_S[2]))
    is_soon = incident.severity == 1 or incident.people >= starter.PROPOSAL_PEOPLE_OUT_OF_HOURS
    desk = _desk()
    if is_soon or desk.is_open(now):
        return now + in_time
    return (desk.next_change(now) or now) + in_time


def _desk() -> Any:
    return targets.desk(None, Organisation.current())
