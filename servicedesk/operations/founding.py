"""The first run: an organisation, its first administrator, the starter rules, and a policy that leads to that administrator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from incidents import plans, reviews, seeding, starter
from incidents.models import LastResort, Policy, PolicyStep, StepTarget
from notifications import drills
from notifications.models import Channel, ContactMethod
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Grant, Organisation, Role, Team, User


class AlreadyFounded(Exception):
    """There is an organisation; its administrator goes on from here."""


def found(organisation: Mapping[str, Any], person: Mapping[str, str], *, now: datetime) -> User:
    """Set the desk up. Of two who try at the same moment one wins. Raises AlreadyFounded.

    `organisation` is columns of its row, without hours those of a new desk; `person` is name, username, email and password.
    """
    try:
        with transaction.atomic():
            return _found(organisation, person, now)
    except IntegrityError as error:
        raise AlreadyFounded from error


def _found(organisation: Mapping[str, Any], person: Mapping[str, str], now: datetime) -> User:
    row = Organisation(pk=1, created_at=now, **{"desk_hours": dict(starter.DESK_HOURS), **organisation})
    row.save(force_insert=True)
    with tongues.in_house():
        return _administered(row, person, now)


def _administered(row: Organisation, person: Mapping[str, str], now: datetime) -> User:
    """The first administrator, and what the desk begins with."""
    admin = User.objects.create_user(created_at=now, **person)
    for role in (Role.ADMIN, Role.MANAGER):
        Grant.objects.create(user=admin, role=role)
    ContactMethod.objects.create(person=admin, kind=Channel.EMAIL, address=person["email"], created_at=now)
    desk = Team.objects.create(slug="service-desk", name="Service desk", manager=admin)
    _default_policy(desk, admin)
    seeding.install_rules(now=now)
    reviews.install()
    plans.install(owner=admin, now=now)
    drills.install_weekly(now=now)
    trail.record(row, "founded", actor=admin, now=now, after={"name": row.name, "zone": row.zone})
    return admin


def _default_policy(desk: Team, admin: User) -> None:
    """Until there are rotas: the manager of the service desk, then the founder again. Whoever manages later takes the place by itself."""
    policy = Policy.objects.create(slug="default", name="Service desk", team=desk, is_default=True)
    step = PolicyStep.objects.create(policy=policy, position=1)
    StepTarget.objects.create(step=step, kind=StepTarget.Kind.MANAGER, team=desk)
    LastResort.objects.create(policy=policy, position=0, person=admin)
