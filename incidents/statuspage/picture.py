"""How things stand, as it may be told: shown incidents with their public updates, announced maintenance, ninety days of each service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from incidents import silences
from incidents.models import Incident, Update
from incidents.silences import Work
from incidents.states import IncidentState
from servicedesk import walltime
from servicedesk.directory import moments, zones
from servicedesk.directory.models import Organisation, Service, User

DAYS, RECENT = 90, timedelta(days=14)
AHEAD = timedelta(days=14)
GRAVE = 2
TONES = ("down", "degraded", "maintenance", "ok")
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
class ComponentGroup:
    """Services that stand together; `name` "" where they are in no group. `is_open`: one of them is not well."""

    name: str
    components: Sequence[Component]
    tone: str
    word: str

    @property
    def is_open(self) -> bool:
        return self.tone != "ok" or not self.name


@dataclass(frozen=True, slots=True)
class Told:
    """An incident as it was published."""

    incident: Incident
    updates: Sequence[Update]


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
    groups: Sequence[ComponentGroup]


def may_read(user: User | None) -> bool:
    """Everybody who signed in, and where the organisation says so everybody."""
    organisation = Organisation.current()
    return user is not None or (organisation is not None and organisation.status_is_public)


def picture(*, now: datetime) -> Picture:
    organisation, zone = Organisation.current(), zones.of(None)
    shown = list(_shown(now))
    here = [_told(one) for one in shown if one.state not in (IncidentState.RESOLVED, IncidentState.CLOSED)]
    recent = [_told(one) for one in shown if one.resolved_at and one.resolved_at > now - RECENT]
    work = silences.announced(now=now, ahead=AHEAD)
    services = list(Service.objects.active().order_by("tier", "name"))
    components = [_component(service, shown, work, now, ZoneInfo(zone)) for service in services]
    sentence, tone = _sentence(components, here)
    return Picture(organisation, zone, now, sentence, tone, here, recent, work, components, _grouped(services, components))


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


def _grouped(services: Sequence[Service], components: Sequence[Component]) -> list[ComponentGroup]:
    """The worst group first, so that no green one hides a red one; those in no group before the others that are well."""
    by_name: dict[str, list[Component]] = {}
    for service, component in zip(services, components, strict=True):
        by_name.setdefault(service.group.strip(), []).append(component)
    found = []
    for name, own in by_name.items():
        worst = min(own, key=lambda one: TONES.index(one.tone))
        found.append(ComponentGroup(name, own, worst.tone, worst.word))
    return sorted(found, key=lambda group: (TONES.index(group.tone), group.name.lower()))


def _component(service: Service, shown: Sequence[Incident], work: Sequence[Work], now: datetime, zone: ZoneInfo) -> Component:
    own = [one for one in shown if one.service_id == service.pk or service in one.more_services.all()]
    here = [one.severity for one in own if one.is_open]
    days = _days(own, now, zone)
    if here:
        return Component(
            service.name, "down" if min(here) <= GRAVE else "degraded", _("Down") if min(here) <= GRAVE else _("Degraded"), days
        )
    if any(one.about == service.name and one.is_now for one in work):
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
