"""One outage, many reports: a new report joins the incident it is about, hears of it once, and is solved with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils.translation import gettext as _

from incidents import conversation, incidents, tickets
from incidents.likeness import likeness, signature
from incidents.models import Entry, Incident, Ticket
from incidents.states import LIVE_INCIDENT, Effect, IncidentState
from servicedesk.directory import moments, tongues, zones

OVER = (IncidentState.RESOLVED, IncidentState.CLOSED)
BLOCKED = (Effect.CANNOT, Effect.PART)
ENDS_FOR = timedelta(days=1)  # after its end an incident's tickets are looked for so long
COMPARED = 50  # tickets of one incident, the newest
SILENT = (Ticket.Origin.IMPORT, Ticket.Origin.MONITORING)


@tongues.deed
def join(ticket: Ticket, *, now: datetime) -> Incident | None:
    """Link a new report to the open incident of its service that it is like. None: there is none."""
    if ticket.service_id is None or ticket.is_confidential or ticket.kind != Ticket.Kind.REPORT:
        return None
    of_service = Incident.objects.open().filter(service=ticket.service_id, is_confidential=False).order_by("-id")
    for incident in of_service[:3]:
        reason = _why_alike(ticket, incident)
        if reason:
            incidents.link_ticket(incident, ticket, reason=reason[:240], actor=None, now=now)
            return incident
    return None


@tongues.deed
def hold(ticket: Ticket, *, now: datetime) -> bool:
    """Tell the requester once that the trouble is known; True: told. Not before somebody declared it."""
    row = Ticket.objects.select_for_update(of=("self",)).select_related("incident__service", "requester").get(pk=ticket.pk)
    incident = row.incident
    if incident is None or incident.state not in LIVE_INCIDENT or incident.is_confidential or row.is_confidential:
        return False
    if row.first_answered_at is not None or row.origin in SILENT or not row.is_open:
        return False
    conversation.hold(row, incident, text=_public_words(incident, now), now=now)
    return True


@tongues.deed
def follow(ticket: Ticket, *, now: datetime) -> bool:
    """A ticket whose incident was merged belongs to what that became part of; True: it has just moved."""
    row = Ticket.objects.select_for_update(of=("self",)).select_related("incident__merged_into").get(pk=ticket.pk)
    storm = row.incident.merged_into if row.incident else None
    if row.incident is None or storm is None:
        return False
    said = _("%(number)s is part of %(storm)s.") % {"number": row.incident.number, "storm": storm.number}
    incidents.link_ticket(storm, row, reason=said, actor=None, now=now)
    return True


@tongues.deed
def end(ticket: Ticket, *, now: datetime) -> bool:
    """Solve a ticket whose incident was resolved, unless somebody has written since or the requester still waits for an answer."""
    row = Ticket.objects.select_for_update(of=("self",)).select_related("incident__service").get(pk=ticket.pk)
    incident = row.incident
    if incident is None or incident.state not in OVER or not row.is_open or incident.resolved_at is None:
        return False
    if row.updated_at > incident.resolved_at or _waits_for_answer(row):
        return False
    words = {"service": incident.service, "time": _stamp(incident.resolved_at, now)}
    text = _("%(service)s works again since %(time)s.") % words if incident.service else _("This is solved since %(time)s.") % words
    because = _("%(incident)s is resolved.") % {"incident": incident.number}
    tickets.solve(row, actor=None, now=now, text=text, because=because)
    return True


def waiting(*, now: datetime, pause: timedelta) -> list[int]:
    """Tickets to hold, to end or to move on whose evaluation is not due by itself; what failed lately (`pause`) is left alone."""
    live = Incident.objects.live().filter(is_confidential=False).values_list("pk", flat=True)
    over = Incident.objects.filter(state__in=OVER, resolved_at__gte=now - ENDS_FOR).values_list("pk", flat=True)
    resting = Ticket.objects.open().filter(Q(evaluate_at=None) | Q(evaluate_at__gt=now + pause))
    to_hold = resting.filter(incident__in=list(live), first_answered_at=None, is_confidential=False).exclude(origin__in=SILENT)
    to_end = resting.filter(incident__in=list(over), updated_at__lte=F("incident__resolved_at"))
    to_follow = Ticket.objects.filter(Q(evaluate_at=None) | Q(evaluate_at__gt=now + pause), incident__merged_into__isnull=False)
    return [pk for rows in (to_hold, to_end, to_follow) for pk in rows.values_list("pk", flat=True)]


def _why_alike(ticket: Ticket, incident: Incident) -> str:
    """Why the ticket belongs to the incident, for people; empty: it does not."""
    words = {"incident": incident.number, "service": ticket.service}
    for number, other in incident.tickets.filter(is_confidential=False).order_by("-id").values_list("pk", "signature")[:COMPARED]:
        alike = likeness(ticket.signature, other)
        if alike.is_similar:
            return _("Similar to T-%(number)s (%(shared)s), and %(incident)s is open for %(service)s.") % {
                **words, "number": number, "shared": ", ".join(alike.shared),
            }  # fmt: skip
    if likeness(ticket.signature, signature(f"{incident.title}\n{incident.what}")).is_similar:
        return _("Similar to %(incident)s, which is open for %(service)s.") % words
    alert = incident.alerts.open().first() if ticket.effect in BLOCKED else None
    if alert is None:
        return ""
    return _("%(check)s is not OK, and %(incident)s is open for %(service)s.") % {**words, "check": alert.check_slug}


def _public_words(incident: Incident, now: datetime) -> str:
    """What the requester reads: true for every incident that somebody declared, whoever may see it."""
    words = {"service": incident.service, "since": _stamp(incident.since, now)}
    known = _("We know of trouble with %(service)s since %(since)s and are working on it.")
    if incident.service is None:
        known = _("We know of this trouble since %(since)s and are working on it.")
    return known % words + " " + _("We write to you when it is solved; you need do nothing.")


def _waits_for_answer(ticket: Ticket) -> bool:
    """The last public word is the requester's."""
    said = ticket.entries.filter(audience=Entry.Audience.PUBLIC, withdrawn_at=None).exclude(kind=Entry.Kind.EVENT).last()
    return said is not None and said.author_id in ticket.asker_ids


def _stamp(then: datetime, now: datetime) -> str:
    """On the desk's clock, the day with it where it is not today."""
    return moments.stamp(zones.local(then, None), zones.local(now, None))
