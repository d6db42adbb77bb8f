"""The desk as it was at a moment that is past: policies, people and turns put back, and what of it is not known.

Only for a transaction that is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from incidents.escalation import arranging, policy_for, snapshot
from incidents.escalation.snapshot import Plan
from incidents.models import Page, Policy, PolicyStep, PolicyVersion, StepTarget
from incidents.rehearsal.asked import Question
from notifications import bygone as post
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Service, Team, User
from servicedesk.oncall import bygone as turns

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Then:
    """The policy that counted, its version of then (None: none was kept), and what could not be put back."""

    policy: Policy | None
    version: int | None
    unknown: tuple[str, ...]


def put_back(policy: Policy | None, service: Service | None, *, at: datetime) -> Then:
    found = policy or _policy_of(service, at)
    version = _version(found, at) if found else None
    unknown = list(_not_kept(found, version, at)) if found else []
    plan = _plan(found, version)
    if found is not None and version is not None:
        arranging.rewrite(found, plan)
    named = {kind: {target.id for step in plan.steps for target in step.targets if target.kind == kind} for kind in StepTarget.Kind.values}
    unknown += post.put_back(at=at)
    unknown += turns.put_back(named[StepTarget.Kind.SCHEDULE], at=at)
    unknown += _people(named[StepTarget.Kind.TEAM] | named[StepTarget.Kind.MANAGER], at)
    if any(step.among == PolicyStep.Among.ROUND_ROBIN for step in plan.steps):
        Page.objects.filter(at__gt=at).update(at=LONG_AGO)  # whose turn it was is told by the pages before
    return Then(found, version.version if version else None, tuple(dict.fromkeys(unknown)))


def _plan(found: Policy | None, version: PolicyVersion | None) -> Plan:
    if version is not None:
        return snapshot.read(version.definition)
    return snapshot.plan_of(found) if found else Plan(policy="", name="", zone="UTC", repeat=0)


def _policy_of(service: Service | None, at: datetime) -> Policy | None:
    """The service's own of then, where it was moved to another since; else as now."""
    moves = AuditEntry.objects.filter(noun=Service._meta.label_lower, verb="move to another policy", at__gt=at)
    first = moves.filter(object_id=str(service.pk)).order_by("id").first() if service else None
    if first is None:
        return policy_for(Question(None, service))
    slugs = first.before.get("policies") or []
    return Policy.objects.filter(slug__in=slugs).order_by("pk").first() or Policy.objects.filter(is_default=True).first()


def _version(found: Policy, at: datetime) -> PolicyVersion | None:
    """A version is kept when it first pages somebody or is edited: before the first one, that one stood."""
    return found.versions.filter(published_at__lte=at).first() or found.versions.order_by("version").first()


def _not_kept(found: Policy, version: PolicyVersion | None, at: datetime) -> Iterator[str]:
    words = {"policy": found, "n": version.version if version else 0}
    if version is None:
        yield _("No version of %(policy)s is kept: its steps are those of now.") % words
    elif version.published_at > at:
        yield _("No version of %(policy)s is kept from before that moment: version %(n)d, the first, is taken.") % words


def _people(teams: set[int], at: datetime) -> Iterator[str]:
    """Who was active, and who managed a team, by what the first change after the moment found."""
    entries = AuditEntry.objects.filter(at__gt=at, noun__in=(User._meta.label_lower, Team._meta.label_lower)).order_by("-id")
    for entry in entries.filter(before__has_key="is_active"):
        User.objects.filter(pk=int(entry.object_id)).update(is_active=bool(entry.before["is_active"]))
    for entry in entries.filter(noun=Team._meta.label_lower, before__has_key="manager"):
        Team.objects.filter(pk=int(entry.object_id)).update(manager=entry.before["manager"])
    for team in Team.objects.filter(pk__in=teams).order_by("name"):
        yield _("Who belonged to %(team)s then is not kept: its people are those of now.") % {"team": team}
