"""What the page of a signed link shows: facts without names of requesters, and what may be pressed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import escalation, evidence, letters
from incidents.escalation import Next
from incidents.models import Incident, Run, SignedLink
from incidents.states import IncidentState, RunState
from incidents.views.requester import clock_time
from incidents.wording import duration
from servicedesk.directory.models import Organisation

UNDO = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Page:
    link: SignedLink
    incident: Incident
    organisation: Organisation | None
    facts: list[tuple[str, str, str]]
    state: str  # open, part, mine, others, over, proposal
    told: str
    next_name: str = ""
    may_undo: bool = False
    is_asked: bool = False  # whether it is still theirs


def of_link(link: SignedLink, now: datetime) -> Page:
    incident = link.incident
    run = Run.objects.open().filter(incident=incident).first()
    state = _state(link, incident)
    part_at = escalation.answered_at(run, link.person) if state == "open" else None
    state = "part" if part_at else state
    following = escalation.next_person(incident, now=now) if state == "open" else None
    names = letters.names(following.people) if following else ""
    return Page(
        link=link,
        incident=incident,
        organisation=Organisation.current(),
        facts=_facts(link, incident, following, now),
        state=state,
        told=_told(link, incident, run, state, now),
        next_name=names,
        is_asked=state == "mine" and run is not None and run.asked_owner_at is not None,
        may_undo=_may_undo(part_at or (incident.acknowledged_at if state == "mine" else None), now),
    )


def _may_undo(answered_at: datetime | None, now: datetime) -> bool:
    return answered_at is not None and now - answered_at <= UNDO


def _state(link: SignedLink, incident: Incident) -> str:
    if incident.state == IncidentState.PROPOSED:
        return "proposal" if link.purpose == SignedLink.Purpose.PROPOSAL else "open"
    if link.purpose == SignedLink.Purpose.PROPOSAL or incident.state not in (IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED):
        return "over"
    if incident.state == IncidentState.TRIGGERED:
        return "open"
    return "mine" if incident.acknowledged_by_id == link.person_id else "others"


def _told(link: SignedLink, incident: Incident, run: Run | None, state: str, now: datetime) -> str:
    """One sentence: how it stands with this person."""
    when = clock_time(incident.acknowledged_at, now) if incident.acknowledged_at else ""
    if state == "mine":
        told = _("You have it since %(when)s. Nobody else will be called.") % {"when": when}
        return f"{told} {_asked_again(run, now)}".strip()
    if state == "others":
        return _("%(name)s has it since %(when)s. You need do nothing.") % {"name": incident.acknowledged_by, "when": when}
    if state == "part":
        return _("You have acknowledged and are not called again. Still asked: %(others)s.") % {
            "others": letters.names(escalation.still_asked(run, link.person))
        }
    if state == "over":
        return _("This incident is %(state)s. You need do nothing.") % {"state": incident.get_state_display().lower()}
    return ""


def _asked_again(run: Run | None, now: datetime) -> str:
    if run is None or run.state != RunState.HELD or run.next_step_at is None:
        return ""
    return _("We ask again at %(when)s.") % {"when": clock_time(run.next_step_at, now)}


def _facts(link: SignedLink, incident: Incident, following: Next | None, now: datetime) -> list[tuple[str, str, str]]:
    """(name, value, more) rows. A confidential incident shows none of what happened."""
    long = duration(int((now - incident.since).total_seconds()))
    rows = [(_("Since"), f"{clock_time(incident.since, now)}, {long}", "")]
    if not incident.is_confidential:
        rows.append((_("What"), *_what(incident, now)))
        rows += [(label, value, "") for label, value in _more(link, incident, now)]
    if link.because:
        rows.append((_("Why you"), link.because, _after(following, now)))
    return rows


def _after(following: Next | None, now: datetime) -> str:
    if following is None or following.at is None:
        return ""
    if not following.people:
        return _("The last resort is called at %(when)s.") % {"when": clock_time(following.at, now)}
    words = {"name": letters.names(following.people), "when": clock_time(following.at, now)}
    return _("%(name)s is next at %(when)s.") % words


def _more(link: SignedLink, incident: Incident, now: datetime) -> list[tuple[str, str]]:
    """Of a proposal what it is decided by; of what pages, why it does where that is another reason."""
    if link.purpose == SignedLink.Purpose.PROPOSAL:
        return evidence.card(incident, now=now)
    why = evidence.why_paging(incident)
    return [(_("Paging"), why)] if why else []


def _what(incident: Incident, now: datetime) -> tuple[str, str]:
    count = incident.tickets.count()
    tickets = ngettext("%(n)s ticket", "%(n)s tickets", count) % {"n": count} if count else ""
    alert = incident.alerts.open().order_by("since").first()
    if alert is not None:
        return _("%(check)s is failing") % {"check": alert.check_slug}, ", ".join(filter(None, [alert.summary, tickets]))
    present = evidence.reasons(incident)
    if present:
        return present[0], " ".join(filter(None, [*present[1:], tickets]))
    cleared_at = incident.alerts.aggregate(last=Max("cleared_at"))["last"]
    again = evidence.well_again(incident, at=clock_time(cleared_at, now)) if cleared_at else ""
    return again or incident.title, tickets
