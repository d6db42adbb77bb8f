"""Programs that a step of a policy calls beside people, by webhook. They wake nobody and acknowledge nothing."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents import hooks, journal
from incidents.escalation.snapshot import Plan, Target
from incidents.models import Incident, Run, StepTarget, TimelineEntry


def call(run: Run, incident: Incident, plan: Plan, *, now: datetime) -> list[str]:
    """The names of those that the run's present step tells; each is on the timeline, also where it is not told."""
    step = plan.step(run.step)
    named = [target for target in step.targets if target.kind == StepTarget.Kind.WEBHOOK] if step else []
    return [target.name for target in named if _called(run, incident, plan, target, now=now)]


def _called(run: Run, incident: Incident, plan: Plan, target: Target, *, now: datetime) -> bool:
    told = {"policy": plan.policy, "round": run.loop + 1, "step": run.step}
    why_not = hooks.of_step(incident, target.id, key=f"run:{run.pk}:{run.loop}:{run.step}", step=told, now=now)
    words = {"name": target.name, "reason": why_not}
    text = _("The program %(name)s is not told: %(reason)s.") if why_not else _("The program %(name)s is told.")
    kind = TimelineEntry.Kind.WARNING if why_not else TimelineEntry.Kind.PAGE
    journal.line(incident, kind, text % words, now=now, data={"run": run.pk, "loop": run.loop, "step": run.step})
    return not why_not
