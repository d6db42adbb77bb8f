"""Opening an incident: proposed to the IT manager on duty, or declared. One outage makes one incident, whoever sees it first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import hooks, journal
from incidents.incidents import deciding, growth, storms
from incidents.incidents.grounds import Grounds, Opened, title_of
from incidents.models import Incident, TimelineEntry
from incidents.states import IncidentState
from servicedesk.audit import trail
from servicedesk.directory.models import Service, User

ATTACHES_FOR = timedelta(hours=4)
DEEPEST = 10  # levels of dependency looked at
NAMED = ("pk", "group_key", "service", "more_services")
TRIES = 3  # to find who won a race, before giving up


@transaction.atomic(savepoint=False)
def propose(grounds: Grounds, *, now: datetime) -> Opened:
    """Ask the IT manager on duty. SEV1 outside desk hours is declared at once; a group rejected lately is held."""
    standing = _standing(grounds, now=now)
    if standing is not None:
        return _attach(standing, grounds, to=IncidentState.PROPOSED, now=now)
    if _is_held(grounds, now=now):
        return Opened(None, "held")
    if not deciding.may_wait(grounds.severity, now=now):
        return _open(grounds, IncidentState.TRIGGERED, actor=None, now=now)
    return _open(grounds, IncidentState.PROPOSED, actor=None, now=now)


@transaction.atomic(savepoint=False)
def declare(grounds: Grounds, *, now: datetime, actor: User | None = None) -> Opened:
    """Open it and page. What is open for the same outage takes it in instead; a mere proposal of it becomes an incident."""
    if actor is not None and not grounds.reason.strip():
        grounds = replace(grounds, reason=_("%(name)s declared it.") % {"name": actor})
    return _open(grounds, IncidentState.TRIGGERED, actor=actor, now=now)


def _open(grounds: Grounds, to: str, *, actor: User | None, now: datetime) -> Opened:
    for _try in range(TRIES):
        standing = _standing(grounds, now=now)
        if standing is not None:
            return _attach(standing, grounds, to=to, now=now)
        gathered = storms.gather(grounds, now=now)
        whole = storms.as_one(grounds, gathered) if gathered else grounds
        known = _standing(whole, now=now) if gathered else None
        to = IncidentState.TRIGGERED if gathered and gathered.is_paging else to
        incident = known or _create(whole, to, actor=actor, now=now)
        if incident is None:
            continue
        if gathered:
            storms.take_in(incident, gathered, now=now)
        if known:
            return _attach(known, grounds, to=to, now=now)
        _begin(incident, whole, actor=actor, now=now)
        return Opened(incident, "created")
    raise RuntimeError(f"{grounds.group_key} is opened and closed again by others")


def _create(grounds: Grounds, state: str, *, actor: User | None, now: datetime) -> Incident | None:
    """The new row; None where another transaction has just opened one for this group."""
    try:
        with transaction.atomic():
            return Incident.objects.create(
                title=title_of(grounds)[:200],
                state=state,
                severity=grounds.severity,
                what=grounds.what,
                impacted=grounds.impacted,
                impacted_count=grounds.impacted_count,
                effect=grounds.effect,
                service=grounds.service,
                team=grounds.team or (grounds.service.team if grounds.service else None),
                policy=grounds.policy,
                is_confidential=grounds.is_confidential,
                is_shown=grounds.is_shown,
                group_key=grounds.group_key[:120],
                rule=grounds.rule,
                rule_version=grounds.version,
                reason=grounds.reason,
                people=grounds.people,
                opened_by=actor,
                since=grounds.since,
                created_at=now,
                last_event_at=now,
                triggered_at=now if state == IncidentState.TRIGGERED else None,
            )
    except IntegrityError:
        return None


def _begin(incident: Incident, grounds: Grounds, *, actor: User | None, now: datetime) -> None:
    """The first line, its links, and the first letters."""
    is_proposed = incident.state == IncidentState.PROPOSED
    text = (_("Proposed: %(title)s.") if is_proposed else _("Opened: %(title)s.")) % {"title": incident.title}
    data = grounds.as_json()
    journal.line(incident, TimelineEntry.Kind.STATE, text, now=now, actor=actor, because=grounds.reason, data=data, key=True)
    trail.record(incident, "propose" if is_proposed else "declare", actor=actor, now=now, after={**data, "reason": grounds.reason})
    _link(incident, grounds, now=now)
    hooks.of_incident(incident, hooks.Happening.INCIDENT_OPENED, now=now)
    if is_proposed:
        deciding.ask_manager(incident, now=now)
    else:
        deciding.page(incident, why=grounds.reason, actor=actor, now=now, is_new=True)


def _attach(incident: Incident, grounds: Grounds, *, to: str, now: datetime) -> Opened:
    """This opening is part of an outage already known."""
    linked = _link(incident, grounds, now=now)
    if linked or grounds.people > incident.people or not _is_known(incident, grounds):
        text = _("%(title)s belongs to this outage.") % {"title": title_of(grounds)}
        journal.line(incident, TimelineEntry.Kind.NOTE, text, now=now, because=grounds.reason, data=grounds.as_json())
    rises = grounds.severity < incident.severity
    opens = incident.state == IncidentState.PROPOSED and to == IncidentState.TRIGGERED
    _grow(incident, grounds, is_ground=rises or opens)
    if rises:
        incident = growth.raise_severity(incident, grounds.severity, because=grounds.reason, now=now)
    if incident.state != IncidentState.PROPOSED:
        return Opened(incident, "raised" if rises else "attached")
    if to == IncidentState.TRIGGERED or not deciding.may_wait(incident.severity, now=now):
        deciding.trigger(incident, because=grounds.reason, actor=None, now=now)
        return Opened(incident, "raised")
    deciding.ask_manager(incident, now=now)
    return Opened(incident, "raised" if rises else "attached")


def _grow(incident: Incident, grounds: Grounds, *, is_ground: bool) -> None:
    """More people; and where this is what it is open for now, its reason and rule. The timeline keeps those before."""
    incident.people, incident.settle_at = max(incident.people, grounds.people), None
    if grounds.rule is not None and (is_ground or grounds.rule == incident.rule):
        incident.reason, incident.rule, incident.rule_version = grounds.reason, grounds.rule, grounds.version
    incident.save(update_fields=["people", "settle_at", "reason", "rule", "rule_version"])


def _link(incident: Incident, grounds: Grounds, *, now: datetime) -> bool:
    for alert in grounds.alerts:
        (growth.take_alert if alert.incident_id is None else growth.link_alert)(incident, alert, reason=grounds.reason, now=now)
    for ticket in grounds.tickets:
        growth.link_ticket(incident, ticket, reason=grounds.reason, actor=None, now=now)
    return bool(grounds.alerts or grounds.tickets)


def _standing(grounds: Grounds, *, now: datetime) -> Incident | None:
    """The open incident this opening is part of, its row held: of the same group, else of the service or one it depends on."""
    if not grounds.group_key:
        return None
    number = part_of(grounds, now=now)
    incident = Incident.objects.locked(number) if number else None
    return incident if incident and incident.is_open else None


def part_of(grounds: Grounds, *, now: datetime) -> int | None:
    """The number of the open incident that an automatic opening on these grounds would join."""
    levels = _upstream(grounds.service) if grounds.service is not None and not grounds.is_confidential else []
    same = Q(group_key=grounds.group_key)
    rows = list(Incident.objects.open().filter(same | _of_services(levels, now)).order_by("severity", "pk").values_list(*NAMED))
    of_group = (pk for pk, key, *_services in rows if key == grounds.group_key)
    of_services = (pk for level in levels for column in (0, 1) for pk, _key, *services in rows if services[column] in level)
    return next(chain(of_group, of_services), None)


def _of_services(levels: Sequence[set[int]], now: datetime) -> Q:
    """A confidential opening, which has no levels, joins nothing; and nothing joins a confidential incident by its service."""
    every = set().union(*levels)
    recent = Q(is_confidential=False, last_event_at__gte=now - ATTACHES_FOR) & ~Q(group_key="")
    return recent & (Q(service__in=every) | Q(more_services__in=every))


def _upstream(service: Service) -> list[set[int]]:
    """The service, then what it depends on, level by level; circles are walked once."""
    levels, seen = [{service.pk}], {service.pk}
    while levels[-1] and len(levels) < DEEPEST:
        below = set(Service.objects.filter(dependents__in=levels[-1]).values_list("pk", flat=True))
        levels.append(below - seen)
        seen |= below
    return [level for level in levels if level]


def _is_held(grounds: Grounds, *, now: datetime) -> bool:
    """Rejected less than four hours ago, and not twice as many people have reported it since."""
    rejected = Incident.objects.filter(state=IncidentState.REJECTED, group_key=grounds.group_key, hold_until__gt=now)
    held = rejected.exclude(group_key="").order_by("-pk").first()
    return held is not None and (held.hold_count is None or grounds.people < held.hold_count)


def _is_known(incident: Incident, grounds: Grounds) -> bool:
    """Whether the timeline already says that this rule brought this group here."""
    same = {"group": grounds.group_key, "rule": grounds.rule.key if grounds.rule else "", "version": grounds.version}
    return incident.timeline.filter(**{f"data__{name}": value for name, value in same.items() if value is not None}).exists()
