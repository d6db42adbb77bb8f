"""The incident plan: seeded once, published version by version, confirmed by its readers, checked for what it still names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import starter_plan
from incidents.models import Plan, PlanReading, PlanRole, PlanVersion, Runbook
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Role, Service, User
from servicedesk.oncall.models import RotationMember

STAFF = (Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)


class PlanMovedOn(Exception):
    """Another version is in force than the one that was read."""


@tongues.deed
def install(*, owner: User | None, services: Iterable[Service] = (), holders: Iterable[tuple[User, User]] = (), now: datetime) -> Plan:
    """The starter plan, where there is none yet. `holders`: (holder, deputy) of the starter roles, in their order."""
    plan, is_new = Plan.objects.get_or_create(pk=1, defaults={"owner": owner, **starter_plan.TEXTS})
    if not is_new:
        return plan
    people = list(holders)
    for place, (name, duty) in enumerate(starter_plan.ROLES):
        holder, deputy = people[place] if place < len(people) else (None, None)
        PlanRole.objects.create(plan=plan, name=name, duty=duty, holder=holder, deputy=deputy)
    for service in services:
        Runbook.objects.create(plan=plan, service=service, text=starter_plan.RUNBOOK)
    return publish(plan, note=_("Starter plan"), actor=owner, now=now)


@tongues.deed
def publish(plan: Plan, *, note: str, actor: User | None, now: datetime) -> Plan:
    """What the plan says now becomes its next version, which everybody reads anew. Unchanged: nothing happens."""
    Plan.objects.select_for_update().get(pk=plan.pk)
    last = plan.versions.first()
    said = document(plan)
    if last is not None and last.document == said:
        return plan
    plan.version, plan.approved_at = (last.version if last else 0) + 1, now
    plan.save(update_fields=["version", "approved_at"])
    PlanVersion.objects.create(plan=plan, version=plan.version, document=said, note=note, author=actor, published_at=now)
    before = {name: value for name, value in (last.document if last else {}).items() if value != said.get(name)}
    after = {name: value for name, value in said.items() if value != (last.document if last else {}).get(name)}
    trail.record(plan, "publish", actor=actor, now=now, before=before, after={**after, "version": plan.version, "note": note})
    return plan


@tongues.deed
def confirm(plan: Plan, *, version: int, reader: User, now: datetime) -> PlanReading:
    """ "I have read version n". Raises PlanMovedOn when another is in force; a second time changes nothing."""
    if Plan.objects.select_for_update().get(pk=plan.pk).version != version:
        raise PlanMovedOn
    reading, is_new = PlanReading.objects.get_or_create(plan=plan, version=version, person=reader, defaults={"at": now})
    if is_new:
        trail.record(plan, "confirm reading", actor=reader, now=now, after={"version": version})
    return reading


def document(plan: Plan) -> dict[str, Any]:
    """Everything the plan says, as JSON."""
    roles = [
        {"name": role.name, "duty": role.duty, "holder": _name(role.holder), "deputy": _name(role.deputy), "contact": role.contact}
        for role in plan.roles.select_related("holder", "deputy")
    ]
    runbooks = {book.service.name: book.text for book in plan.runbooks.select_related("service")}
    texts = {name: getattr(plan, name) for name in (*Plan.TEXTS, *Plan.PHASES)}
    return {**texts, "owner": _name(plan.owner), "roles": roles, "runbooks": runbooks}


def readers(plan: Plan) -> list[User]:
    """Who is to read it: agents and managers, who holds a role in it, who takes turns on call."""
    named = plan.roles.values_list("holder", "deputy")
    ids = {pk for row in named for pk in row if pk}
    ids |= set(RotationMember.objects.filter(rotation__valid_until=None).values_list("person", flat=True))
    people = User.objects.get_queryset().people().active()
    staff = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).values("pk")
    return list(people.filter(Q(pk__in=staff) | Q(pk__in=ids)).order_by("name"))


def may_read(user: User) -> bool:
    """Staff, and who holds a role in it without being staff: the legal contact."""
    return user.holds(*STAFF) or PlanRole.objects.filter(Q(holder=user) | Q(deputy=user)).exists()


def dangling(plan: Plan) -> Iterator[str]:
    """What it names and no longer is, and what it leaves out."""
    yield from _of_owner(plan)
    for role in plan.roles.select_related("holder", "deputy"):
        for person in filter(None, (role.holder, role.deputy)):
            if not person.is_active:
                yield _("%(name)s is named as %(role)s and has left.") % {"name": person, "role": role.name}
    for book in plan.runbooks.select_related("service").filter(service__is_active=False):
        yield _("There is a runbook for %(service)s, which is no longer in use.") % {"service": book.service}
    for name in (*Plan.TEXTS, *Plan.PHASES):
        if not getattr(plan, name).strip():
            yield _("The section “%(name)s” is empty.") % {"name": Plan._meta.get_field(name).verbose_name}  # type: ignore[union-attr]


def _of_owner(plan: Plan) -> Iterator[str]:
    if plan.owner is None:
        yield _("The plan has no owner.")
    elif not plan.owner.is_active:
        yield _("%(name)s owns the plan and has left.") % {"name": plan.owner}


def _name(person: User | None) -> str | None:
    return person.username if person else None
