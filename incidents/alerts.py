"""What monitoring tells the desk: an alert opened, changed, cleared. The desk keeps its own copy and asks its rules.

Called inside monitoring's transaction, which holds the check and the alert.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from incidents import automation, incidents
from incidents.models import LinkedAlert, Ticket
from servicedesk.directory import tongues
from servicedesk.directory.models import Service

LONGEST_SUMMARY, LONGEST_VALUE = 1024, 60


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """`alert_id` and `check_id` are monitoring's numbers; `since` is the first bad result, `status_since` this status's first.

    `service` is as it stands in this transaction: the rules ask for its state.
    """

    alert_id: int
    check_id: int
    check_slug: str
    service: Service | None
    status: str
    since: datetime
    status_since: datetime
    summary: str = ""
    value: str = ""
    detail: str = ""


@transaction.atomic(savepoint=False)
def opened(facts: AlertFacts, *, now: datetime) -> LinkedAlert:
    """The rules look at it at once; a repeat brings the copy up to date."""
    alert, is_new = _kept(facts, now)
    if is_new:
        _tell_tickets(facts.service, now)
        automation.evaluate_new(alert, now=now)
    else:
        automation.evaluate_alert(alert, now=now)
    return alert


@transaction.atomic(savepoint=False)
def changed(facts: AlertFacts, *, now: datetime) -> LinkedAlert:
    """Another status is another fact: the engine asks the rules again."""
    before = LinkedAlert.objects.filter(alert_id=facts.alert_id).values_list("status", flat=True).first()
    alert, is_new = _kept(facts, now)
    if is_new or before != facts.status:
        alert.evaluate_at = now
        alert.save(update_fields=["evaluate_at"])
        _tell_tickets(facts.service, now)
    return alert


@tongues.deed
def cleared(alert_id: int, *, now: datetime) -> LinkedAlert | None:
    """The alert is over; what that means for its incident is the incident's to say. None: the desk never heard of it."""
    alert = LinkedAlert.objects.select_for_update(of=("self",)).select_related("service").filter(alert_id=alert_id).first()
    if alert is None or alert.cleared_at is not None:
        return alert
    alert.cleared_at, alert.evaluate_at, alert.updated_at = now, None, now
    alert.save(update_fields=["cleared_at", "evaluate_at", "updated_at"])
    _tell_tickets(alert.service, now)
    if alert.incident_id is not None:
        incidents.alert_cleared(alert, now=now)
    return alert


def _kept(facts: AlertFacts, now: datetime) -> tuple[LinkedAlert, bool]:
    """The desk's copy, locked and up to date."""
    columns = {
        "check_id": facts.check_id, "check_slug": facts.check_slug[:120], "service": facts.service, "status": facts.status,
        "since": facts.since, "status_since": facts.status_since, "summary": facts.summary[:LONGEST_SUMMARY],
        "value": facts.value[:LONGEST_VALUE], "detail": facts.detail, "cleared_at": None, "updated_at": now,
    }  # fmt: skip
    alert = LinkedAlert.objects.select_for_update().filter(alert_id=facts.alert_id).first()
    if alert is None:  # nobody else makes it meanwhile: monitoring holds its alert
        return LinkedAlert.objects.create(alert_id=facts.alert_id, **columns), True
    for name, value in columns.items():
        setattr(alert, name, value)
    alert.save(update_fields=list(columns))
    return alert, False


def _tell_tickets(service: Service | None, now: datetime) -> None:
    """How a service's checks are is a fact of its open reports; the engine asks the rules about them.

    Tickets are locked in order, and before any incident is.
    """
    if service is None:
        return
    reports = Ticket.objects.open().filter(service=service, kind=Ticket.Kind.REPORT).order_by("pk")
    numbers = list(reports.select_for_update().values_list("pk", flat=True))
    Ticket.objects.filter(pk__in=numbers).update(evaluate_at=now)
