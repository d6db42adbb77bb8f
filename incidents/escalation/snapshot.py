"""A policy as it was when a run began: plain values, kept as JSON in its versions and in each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from incidents.models import Policy, PolicyStep, PolicyVersion, StepTarget
from servicedesk.directory import zones
from servicedesk.directory.models import User

PATIENCE_S = 600  # after a policy's only step; else the time between its last two


@dataclass(frozen=True, slots=True)
class Target:
    kind: str
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """`delay_s` counts from the start of the round; `window` is two local times, "22:00" to "06:00" runs over midnight."""

    position: int
    delay_s: int
    among: str
    least_severity: int
    window: tuple[str, str] | None
    targets: tuple[Target, ...]
    require_all: bool = False

    def skipped_for(self, severity: int, at: datetime, zone: str) -> str:
        """Why this step is passed over at that moment; empty: it is not."""
        if severity > self.least_severity:
            return _("only from SEV%(rank)d") % {"rank": self.least_severity}
        if self.window and not _within(at.astimezone(ZoneInfo(zone)).time(), *self.window):
            return _("only from %(start)s to %(end)s") % {"start": self.window[0], "end": self.window[1]}
        return ""


@dataclass(frozen=True, slots=True)
class Way:
    """One way of last resort: a person, or a staffed number."""

    person: int | None
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Plan:
    policy: str
    name: str
    zone: str
    repeat: int
    steps: tuple[Step, ...] = ()
    last_resort: tuple[Way, ...] = ()

    def step(self, number: int) -> Step | None:
        """Steps are counted from 1 in their order, whatever their positions are called."""
        return self.steps[number - 1] if 1 <= number <= len(self.steps) else None

    def delay(self, number: int) -> timedelta:
        step = self.step(number)
        return timedelta(seconds=step.delay_s if step else 0)

    @property
    def last_wait(self) -> timedelta:
        """How long the last step's people have before the round is over."""
        delays = [step.delay_s for step in self.steps[-2:]]
        gap = delays[1] - delays[0] if len(delays) == 2 else 0
        return timedelta(seconds=gap if gap > 0 else PATIENCE_S)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def plan_of(policy: Policy) -> Plan:
    """The policy as it is in the database now."""
    steps = policy.steps.prefetch_related(Prefetch("targets", StepTarget.objects.select_related("person", "schedule", "team", "webhook")))
    ways = policy.last_resorts.select_related("person")
    return Plan(
        policy=policy.slug,
        name=policy.name,
        zone=zones.of(None),
        repeat=policy.repeat,
        steps=tuple(_step(step) for step in steps),
        last_resort=tuple(Way(way.person_id, way.number, str(way)) for way in ways),
    )


def read(kept: Mapping[str, Any]) -> Plan:
    """The plan a snapshot holds."""
    steps = [
        {**step, "window": _pair(step["window"]), "targets": tuple(Target(**target) for target in step["targets"])}
        for step in kept["steps"]
    ]
    return Plan(**{**kept, "steps": tuple(Step(**step) for step in steps), "last_resort": tuple(Way(**way) for way in kept["last_resort"])})


@transaction.atomic(savepoint=False)
def publish(policy: Policy, *, now: datetime, author: User | None = None) -> PolicyVersion:
    """The version that says what the policy says now: the newest one, or a new one where the rows differ from it."""
    wanted = plan_of(policy).as_json()
    newest = policy.versions.first()
    if newest and _same(newest.definition, wanted):
        return newest
    row = Policy.objects.select_for_update().get(pk=policy.pk)
    newest = row.versions.first()
    if newest and _same(newest.definition, wanted):
        return newest
    row.version = policy.version = newest.version + 1 if newest else row.version
    row.save(update_fields=["version"])
    return PolicyVersion.objects.create(policy=row, version=row.version, definition=wanted, author=author, published_at=now)


def _step(step: PolicyStep) -> Step:
    window = (f"{step.window_from:%H:%M}", f"{step.window_until:%H:%M}") if step.window_from and step.window_until else None
    targets = tuple(_target(target) for target in step.targets.all())
    return Step(step.position, step.delay_s, step.among, step.least_severity, window, targets, step.require_all)


def _target(target: StepTarget) -> Target:
    chosen = target.person_id or target.schedule_id or target.team_id or target.webhook_id
    assert chosen is not None  # the constraint target_is_one_thing
    return Target(target.kind, chosen, str(target))


def _same(kept: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return read(kept) == read(wanted)


def _pair(window: Any) -> tuple[str, str] | None:
    return (window[0], window[1]) if window else None


def _within(moment: time, start: str, end: str) -> bool:
    """Start included, end not; the same time twice is the whole day."""
    first, last = time.fromisoformat(start), time.fromisoformat(end)
    if first < last:
        return first <= moment < last
    return moment >= first or moment < last
