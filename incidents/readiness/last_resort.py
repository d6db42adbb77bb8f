"""Whether a policy's last resort would hold: two ways at least, one of them outside the steps, each of which works."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from incidents.escalation.last_resort import people, staffed_number
from incidents.escalation.snapshot import Plan
from incidents.models import StepTarget
from incidents.readiness.rotas import cannot_be_woken
from notifications import numbers
from servicedesk.directory.models import User
from servicedesk.oncall.models import RotationMember

LEAST = 2


def faults(plan: Plan) -> Iterator[str]:
    """One sentence a fault."""
    words = {"policy": plan.name}
    if not plan.last_resort:
        yield _("%(policy)s has no last resort.") % words
        return
    if len(plan.last_resort) < LEAST:
        yield _("%(policy)s has one way of last resort; give it a second.") % words
    listed = people(plan)
    if not staffed_number(plan) and not {person.pk for person in listed} - _in_steps(plan):
        yield _("Everybody of the last resort of %(policy)s is in its steps already; add somebody else, or a staffed number.") % words
    for way in plan.last_resort:
        if way.number and not numbers.dialled(way.number):
            yield _("%(number)s of the last resort cannot be dialled from here: write it with + and the country.") % {"number": way.number}
    for person in listed:
        yield from filter(None, [_gone(person), cannot_be_woken(person)])


def _gone(person: User) -> str:
    return "" if person.is_active else _("%(name)s of the last resort has left.") % {"name": person}


def _in_steps(plan: Plan) -> set[int]:
    """Everybody a step names, or who takes turns on a schedule it names."""
    targets = [target for step in plan.steps for target in step.targets]
    named = {target.id for target in targets if target.kind == StepTarget.Kind.PERSON}
    schedules = [target.id for target in targets if target.kind == StepTarget.Kind.SCHEDULE]
    members = RotationMember.objects.filter(rotation__schedule__in=schedules, rotation__valid_until=None)
    return named | set(members.values_list("person_id", flat=True))
