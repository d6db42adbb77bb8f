"""Obligation clocks: begun when a security incident or a loss is known, decided by people with a reason, never paused."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta

import structlog
from django.db.models import Min
from django.utils.translation import gettext as _

from incidents import journal, letters
from incidents.command.sweep import writers
from incidents.escalation import paging
from incidents.models import Incident, Obligation, TimelineEntry
from servicedesk.audit import trail
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import User
from servicedesk.oncall import roster

log = structlog.get_logger(__name__)
SECURITY = "security or loss"  # the category the seeded rule gives
SOON = {Obligation.Kind.WARNING: timedelta(hours=4), Obligation.Kind.NOTICE: timedelta(hours=12), Obligation.Kind.REPORT: timedelta(days=3)}


class ReasonNeeded(ValueError):
    """A decision without its reason is worth nothing later."""

    def __str__(self) -> str:
        return _("Say to whom and how it was told, or why it is not owed.")


@tongues.deed
def begin(incident: Incident, *, aware_at: datetime, actor: User | None, now: datetime) -> list[Obligation]:
    """The three clocks, from the moment it was known. Begun already: those that stand."""
    incident = Incident.objects.locked(incident.pk)
    standing = list(incident.obligations.all())
    if standing:
        return standing
    due = {
        Obligation.Kind.WARNING: aware_at + timedelta(hours=24),
        Obligation.Kind.NOTICE: aware_at + timedelta(hours=72),
        Obligation.Kind.REPORT: a_month_after(aware_at),
    }
    made = [Obligation(incident=incident, kind=kind, aware_at=aware_at, due_at=at, remind_at=at - SOON[kind]) for kind, at in due.items()]
    Obligation.objects.bulk_create(made)
    text = _("Deadlines outside the house run: 24 hours, 72 hours and one month from when it was known.")
    journal.line(incident, TimelineEntry.Kind.NOTE, text, now=now, actor=actor, key=True)
    trail.record(incident, "begin obligations", actor=actor, now=now, after={kind: at.isoformat() for kind, at in due.items()})
    return made


@tongues.deed
def decide(incident: Incident, kind: str, decision: str, *, reason: str, actor: User, now: datetime) -> Obligation | None:
    """Told, or not owed, and why. Decided already: unchanged; None: no such clock runs. Raises ReasonNeeded."""
    if not reason.strip():
        raise ReasonNeeded
    incident = Incident.objects.locked(incident.pk)
    row = incident.obligations.filter(kind=kind).first()
    if row is None or row.decided_at is not None:
        return row
    row.decision, row.reason, row.decided_by, row.decided_at, row.remind_at = decision, reason.strip(), actor, now, None
    row.save(update_fields=["decision", "reason", "decided_by", "decided_at", "remind_at"])
    text = _("%(what)s: %(decision)s.") % {"what": row.get_kind_display(), "decision": row.get_decision_display().lower()}
    journal.line(incident, TimelineEntry.Kind.NOTE, text, now=now, actor=actor, because=row.reason, key=True)
    trail.record(incident, "decide obligation", actor=actor, now=now, after={"kind": kind, "decision": decision, "reason": row.reason})
    return row


def begin_due(*, now: datetime, limit: int = 50) -> int:
    """Live incidents with a ticket about security or loss and no clocks yet: from when it was reported, or opened before that."""
    fresh = Incident.objects.live().filter(tickets__category=SECURITY, obligations=None).distinct().order_by("pk")[:limit]
    return sum(bool(begin(incident, aware_at=_known_at(incident), actor=None, now=now)) for incident in list(fresh))


def _known_at(incident: Incident) -> datetime:
    reported_at = incident.tickets.filter(category=SECURITY).aggregate(first=Min("created_at"))["first"]
    return min(incident.created_at, reported_at or incident.created_at)


def remind_due(*, now: datetime, limit: int = 50) -> int:
    """Some time before the end, and once more when it is over. How many."""
    due = Obligation.objects.to_remind(now).order_by("remind_at").values_list("pk", flat=True)[:limit]
    return sum(_reminded(number, now) for number in list(due))


def _reminded(number: int, now: datetime) -> bool:
    try:
        return _remind(number, now=now)
    except Exception:  # one broken incident must not stop the others
        log.exception("nobody could be reminded of an obligation", obligation=number)
        return False


@tongues.deed
def _remind(number: int, *, now: datetime) -> bool:
    incident = Incident.objects.locked(Obligation.objects.values_list("incident_id", flat=True).get(pk=number))
    row = incident.obligations.to_remind(now).filter(pk=number).first()
    if row is None:
        return False
    is_over = row.due_at <= now
    row.remind_at = None if is_over else row.due_at
    row.save(update_fields=["remind_at"])
    at = tongues.later_from(lambda: moments.stamp(zones.local(row.due_at, None), zones.local(now, None)))
    words = tongues.later(
        "%(what)s: %(at)s. Decide on the incident's page, with a reason.", {"what": Obligation.Kind(row.kind).label, "at": at}
    )
    headline = tongues.later("a deadline outside the house is over") if is_over else tongues.later("a deadline outside the house is near")
    paging.write_to(
        _leaders(incident, now=now), incident, key=f"obligation:{row.pk}:{is_over}", now=now,
        write=lambda person, link: letters.informed(incident, person, headline=headline, words=words, link=link, now=now),
    )  # fmt: skip
    return True


def _leaders(incident: Incident, *, now: datetime) -> list[User]:
    """Who leads it and the IT manager on duty, of those who may read it; else whoever was paged for it."""
    named = [*writers(incident), incident.acknowledged_by, roster.manager_on_duty(incident.team, at=now)]
    asked = list(dict.fromkeys(person for person in named if person is not None))
    may = [person for person in asked if Incident.objects.visible_to(person).filter(pk=incident.pk).exists()]
    return may or list(User.objects.filter(pages__incident=incident, is_active=True).distinct().order_by("pk"))


def a_month_after(at: datetime) -> datetime:
    """The same day of the next month, or its last day, at the same time of the organisation's clock."""
    local = zones.local(at, None)
    years, month = divmod(local.month, 12)
    year = local.year + years
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(at.tzinfo)
