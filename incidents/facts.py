"""What rules may know about a ticket or an alert, as plain JSON. Stored with every evaluation: backtest replays these."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from incidents import targets
from incidents.deskhours import Desk
from incidents.models import LinkedAlert, Ticket
from servicedesk.directory import zones
from servicedesk.directory.models import Organisation, Service, ServiceState, Site

WORST_FIRST = (ServiceState.CRITICAL, ServiceState.UNKNOWN, ServiceState.WARNING, ServiceState.OK)


@dataclass(slots=True)
class Around:
    """What stands around a ticket: the desk's hours and the checks of its service. Kept, it serves many tickets of one moment's state."""

    organisation: Organisation | None = field(default_factory=Organisation.current)
    hours: dict[int | None, Desk] = field(default_factory=dict)
    checks: dict[int | None, dict[str, Any]] = field(default_factory=dict)

    def desk(self, site: Site | None) -> Desk:
        key = site.pk if site else None
        if key not in self.hours:
            self.hours[key] = targets.desk(site, self.organisation)
        return self.hours[key]

    def of_checks(self, service: Service | None) -> dict[str, Any]:
        key = service.pk if service else None
        if key not in self.checks:
            self.checks[key] = _of_checks(service)
        return self.checks[key]


def of_ticket(ticket: Ticket, *, now: datetime, around: Around | None = None) -> dict[str, Any]:
    """A confidential ticket keeps its text to itself: rules that ask for it cannot be decided, repeats do not count it."""
    person, around = ticket.requester, around or Around()
    return {
        **_of_report(ticket),
        "ticket.service": ticket.service.slug if ticket.service else None,
        "ticket.category": ticket.category or None,
        "ticket.team": ticket.team.slug if ticket.team else None,
        "ticket.requester": person.username,
        "ticket.origin": ticket.origin,
        "ticket.tags": list(ticket.tags),
        "requester.kind": person.kind,
        "requester.site": person.site.slug if person.site else None,
        **_of_service(ticket.service),
        **around.of_checks(ticket.service),
        **_of_desk(person.site, now, around),
    }


def of_alert(alert: LinkedAlert, *, now: datetime) -> dict[str, Any]:
    status = ServiceState.OK if alert.cleared_at else alert.status
    return {
        "alert.id": alert.alert_id,
        "alert.status": alert.status,
        "alert.since": _iso(alert.since),
        "check.slug": alert.check_slug,
        "check.state": status,
        "check.critical_since": _iso(alert.status_since) if status == ServiceState.CRITICAL else None,
        **_of_service(alert.service),
        **_of_desk(None, now, Around()),
    }


def _of_report(ticket: Ticket) -> dict[str, Any]:
    """The answers, the severity so far and by whom, and the clock of the first answer."""
    known: dict[str, Any] = {
        "ticket.id": ticket.number,
        "ticket.impacted": ticket.impacted or None,
        "ticket.impacted_count": ticket.impacted_count,
        "ticket.effect": ticket.effect or None,
        "ticket.loss": ticket.is_loss,
        "ticket.kind": ticket.kind,
        "ticket.state": ticket.state,
        "ticket.severity": ticket.severity,
        "ticket.severity_by": severity_by(ticket),
        "ticket.raised_by": [why["rule"] for why in ticket.severity_reasons if why.get("by") == "raise"],
        "ticket.reported_at": _iso(ticket.created_at),
        "ticket.first_answer_due_at": None if _is_quiet(ticket) else _iso(ticket.first_answer_due_at),
        "ticket.first_answered": ticket.first_answered_at is not None,
    }
    if not ticket.is_confidential:
        known |= {"ticket.text": f"{ticket.title}\n{ticket.what}", "ticket.signature": list(ticket.signature)}
    return known


def _is_quiet(ticket: Ticket) -> bool:
    """Late by its cause and not by the desk: imported, or moved by a change of hours. It is listed, and no rule is asked."""
    return ticket.is_due_quiet or ticket.origin == Ticket.Origin.IMPORT


def severity_by(ticket: Ticket) -> str | None:
    """person | raise | rule: whose word the severity is. Corrected answers end a person's word; a rise before it is over too."""
    if ticket.severity is None:
        return None
    if ticket.severity_by_id is not None:
        return "person"
    since = next((at for at, why in reversed(list(enumerate(ticket.severity_reasons))) if why.get("by") == "person"), -1)
    return "raise" if any(why.get("by") == "raise" for why in ticket.severity_reasons[since + 1 :]) else "rule"


def _of_service(service: Service | None) -> dict[str, Any]:
    if service is None:
        return {"service.slug": None, "service.tier": None, "service.state": None}
    return {"service.slug": service.slug, "service.tier": service.tier, "service.state": service.state}


def _of_checks(service: Service | None) -> dict[str, Any]:
    """The worst check of the service that is not OK. How long it is so is left to the alert's own evaluation."""
    found = [(alert.status, alert.check_slug) for alert in LinkedAlert.objects.open().filter(service=service)] if service else []
    status, slug = min(found, key=lambda one: WORST_FIRST.index(ServiceState(one[0])), default=(None, None))
    return {"check.state": status, "check.slug": slug}


def _of_desk(site: Site | None, now: datetime, around: Around) -> dict[str, Any]:
    organisation, hours = around.organisation, around.desk(site)
    changes_at = hours.next_change(now)
    return {
        "desk.open": hours.is_open(now),
        "desk.changes_at": _iso(changes_at) if changes_at else None,
        "desk.large_group": organisation.large_group if organisation else 50,
        "time.zone": organisation.zone if organisation else zones.of(None),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
