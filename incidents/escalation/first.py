"""Whom an incident of each service would page first, at one moment, for lists: a fixed number of queries."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Prefetch

from incidents.models import Policy, PolicyStep, StepTarget
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule


class First(NamedTuple):
    """`person`: a short name, "" where the first step has nobody now; `policy` and `slug` are of the policy that pages."""

    person: str
    policy: str
    slug: str


def first_paged(*, at: datetime) -> dict[int, First]:
    """By the service's number; under 0 that of services without a policy."""
    steps = Prefetch("steps", PolicyStep.objects.order_by("position"))
    targets = Prefetch("steps__targets", StepTarget.objects.select_related("person", "team__manager"))
    policies = list(Policy.objects.order_by("pk").prefetch_related("services", steps, targets))
    rotas = _rotas(policies, at)
    found: dict[int, First] = {}
    for policy in policies:
        name = next((name for step in list(policy.steps.all())[:1] for each in step.targets.all() if (name := _name(each, rotas, at))), "")
        for service in [*[service.pk for service in policy.services.all()], *([0] if policy.is_default else [])]:
            found.setdefault(service, First(name, policy.name, policy.slug))
    return found


def _rotas(policies: list[Policy], at: datetime) -> dict[int, roster.Rota]:
    wanted = {target.schedule_id for policy in policies for step in policy.steps.all() for target in step.targets.all()}
    schedules = list(Schedule.objects.select_related("team", "fallback").filter(pk__in=[pk for pk in wanted if pk]))
    return {rota.schedule.pk: rota for rota in roster.load(schedules, start=at, end=at)}


def _name(target: StepTarget, rotas: dict[int, roster.Rota], at: datetime) -> str:
    if target.schedule_id:
        duties = rotas[target.schedule_id].on_call(at)
        return duties[0].person.get_short_name() if duties else ""
    if target.kind == StepTarget.Kind.MANAGER and target.team and target.team.manager:
        return target.team.manager.get_short_name()
    return target.person.get_short_name() if target.person else str(target.team or "")
