"""Service levels: which one a ticket comes under, and what it says. First match in order; versions are never changed.

A ticket keeps the version it was put on; an edit counts for tickets from then on. It comes to another level when what levels
ask for changes (its team, its service), which is an event of its history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import starter
from incidents.clocks import PAUSES, Target, Terms
from incidents.models import ServiceLevel, ServiceLevelVersion, Ticket
from incidents.models.levels import ServiceLevelVersionQuerySet
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User

REST = "standard"
SERVICE_DESK = "service-desk"  # the team that gets what names no service
KEPT_S = 300  # a version never changes; only a restore can give its number to another
CHOSEN = ("teams", "services", "request_types", "sites", "people")  # rows, told by key and name
WRITTEN = ("categories", "departments")  # words
ABOUT = {
    "kind": gettext_lazy("Kind"),
    "teams": gettext_lazy("Team"),
    "services": gettext_lazy("Service"),
    "request_types": gettext_lazy("Request type"),
    "categories": gettext_lazy("Category"),
    "sites": gettext_lazy("Site"),
    "departments": gettext_lazy("Department"),
    "people": gettext_lazy("Who asks"),
}

Wanted = Mapping[str, frozenset[Any]]


@dataclass(frozen=True, slots=True)
class Level:
    """One version as plain values. `wanted`: of each thing asked for, what fits; what is not named may be anything."""

    id: int | None
    level: int | None
    name: str
    slug: str
    version: int
    is_rest: bool
    terms: Terms
    wanted: Wanted = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def fits(self, facts: Mapping[str, Any]) -> bool:
        """Whether a ticket of these facts comes under it."""
        return all(facts[name] in values for name, values in self.wanted.items())

    def covers(self, other: Level) -> bool:
        """Whether whatever fits the other fits this one."""
        return all(name in other.wanted and other.wanted[name] <= values for name, values in self.wanted.items())


def first(levels: Iterable[Level], facts: Mapping[str, Any]) -> Level | None:
    """The first that fits, in the order given."""
    return next((level for level in levels if level.fits(facts)), None)


def hidden(levels: Iterable[Level]) -> list[tuple[Level, Level]]:
    """Those that no ticket can come under, each with the earlier one that takes all of its tickets."""
    seen: list[Level] = []
    found = []
    for level in levels:
        by = next((earlier for earlier in seen if earlier.covers(level)), None)
        found += [(level, by)] if by else []
        seen.append(level)
    return found


def facts_of(ticket: Ticket) -> dict[str, Any]:
    """What levels may ask of a ticket and of who asks."""
    return {
        "kind": ticket.kind, "teams": ticket.team_id, "services": ticket.service_id, "request_types": ticket.request_type_id,
        "categories": ticket.category.casefold(), "sites": ticket.requester.site_id,
        "departments": ticket.requester.department.casefold(), "people": ticket.requester_id,
    }  # fmt: skip


def because(level: Level) -> str:
    """For which tickets it is, in words."""
    if level.is_rest:
        return _("Everything that no other service level takes.")
    parts = [f"{ABOUT[name]}: {', '.join(_said(name, values))}" for name, values in level.names.items()]
    return "; ".join(parts)


def _said(name: str, values: Iterable[str]) -> list[str]:
    return [str(Ticket.Kind(value).label) if name == "kind" else value for value in values]


# Reading


def in_force() -> list[Level]:
    """Every level in use in its version of now, in order; one query."""
    return [read(version) for version in ServiceLevelVersionQuerySet(ServiceLevelVersion).in_force()]


def read(version: ServiceLevelVersion) -> Level:
    """One version; it is remembered for those who ask by number."""
    found = _told(version.level, version.definition, version.pk, version.version)
    cache.set(_place(version.pk), found, KEPT_S)
    return found


def draft(row: ServiceLevel) -> Level:
    """The row as it is now, as if it were a version."""
    return _told(row, defined(row), None, row.version)


def _told(row: ServiceLevel, told: Mapping[str, Any], version: int | None, number: int) -> Level:
    targets = {int(rank): starter.Target(int(rank), *times) for rank, times in told["targets"].items()}
    wanted = {name: frozenset(_key(one) for one in values) for name, values in told["wanted"].items() if values}
    names = {name: tuple(_name(one) for one in values) for name, values in told["wanted"].items() if values}
    terms = Terms(targets, frozenset(told["pauses"]) | {"merged"})
    return Level(version, row.pk, told["name"], row.slug, number, row.is_rest, terms, wanted, names)


def of(version: int | None) -> Level:
    """The version of that key. None: the times every desk begins with."""
    if version is None:
        return Level(None, None, _("Standard"), REST, 0, True, BEGINNING)
    found: Level | None = cache.get(_place(version))
    return found or read(ServiceLevelVersion.objects.select_related("level").get(pk=version))


def chosen_for(ticket: Ticket) -> Level:
    """The one the ticket comes under as it is now."""
    return first(in_force(), facts_of(ticket)) or of(None)


def is_same(one: Level, other: Level) -> bool:
    """Whether they are versions of one level; that of everything else is the one every desk begins with."""
    return one.level == other.level or (one.is_rest and other.is_rest)


def _place(version: int) -> str:
    return f"service-level-{version}"


def _key(one: Any) -> Any:
    return one[0] if isinstance(one, list) else str(one).casefold()


def _name(one: Any) -> str:
    return str(one[1] if isinstance(one, list) else one)


# Writing


@tongues.deed
def publish(level: ServiceLevel, *, actor: User | None, now: datetime) -> ServiceLevelVersion:
    """The version that says what the row says now: the newest one, or a new one where they differ, with both on the trail."""
    row = ServiceLevel.objects.select_for_update().get(pk=level.pk)
    newest = row.versions.filter(version=row.version).first()
    definition = defined(row)
    if newest is not None and newest.definition == definition:
        return newest
    row.version = level.version = row.version + 1
    row.save(update_fields=["version"])
    before, after = in_words(read(newest)) if newest else {}, in_words(draft(row))
    changed = [name for name in after if before.get(name) != after[name]]
    told = [{name: words[name] for name in changed if name in words} for words in (before, after)]
    trail.record(row, "publish", actor=actor, now=now, before=told[0], after=told[1])
    return ServiceLevelVersion.objects.create(level=row, version=row.version, definition=definition, author=actor, published_at=now)


def in_words(level: Level) -> dict[str, Any]:
    """What it says, for the trail."""
    times = {f"SEV{rank}": _times(target) for rank, target in sorted(level.terms.targets.items())}
    pauses = sorted(level.terms.pauses - {"merged"})
    return {"version": level.version, "name": level.name, "for": because(level), **times, "pauses": pauses}


def _times(target: Target) -> str:
    when = _("round the clock") if target.is_round_the_clock else _("in desk hours")
    return ", ".join([*map(span, (target.first_answer_s, target.next_answer_s, target.solution_s)), when])


def span(seconds: int) -> str:
    """As the form of a level reads it: 30 min, 4 h, 1 h 30 min."""
    hours, minutes = divmod(seconds // 60, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes or not hours else "") if part)


def defined(row: ServiceLevel) -> dict[str, Any]:
    """The row as a version keeps it."""
    wanted: dict[str, list[Any]] = {"kind": [row.kind] if row.kind else []}
    wanted |= {name: [[one.pk, str(one)] for one in sorted(getattr(row, name).all(), key=lambda one: one.pk)] for name in CHOSEN}
    wanted |= {name: list(getattr(row, name)) for name in WRITTEN}
    return {"name": row.name, "wanted": wanted, "targets": row.targets, "pauses": sorted(row.pauses)}


@tongues.deed
def install(*, now: datetime) -> ServiceLevel:
    """The level for everything else, with the times every desk begins with."""
    seed = {"slug": REST, "name": _("Standard"), "targets": as_json(starter.TARGETS), "pauses": sorted(PAUSES - {"merged"})}
    row, is_new = ServiceLevel.objects.get_or_create(is_rest=True, defaults=seed)
    if is_new:
        publish(row, actor=None, now=now)
    return row


def as_json(targets: Iterable[starter.Target]) -> dict[str, list[Any]]:
    """As rows and versions keep them: by severity, seconds of the three clocks, and whether they run round the clock."""
    return {str(one.severity): [one.first_answer_s, one.next_answer_s, one.solution_s, one.is_round_the_clock] for one in targets}


BEGINNING = Terms({target.severity: target for target in starter.TARGETS})
