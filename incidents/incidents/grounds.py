"""Why an incident should be open, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents.models import Incident, LinkedAlert, Policy, Rule, Ticket
from incidents.states import Effect, Impacted
from servicedesk.directory.models import Service, Team

URGENT_UNTIL = 2
MANY = 3
WIDE = (Impacted.SEVERAL, Impacted.DEPARTMENT, Impacted.EVERYONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Why an incident should be open. `group_key` is empty when a person opens it by hand; `people` is how many reported it.

    `tickets` and `alerts` given here are linked before anybody is paged, so that letters can name them.
    """

    title: str
    reason: str
    severity: int
    since: datetime
    group_key: str = ""
    rule: Rule | None = None
    version: int | None = None
    service: Service | None = None
    team: Team | None = None
    policy: Policy | None = None
    what: str = ""
    impacted: str = ""
    impacted_count: int | None = None
    effect: str = ""
    people: int = 0
    is_confidential: bool = False
    is_shown: bool = False
    tickets: tuple[Ticket, ...] = field(default=())
    alerts: tuple[LinkedAlert, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """What the timeline keeps of them: nothing a later event could overwrite."""
        return {
            "group": self.group_key,
            "rule": self.rule.key if self.rule else "",
            "version": self.version,
            "service": self.service.slug if self.service else "",
            "severity": self.severity,
            "people": self.people,
            "title": "" if self.is_confidential else self.title,
        }


@dataclass(frozen=True, slots=True)
class Opened:
    """`how`: created, attached, raised (attached, and more serious than it was) or held (rejected lately; no incident)."""

    incident: Incident | None
    how: str


def title_of(grounds: Grounds) -> str:
    """ "Email is down" where machines or many blocked people say so; else what was reported."""
    is_machine = not grounds.impacted and not grounds.effect and grounds.rule is not None
    if grounds.service is None or grounds.is_confidential:
        return grounds.title
    words = {"service": grounds.service.name}
    if grounds.severity <= URGENT_UNTIL and (is_machine or _many_cannot(grounds)):
        return _("%(service)s is down") % words
    return _("Trouble with %(service)s") % words if is_machine else grounds.title


def _many_cannot(grounds: Grounds) -> bool:
    return grounds.effect == Effect.CANNOT and (grounds.people >= MANY or grounds.impacted in WIDE)
