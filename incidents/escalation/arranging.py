"""A policy rewritten as a plan says it: its steps, whom they page, its repeats and its last resort, kept as a new version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, time

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from incidents.escalation import snapshot
from incidents.escalation.snapshot import Plan, Step
from incidents.models import LastResort, Policy, PolicyStep, PolicyVersion, StepTarget
from servicedesk.audit import trail
from servicedesk.directory.models import Service, User

COLUMNS = {
    StepTarget.Kind.PERSON: "person_id",
    StepTarget.Kind.SCHEDULE: "schedule_id",
    StepTarget.Kind.TEAM: "team_id",
    StepTarget.Kind.MANAGER: "team_id",
    StepTarget.Kind.WEBHOOK: "webhook_id",
}


LONGEST_SLUG = 50
RESERVED = ("new",)  # a page of that address


class ChangedMeanwhile(Exception):
    """Somebody saved another version since this one was begun."""


@transaction.atomic
def arrange(policy: Policy, plan: Plan, *, since: str, note: str, by: User, now: datetime) -> PolicyVersion:
    """The policy as `plan` has it, and its version; running escalations keep theirs. `since`: the fingerprint of what it was begun from.

    Raises ChangedMeanwhile. A plan that says what stands already changes nothing.
    """
    row = Policy.objects.select_for_update().get(pk=policy.pk)
    before = snapshot.plan_of(row)
    if fingerprint(before) != since:
        raise ChangedMeanwhile
    standing = snapshot.publish(row, now=now, author=by)
    if before == plan:
        return standing
    rewrite(row, plan)
    made = snapshot.publish(row, now=now, author=by)
    policy.version, policy.repeat = row.version, row.repeat
    versions = {"version": standing.version}, {"version": made.version, **({"note": note} if note else {})}
    trail.record(row, "arrange", actor=by, now=now, before=versions[0], after=versions[1])
    return made


class NameTaken(Exception):
    """Another policy is called that, or its address would be the same."""


@transaction.atomic
def make(plan: Plan, *, name: str, services: Iterable[Service], is_default: bool, note: str, by: User, now: datetime) -> PolicyVersion:
    """A new policy as `plan` has it, and its first version. Of these services it pages from now on, instead of whichever did.

    Raises NameTaken.
    """
    list(Policy.objects.select_for_update().order_by("pk"))  # one is made at a time: names and the default are looked at below
    slug = slugify(name)[:LONGEST_SLUG]
    if not slug or slug in RESERVED or Policy.objects.filter(Q(slug=slug) | Q(name__iexact=name)).exists():
        raise NameTaken
    for loser in Policy.objects.filter(is_default=True) if is_default else ():
        Policy.objects.filter(pk=loser.pk).update(is_default=False)
        trail.record(loser, "lose the default", actor=by, now=now, before={"is_default": True}, after={"is_default": False})
    row = Policy.objects.create(slug=slug, name=name, repeat=plan.repeat, is_default=is_default)
    for service in services:
        before = sorted(service.policies.values_list("slug", flat=True))
        service.policies.set([row])
        trail.record(service, "move to another policy", actor=by, now=now, before={"policies": before}, after={"policies": [slug]})
    _write_all(row, plan)
    made = snapshot.publish(row, now=now, author=by)
    said = {"version": made.version, "services": [service.slug for service in row.services.order_by("slug")], "is_default": is_default}
    trail.record(row, "make", actor=by, now=now, after={**said, **({"note": note} if note else {})})
    return made


def rewrite(policy: Policy, plan: Plan) -> None:
    """Its rows as the plan has them, and no version: for a deed that keeps one, or for what is rolled back."""
    policy.repeat = plan.repeat
    policy.save(update_fields=["repeat"])
    policy.steps.all().delete()
    policy.last_resorts.all().delete()
    _write_all(policy, plan)


def fingerprint(plan: Plan) -> str:
    """By which two edits of one policy notice each other."""
    return hashlib.sha256(json.dumps(plan.as_json(), sort_keys=True).encode()).hexdigest()[:16]


def _write_all(policy: Policy, plan: Plan) -> None:
    for step in plan.steps:
        _write(policy, step)
    for position, way in enumerate(plan.last_resort):
        LastResort.objects.create(policy=policy, position=position, person_id=way.person, number=way.number)


def _write(policy: Policy, step: Step) -> None:
    opens, closes = (time.fromisoformat(end) for end in step.window) if step.window else (None, None)
    made = PolicyStep.objects.create(
        policy=policy,
        position=step.position,
        delay_s=step.delay_s,
        among=step.among,
        least_severity=step.least_severity,
        require_all=step.require_all,
        window_from=opens,
        window_until=closes,
    )
    for target in step.targets:
        StepTarget.objects.create(step=made, kind=target.kind, **{COLUMNS[StepTarget.Kind(target.kind)]: target.id})
