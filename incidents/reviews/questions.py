"""Which query answers which question. Those that need more than the desk may know are named in settings."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils.module_loading import import_string

from incidents.models import ReviewQuestion
from incidents.reviews import starter
from incidents.reviews.asking import Query
from incidents.reviews.evidence import clocks, delivery, people, plan, records, rules, work
from servicedesk.directory import tongues

OURS: dict[str, Query] = {
    "plan_current": plan.current,
    "plan_read": plan.read,
    "roles_filled": plan.roles,
    "changes": plan.changed,
    "on_call_gaps": people.gaps,
    "two_ways": people.two_ways,
    "last_resort": people.last_resort,
    "reaches_someone": people.reaches,
    "pages_delivered": delivery.delivered,
    "pages_in_time": delivery.in_time,
    "calendars": people.calendars,
    "times_met": clocks.times,
    "severity_right": rules.severity_right,
    "rules_fit": rules.rules_fit,
    "noise": work.noise,
    "come_back": work.come_back,
    "reports_written": work.reports_written,
    "exercised": records.exercised,
    "security": records.security,
    "suppliers": records.suppliers,
    "rights": records.rights,
    "restore": records.restored,
    "load": people.load,
    "last_findings": plan.last_findings,
}

STARTERS = {one.key: one.limits for one in starter.QUESTIONS}


def query_of(key: str) -> Query | None:
    """None: people answer it."""
    if key in settings.REVIEW_EVIDENCE:
        found: Query = import_string(settings.REVIEW_EVIDENCE[key])
        return found
    return OURS.get(key)


def limits_of(key: str, given: Mapping[str, float]) -> dict[str, float]:
    """The thresholds as they were set, and the starter's where a query has learned to ask for one more."""
    return {**STARTERS.get(key, {}), **given}


@tongues.deed
def install() -> int:
    """The starter checklist; what is there already stays as it was edited. How many were new."""
    made = [
        ReviewQuestion.objects.get_or_create(
            key=one.key,
            defaults={"position": n, "text": one.text, "why": one.why, "limits": dict(one.limits), "helps_with": one.helps_with},
        )[1]
        for n, one in enumerate(starter.QUESTIONS, 1)
        if not ReviewQuestion.objects.filter(position=n).exclude(key=one.key).exists()
    ]
    return sum(made)
