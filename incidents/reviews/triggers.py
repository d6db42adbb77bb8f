"""What brings a review before its time: a SEV1 that is closed, a changed organisation, an exercise that did not work."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from incidents.models import Exercise, Incident, Plan
from incidents.models.reviews import PlanReview
from incidents.states import IncidentState
from notifications.models import Attempt, DrillAnswer
from servicedesk.audit.models import AuditEntry

Reason = PlanReview.Reason


def reason(now: datetime) -> str:
    """Why one is held before its time; empty: nothing asks for it. What the last one, or the plan, was signed after counts no more."""
    last, plan = PlanReview.objects.signed().order_by("-signed_at").first(), Plan.current()
    since = (last.signed_at if last else None) or (plan.approved_at if plan else None)
    if since is None:
        return ""
    if _severe(since):
        return Reason.SEV1
    if _failed(since, now):
        return Reason.DRILL
    return Reason.CHANGE if last and _changed(since) else ""


def _severe(since: datetime) -> bool:
    """Closed, so that its report is there to learn from."""
    return Incident.objects.filter(severity=1, state=IncidentState.CLOSED, closed_at__gt=since).exists()


def _failed(since: datetime, now: datetime) -> bool:
    """An exercise that did not work, or a drill that ended with nobody's answer."""
    if Exercise.objects.filter(passed=False, held_on__gt=since.date(), held_on__lte=now.date()).exists():
        return True
    rounds = DrillAnswer.objects.filter(began_at__gt=since, ends_at__lte=now)
    answered = rounds.filter(answered_at__isnull=False).values("drill", "began_at").distinct().count()
    return rounds.values("drill", "began_at").distinct().count() > answered


def _changed(since: datetime) -> bool:
    """The organisation was edited, or something goes by a provider that carried nothing before."""
    if AuditEntry.objects.filter(noun="directory.organisation", verb="change", actor__isnull=False, at__gt=since).exists():
        return True
    used = Attempt.objects.exclude(provider="")
    known = set(used.filter(started_at__lte=since).values_list("provider", flat=True).order_by().distinct())
    fresh = set(used.filter(Q(started_at__gt=since)).values_list("provider", flat=True).order_by().distinct())
    return bool(known and fresh - known)
