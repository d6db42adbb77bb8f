"""Who would have been paged for an occasion: the first step of the policy of then, to whom the kept turns of then name. Never
more than that: what people do after a page is not simulated, so pages added are "at least".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from incidents.backtest.sides import Occasion
from incidents.escalation import policy_for
from incidents.escalation.snapshot import Plan, plan_of, read
from incidents.escalation.targets import candidates
from incidents.models import Policy, PolicyVersion
from servicedesk.directory import zones
from servicedesk.directory.models import Service, User
from servicedesk.oncall import roster

NIGHT_FROM, NIGHT_UNTIL = 22, 7  # on the clock of the person paged


@dataclass(frozen=True, slots=True)
class Paged:
    """One page: to whom, and when for what."""

    person: str
    name: str
    is_night: bool
    thing: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What policy_for asks."""

    service: Service | None
    policy: Policy | None


@dataclass(slots=True)
class Roll:
    """Policies and their versions read once, and each occasion asked once."""

    policies: dict[tuple[str, str], Policy | None] = field(default_factory=dict)
    versions: dict[int, list[PolicyVersion]] = field(default_factory=dict)
    known: dict[tuple[str, datetime, str], list[User]] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)

    def paged(self, occasions: Iterable[Occasion]) -> list[Paged]:
        return [page for occasion in occasions for page in self._of(occasion)]

    def _of(self, occasion: Occasion) -> Iterator[Paged]:
        for person in self.people(occasion):
            yield Paged(person.username, str(person), is_night(person, occasion.at), occasion.thing, occasion.at)

    def people(self, occasion: Occasion) -> list[User]:
        """Nobody: for that moment no turn is kept."""
        key = occasion.group, occasion.at, occasion.deed
        if key not in self.known:
            self.known[key] = self._people(occasion)
        return self.known[key]

    def _people(self, occasion: Occasion) -> list[User]:
        """A proposal asks the IT manager on duty; a declaration begins the policy's first step that counts then."""
        if occasion.deed == "propose":
            service = self._service(occasion.service)
            manager = roster.manager_on_duty(service.team if service else None, at=occasion.at)
            return [manager] if manager else []
        plan = self._plan(occasion)
        steps = range(1, len(plan.steps) + 1) if plan else ()
        for number in steps:
            assert plan is not None
            step = plan.step(number)
            if step is not None and not step.skipped_for(occasion.severity, occasion.at, plan.zone):
                found = [candidate.person for candidate in candidates(plan, number, at=occasion.at)]
                if found:
                    return found
        return []

    def _plan(self, occasion: Occasion) -> Plan | None:
        key = occasion.service, occasion.policy
        if key not in self.policies:
            named = Policy.objects.filter(Q(name=occasion.policy) | Q(slug=occasion.policy)).first() if occasion.policy else None
            self.policies[key] = policy_for(Subject(self._service(occasion.service), named))
        policy = self.policies[key]
        return self._then(policy, occasion.at) if policy else None

    def _then(self, policy: Policy, at: datetime) -> Plan:
        """Its version of that moment; of before the first one that was kept, that one."""
        if policy.pk not in self.versions:
            self.versions[policy.pk] = list(policy.versions.order_by("published_at", "version"))
        kept = self.versions[policy.pk]
        then = next((version for version in reversed(kept) if version.published_at <= at), kept[0] if kept else None)
        return read(then.definition) if then else plan_of(policy)

    def _service(self, slug: str) -> Service | None:
        if not self.services:
            self.services = {service.slug: service for service in Service.objects.select_related("team__manager")}
        return self.services.get(slug)


def is_night(person: User, at: datetime) -> bool:
    hour = at.astimezone(ZoneInfo(zones.of(person))).hour
    return hour >= NIGHT_FROM or hour < NIGHT_UNTIL
