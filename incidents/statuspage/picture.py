"""How things stand, as it may be told: shown incidents with their public updates, announced maintenance, ninety days of each service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from incidents.models import Incident, Silence, Update
from incidents.states import IncidentState
from servicedesk import walltime
from servicedesk.directory import moments, zones
from servicedesk.directory.models import Organisation, Service, User

DAYS, RECENT = 90, timedelta(days=14)
AHEAD = timedelta(days=14)
GRAVE = 2
DAY = timedelta(days=1)
NEVER_WAS = (IncidentState.PROPOSED, IncidentState.REJECTED, IncidentState.MERGED)


@dataclass(frozen=True, slots=True)
class TroubledDay:
    """`x` counts from the oldest of the ninety days."""

    day: date
    x: int
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Component:
    """`tone`: ok, degraded, down or maintenance; `word` says it."""

    name: str
    tone: str
    word: str
    days: Sequence[TroubledDay]


@dataclass(frozen=True, slots=True)
class Told:
    """An incident as it was published."""

    incident: Incident
    updates: Sequence[Update]


@dataclass(frozen=True, slots=True)
class Work:
    """Announced maintenance."""

    about: str
    text: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Picture:
    organisation: Organisation | None
    zone: str
    made_at: datetime
    sentence: str
    tone: str
    open: Sequence[Told]
    past: Sequence[Told]
    work: Sequence[Work]
    components: Sequence[Component]


def may_read(user: User | None) -> bool:
    """Everybody who signed in, and where the organisation says so everybody."""
    organisation = Organisation.current()
    return user is not None or (organisation is not None and organisation.status_is_public)


def picture(*, now: datetime) -> Picture:
    organisation, zone = Organisation.current(), zones.of(None)
    shown = list(_shown(now))
    here = [_told(one) for one in shown if one.state not in (IncidentState.RESOLVED, IncidentState.CLOSED)]
    recent = [_told(one) for one in shown if one.resolved_at and one.resolved_at > now - RECENT]
    work = list(_work(now))
    components = [_component(service, shown, work, now, ZoneInfo(zone)) for service in Service.objects.active().order_by("tier", "name")]
    sentence, tone = _sentence(components, here)
    return Picture(organisation, zone, now, sentence, tone, here, recent, work, components)


def updates() -> QuerySet[Update]:
    """What employees were told, newest first: banner and status page say the same."""
    return Update.objects.filter(is_public=True, incident__is_confidential=False).select_related("incident").order_by("-id")


def _shown(now: datetime) -> QuerySet[Incident]:
    """Published incidents that touched the last ninety days, newest first."""
    rows = Incident.objects.filter(is_shown=True, is_confidential=False).exclude(state__in=NEVER_WAS)
    rows = rows.filter(Q(resolved_at=None) | Q(resolved_at__gt=now - DAYS * DAY))
    public = Prefetch("updates", Update.objects.filter(is_public=True).order_by("-id"), to_attr="told")
    return rows.select_related("service").prefetch_related("more_services", public).order_by("-since")


def _told(incident: Incident) -> Told:
    return Told(incident, incident.told)  # type: ignore[attr-defined]  # prefetched


def _work(now: datetime) -> list[Work]:
    """What was announced and is under way, or begins within two weeks."""
    rows = Silence.objects.filter(ends_at__gt=now).exclude(public_text="").select_related("service").order_by("starts_at")[:20]
    found = [(row, row.window(now) or _next_of(row, now)) for row in rows]
    return [Work(row.service.name if row.service else row.about, row.public_text, *window) for row, window in found if window]


def _next_of(row: Silence, now: datetime) -> tuple[datetime, datetime] | None:
    at = row.next_at(now)
    return row.window(at) if at is not None and at <= now + AHEAD else None


def _component(service: Service, shown: Sequence[Incident], work: Sequence[Work], now: datetime, zone: ZoneInfo) -> Component:
    own = [one for one in shown if one.service_id == service.pk or service in one.more_services.all()]
    here = [one.severity for one in own if one.is_open]
    days = _days(own, now, zone)
    if here:
        return Component(
            service.name, "down" if min(here) <= GRAVE else "degraded", _("Down") if min(here) <= GRAVE else _("Degraded"), days
        )
    if any(one.about == service.name and one.starts_at <= now for one in work):
        return Component(service.name, "maintenance", _("Maintenance"), days)
    return Component(service.name, "ok", _("Working"), days)


def _days(own: Sequence[Incident], now: datetime, zone: ZoneInfo) -> list[TroubledDay]:
    first = walltime.shown(now, zone).date() - (DAYS - 1) * DAY
    found = []
    for x in range(DAYS):
        day = first + x * DAY
        start, end = (walltime.first(datetime.combine(each, datetime.min.time()), zone) for each in (day, day + DAY))
        hit = [one for one in own if one.since < end and (one.resolved_at or now) > start]
        if hit:
            lost = sum((min(one.resolved_at or now, end) - max(one.since, start) for one in hit), timedelta())
            grave = min(one.severity for one in hit) <= GRAVE
            words = {"time": moments.duration(lost), "title": hit[0].title}
            found.append(TroubledDay(day, x, "down" if grave else "degraded", _("%(time)s: %(title)s") % words))
    return found


def _sentence(components: Sequence[Component], here: Sequence[Told]) -> tuple[str, str]:
    """The one line on top, and its tone."""
    down = [one.name for one in components if one.tone == "down"]
    slow = [one.name for one in components if one.tone == "degraded"]
    if down:
        return _("Trouble with %(names)s.") % {"names": ", ".join(down)}, "down"
    if slow or here:
        return _("Some trouble with %(names)s.") % {"names": ", ".join(slow) or here[0].incident.title}, "degraded"
    if any(one.tone == "maintenance" for one in components):
        return _("Services are working, but for announced maintenance."), "maintenance"
    return _("All services are working."), "ok"
