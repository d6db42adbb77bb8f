"""An incident while it is open: what belongs to it, and how serious it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from incidents import escalation, hooks, journal
from incidents.models import Incident, LinkedAlert, Ticket, TimelineEntry
from incidents.states import IncidentState
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User

SETTLES_IN = timedelta(minutes=10)
LONGEST = 240


class NotTheirs(Exception):
    """A line is put right by who wrote it; what the desk wrote down stands as it is."""

    def __str__(self) -> str:
        return _("Only who wrote a line puts it right, and what the desk wrote down by itself stays as it is.")


@tongues.deed
def note(incident: Incident, *, text: str, actor: User, now: datetime) -> TimelineEntry:
    """A line of the timeline that a person writes, for staff."""
    incident = Incident.objects.locked(incident.pk)
    entry = journal.line(incident, TimelineEntry.Kind.NOTE, text, actor=actor, now=now, data={"written": True})
    trail.record(incident, "note", actor=actor, now=now, after={"entry": entry.pk})
    return entry


@tongues.deed
def reword(incident: Incident, number: int, *, text: str, actor: User, now: datetime) -> TimelineEntry:
    """Their own note, put right: what it said stays with it, to be read. The same words: unchanged. Raises NotTheirs."""
    incident = Incident.objects.locked(incident.pk)
    entry = TimelineEntry.objects.select_for_update().filter(incident=incident, pk=number).first()
    if entry is None or not entry.is_written or entry.actor_id != actor.pk:
        raise NotTheirs
    if entry.text == text:
        return entry
    before = {"text": entry.text, "until": now.isoformat()}
    entry.data = {**entry.data, "earlier": [*entry.data.get("earlier", []), before]}
    entry.text = text
    entry.save(update_fields=["text", "data"])
    trail.record(incident, "reword", actor=actor, now=now, after={"entry": entry.pk})
    return entry


@tongues.deed
def link_ticket(incident: Incident, ticket: Ticket, *, reason: str, actor: User | None, now: datetime) -> Ticket:
    """This ticket is part of the incident. Linked already: unchanged, and a rule takes none from another open incident."""
    row = Ticket.objects.locked(ticket.pk)
    incident = Incident.objects.locked(incident.pk)
    before = row.incident
    if before == incident or (before is not None and before.is_open and actor is None):
        return row
    row.incident, row.incident_reason, row.evaluate_at = incident, reason[:LONGEST], now
    row.save(update_fields=["incident", "incident_reason", "evaluate_at"])
    was, becomes = {"incident": before.number if before else None}, {"incident": incident.number}
    text = _("Linked to %(incident)s.") % becomes
    journal.ticket_event(row, text, actor=actor, now=now, verb="link", because=reason, before=was, after=becomes)
    text = _("%(ticket)s is linked.") % {"ticket": row.number}
    journal.line(incident, TimelineEntry.Kind.TICKET, text, now=now, actor=actor, because=reason, data={"ticket": row.pk})
    return row


@tongues.deed
def unlink_ticket(incident: Incident, ticket: Ticket, *, actor: User, now: datetime, reason: str = "") -> Ticket:
    """Take it out again. Not part of it: unchanged."""
    row = Ticket.objects.locked(ticket.pk)
    incident = Incident.objects.locked(incident.pk)
    if row.incident != incident:
        return row
    row.incident, row.incident_reason, row.evaluate_at = None, "", now
    row.save(update_fields=["incident", "incident_reason", "evaluate_at"])
    was = {"incident": incident.number}
    text = _("Taken out of %(incident)s.") % was
    journal.ticket_event(row, text, actor=actor, now=now, verb="unlink", because=reason, before=was, after={"incident": None})
    text = _("%(ticket)s is taken out.") % {"ticket": row.number}
    journal.line(incident, TimelineEntry.Kind.TICKET, text, now=now, actor=actor, because=reason, data={"ticket": row.pk})
    return row


@tongues.deed
def link_alert(incident: Incident, linked_alert: LinkedAlert, *, reason: str, now: datetime) -> LinkedAlert:
    """This alert is part of the incident, which then does not settle by itself."""
    alert = LinkedAlert.objects.select_for_update().get(pk=linked_alert.pk)
    take_alert(Incident.objects.locked(incident.pk), alert, reason=reason, now=now)
    linked_alert.incident = alert.incident
    return alert


def take_alert(incident: Incident, alert: LinkedAlert, *, reason: str, now: datetime) -> None:
    """The same, by a caller who holds both rows and knows them as they are now."""
    if alert.incident_id == incident.pk:
        return
    alert.incident, alert.incident_reason = incident, reason[:LONGEST]
    alert.save(update_fields=["incident", "incident_reason"])
    text = _("%(check)s is %(status)s.") % {"check": alert.check_slug, "status": alert.get_status_display()}
    data = {"alert": alert.alert_id, "check": alert.check_slug, "status": alert.status}
    journal.line(incident, TimelineEntry.Kind.CHECK, text, now=now, because=alert.summary or reason, data=data)
    if incident.settle_at is not None:
        incident.settle_at = None
        incident.save(update_fields=["settle_at"])


@tongues.deed
def detach_alert(incident: Incident, linked_alert: LinkedAlert, *, actor: User, now: datetime) -> LinkedAlert:
    """It is another matter: the alert goes on by itself, and no rule brings it back. Not part of it: unchanged."""
    alert = LinkedAlert.objects.select_for_update().get(pk=linked_alert.pk)
    incident = Incident.objects.locked(incident.pk)
    if alert.incident_id != incident.pk:
        return alert
    alert.incident, alert.incident_reason = None, ""
    alert.save(update_fields=["incident", "incident_reason"])
    text, data = _("%(check)s is taken out.") % {"check": alert.check_slug}, {"alert": alert.alert_id, "check": alert.check_slug}
    journal.line(incident, TimelineEntry.Kind.CHECK, text, now=now, actor=actor, because=_("it is another matter"), data=data)
    trail.record(incident, "detach", actor=actor, now=now, before={"alert": alert.alert_id}, after={})
    return alert


@transaction.atomic
def pin(incident: Incident, number: int, *, actor: User, now: datetime) -> TimelineEntry | None:
    """A line of the timeline becomes a key event, or is none any more. Not of this incident: None."""
    entry = TimelineEntry.objects.select_for_update().filter(incident=incident, pk=number).first()
    if entry is None:
        return None
    entry.is_key = not entry.is_key
    entry.save(update_fields=["is_key"])
    verb = "pin" if entry.is_key else "unpin"
    trail.record(incident, verb, actor=actor, now=now, after={"entry": entry.pk})
    return entry


@tongues.deed
def alert_cleared(linked_alert: LinkedAlert, *, now: datetime) -> None:
    """A check is well again: the incident stays, and settles after ten minutes where it was the machines' alone."""
    if linked_alert.incident_id is None:
        return
    incident = _present(linked_alert)
    if not incident.is_open:
        return
    text = _("%(check)s is OK again.") % {"check": linked_alert.check_slug}
    data = {"alert": linked_alert.alert_id, "check": linked_alert.check_slug, "status": "ok"}
    journal.line(incident, TimelineEntry.Kind.CHECK, text, now=now, data=data)
    if incident.alerts.open().exclude(pk=linked_alert.pk).exists() or not is_machines_alone(incident):
        return
    incident.settle_at = now + SETTLES_IN
    incident.save(update_fields=["settle_at"])


