"""A policy as people say it, line by line; two versions compared are two lists of such lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import ndiff

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.escalation.snapshot import Plan, Step, Target
from incidents.models import PolicyStep, StepTarget
from servicedesk.directory import moments

ALWAYS = 4


@dataclass(frozen=True, slots=True)
class Said:
    """ "after 10 min" · "IT Ops secondary" · "only for SEV1 and SEV2"."""

    when: str
    who: str
    only: str = ""

    def __str__(self) -> str:
        return f"{self.when}: {self.who}" + (f" ({self.only})" if self.only else "")


def steps(plan: Plan) -> list[Said]:
    return [Said(_when(step), _who(step), _only(step)) for step in plan.steps]


def after_steps(plan: Plan) -> list[str]:
    """What follows when nobody acknowledged: repeats, then the last resort."""
    repeat = ngettext("then once more from the start", "then %(n)d times more from the start", plan.repeat) % {"n": plan.repeat}
    ways = ", ".join(way.name for way in plan.last_resort)
    last = _("then the last resort: %(ways)s") % {"ways": ways} if ways else _("then every IT manager, for want of a last resort")
    return [*([repeat] if plan.repeat else []), last]


def lines(plan: Plan) -> list[str]:
    return [*map(str, steps(plan)), *after_steps(plan)]


def differences(old: Plan, new: Plan) -> list[tuple[str, str]]:
    """("-" or "+", line) for what one version says and the other does not."""
    told = ndiff(lines(old), lines(new))
    return [(line[0], line[2:]) for line in told if line[0] in "+-"]


def _when(step: Step) -> str:
    return _("after %(time)s") % {"time": moments.duration(timedelta(seconds=step.delay_s))} if step.delay_s else _("at once")


def _who(step: Step) -> str:
    names = _joined([_target(target) for target in step.targets]) or _("nobody")
    if len(step.targets) == 1 and step.targets[0].kind == StepTarget.Kind.PERSON:
        return names
    if step.among == PolicyStep.Among.ROUND_ROBIN:
        return _("one of %(names)s, in turns") % {"names": names}
    if step.among == PolicyStep.Among.FIRST:
        return _("the first who can be reached of %(names)s") % {"names": names}
    return names


def _target(target: Target) -> str:
    words = {"name": target.name}
    if target.kind == StepTarget.Kind.WEBHOOK:
        return _("the program %(name)s") % words
    if target.kind == StepTarget.Kind.TEAM:
        return _("everyone of %(name)s") % words
    return _("the IT manager of %(name)s") % words if target.kind == StepTarget.Kind.MANAGER else target.name


def _only(step: Step) -> str:
    ranks = {1: _("only for SEV1"), ALWAYS: ""}.get(step.least_severity, _("only for SEV1 to SEV%(n)d") % {"n": step.least_severity})
    hours = _("only from %(start)s to %(end)s") % {"start": step.window[0], "end": step.window[1]} if step.window else ""
    everybody = _("everybody must acknowledge") if step.require_all else ""
    return ", ".join(filter(None, [ranks, hours, everybody]))


def _joined(names: Sequence[str]) -> str:
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]} if len(names) > 1 else "".join(names)
