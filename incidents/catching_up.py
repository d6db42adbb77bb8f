"""After the desk itself was down: what fell due meanwhile comes as one incident that names it all, and one page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import incidents
from incidents.escalation import runs
from incidents.incidents import Grounds
from incidents.models import Incident, Run, Ticket
from incidents.states import LIVE_INCIDENT
from servicedesk.directory import moments, tongues, zones

LEAST = timedelta(minutes=5)  # shorter, and the rules simply go on
PAGING = (1, 2)
NAMED = 10
KEY = "catch-up:"


@tongues.deed
def after_downtime(*, since: datetime, now: datetime) -> Incident | None:
    """None: the desk was hardly away, or no first answer to a SEV1 or SEV2 fell due in that time."""
    if now - since < LEAST:
        return None
    missed = list(_missed(since, now))
    if not missed:
        return None
    count = ngettext("%(n)d first answer fell due", "%(n)d first answers fell due", len(missed)) % {"n": len(missed)}
    span = {"since": _stamp(since, now), "until": _stamp(now, now)}
    reason = _("The desk itself was down from %(since)s until %(until)s; meanwhile %(count)s.") % {**span, "count": count}
    named = ", ".join(ticket.number for ticket in missed[:NAMED]) + (" …" if len(missed) > NAMED else "")
    grounds = Grounds(
        title=_("%(count)s while the desk was down: %(numbers)s") % {"count": count, "numbers": named}, reason=reason, what=reason,
        severity=min(ticket.severity or 2 for ticket in missed), since=since, group_key=f"{KEY}{since.timestamp():.0f}",
        people=len({ticket.requester_id for ticket in missed}), is_confidential=any(ticket.is_confidential for ticket in missed),
        tickets=tuple(missed),
    )  # fmt: skip
    return incidents.declare(grounds, now=now).incident


@tongues.deed
def after_restore(*, but_since: datetime, but_until: datetime, now: datetime) -> Incident | None:
    """Nobody is paged by what a backup brought back; one incident names what stood open in it. None: nothing did.

    What began from `but_since` until before `but_until` was begun by people after the restore, and goes on.
    """
    old = Run.objects.open().exclude(started_at__gte=but_since, started_at__lt=but_until).order_by("pk")
    reason = _("The desk was restored from a backup. Nobody is paged further by what was open in it.")
    stopped = [_stop(pk, reason=reason, now=now) for pk in list(old.values_list("incident_id", flat=True))]
    tickets = _unanswered(now)
    if not stopped and not tickets:
        return None
    both: list[Incident | Ticket] = [*stopped, *tickets]
    numbers = [one.number for one in both]
    named = ", ".join(numbers[:NAMED]) + (" …" if len(numbers) > NAMED else "")
    title = _("After the restore, still open: %(numbers)s") % {"numbers": named}
    why = _("The desk was restored from a backup. Open in it: %(numbers)s. Look which are over by now.") % {"numbers": ", ".join(numbers)}
    severities = [one.severity for one in both if one.severity]
    grounds = Grounds(
        title=title, reason=why, what=why, severity=min(severities, default=2), since=now,
        group_key=f"{KEY}restore:{but_since.timestamp():.0f}",
        is_confidential=any(one.is_confidential for one in both),
    )  # fmt: skip
    return incidents.declare(grounds, now=now).incident


def _stop(number: int, *, reason: str, now: datetime) -> Incident:
    incident = Incident.objects.locked(number)
    run = Run.objects.open_of(incident)
    if run is not None:
        runs.end(run, incident, reason=reason, actor=None, text=_("Paging is stopped."), now=now)
    return incident


def _unanswered(now: datetime) -> list[Ticket]:
    rows = Ticket.objects.get_queryset().counting().open().filter(severity__in=PAGING, first_answered_at=None)  # type: ignore[attr-defined]
    rows = rows.filter(first_answer_due_at__lte=now, is_due_quiet=False).exclude(incident__state__in=LIVE_INCIDENT)
    return list(rows.order_by("severity", "first_answer_due_at", "pk"))


def _missed(since: datetime, now: datetime) -> list[Ticket]:
    """Not those that stand in a live incident: somebody is called for them already."""
    rows = Ticket.objects.get_queryset().counting().open().filter(severity__in=PAGING, first_answered_at=None)  # type: ignore[attr-defined]
    rows = rows.filter(first_answer_due_at__gt=since, first_answer_due_at__lte=now, is_due_quiet=False)
    return list(rows.exclude(incident__state__in=LIVE_INCIDENT).order_by("severity", "first_answer_due_at", "pk"))


def _stamp(then: datetime, now: datetime) -> str:
    return moments.stamp(zones.local(then, None), zones.local(now, None))