def _present(linked_alert: LinkedAlert) -> Incident:
    """The incident the alert belongs to, its row held: where that was merged, what it was merged into. The caller holds the alert."""
    incident = Incident.objects.locked(linked_alert.incident_id or 0)
    while incident.merged_into_id is not None:
        incident = Incident.objects.locked(incident.merged_into_id)
        linked_alert.incident = incident
        linked_alert.save(update_fields=["incident"])
    return incident


@tongues.deed
def raise_severity(incident: Incident, rank: int, *, because: str, now: datetime, actor: User | None = None) -> Incident:
    """More serious than thought: who has it is asked, and those not yet paged are. A rank that is no rise changes nothing."""
    incident = Incident.objects.locked(incident.pk)
    if rank >= incident.severity or not incident.is_open:
        return incident
    was = incident.severity
    _rerank(incident, rank, because=because, actor=actor, now=now)
    if incident.state != IncidentState.PROPOSED:
        escalation.risen(incident, was=was, because=because, now=now)
    return incident


@tongues.deed
def lower_severity(incident: Incident, rank: int, *, because: str, actor: User, now: datetime, stop_paging: bool = False) -> Incident:
    """Less serious than thought. Paging goes on unless it is stopped, which tells those already woken."""
    incident = Incident.objects.locked(incident.pk)
    if rank <= incident.severity or not incident.is_open:
        return incident
    _rerank(incident, rank, because=because, actor=actor, now=now)
    if stop_paging:
        escalation.stop(incident, now=now, reason=because, actor=actor)
    return incident


def is_machines_alone(incident: Incident) -> bool:
    """Opened by a check, without a ticket, and no person did anything on it."""
    return not incident.tickets.exists() and incident.opened_by_id is None and not incident.timeline.filter(actor__isnull=False).exists()


def _rerank(incident: Incident, rank: int, *, because: str, actor: User | None, now: datetime) -> None:
    before = incident.severity
    incident.severity = rank
    incident.save(update_fields=["severity"])
    text = _("Severity is SEV%(after)d; it was SEV%(before)d.") % {"after": rank, "before": before}
    change = {"before": before, "after": rank}
    journal.line(incident, TimelineEntry.Kind.SEVERITY, text, now=now, actor=actor, because=because, data=change, key=True)
    trail.record(incident, "severity", actor=actor, now=now, before={"severity": before}, after={"severity": rank, "because": because})
    hooks.of_incident(incident, hooks.Happening.INCIDENT_SEVERITY, now=now)
