"""Who would have been paged for an occasion: its first step, as schedules and policies stand today. Never more than that:
what people do after a page is not simulated, so pages added are "at least".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from incidents.backtest.sides import Occasion
from incidents.escalation import policy_for
from incidents.escalation.snapshot import Plan, plan_of
from incidents.escalation.targets import candidates
from incidents.models import Policy
from servicedesk.directory import zones
from servicedesk.directory.models import Service, User
from servicedesk.oncall import roster

NIGHT_FROM, NIGHT_UNTIL = 22, 7  # on the clock of the person paged


@dataclass(frozen=True, slots=True)
class Paged:
    """One page: to whom, when."""

    person: str
    name: str
    is_night: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """What policy_for asks."""

    service: Service | None
    policy: Policy | None


@dataclass(slots=True)
class Roll:
    """Policies read once."""

    plans: dict[tuple[str, str], Plan | None] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)

    def paged(self, occasions: Iterable[Occasion]) -> list[Paged]:
        return [page for occasion in occasions for page in self._of(occasion)]

    def _of(self, occasion: Occasion) -> Iterator[Paged]:
        for person in self._people(occasion):
            yield Paged(person.username, str(person), is_night(person, occasion.at))

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
        if key not in self.plans:
            named = Policy.objects.filter(Q(name=occasion.policy) | Q(slug=occasion.policy)).first() if occasion.policy else None
            policy = policy_for(Subject(self._service(occasion.service), named))
            self.plans[key] = plan_of(policy) if policy else None
        return self.plans[key]

    def _service(self, slug: str) -> Service | None:
        if not self.services:
            self.services = {service.slug: service for service in Service.objects.select_related("team__manager")}
        return self.services.get(slug)


def is_night(person: User, at: datetime) -> bool:
    hour = at.astimezone(ZoneInfo(zones.of(person))).hour
    return hour >= NIGHT_FROM or hour < NIGHT_UNTIL
