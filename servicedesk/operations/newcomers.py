"""People who come by the company's sign-in (OIDC): whom they are, and which roles their groups give."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from servicedesk.audit import trail
from servicedesk.directory.models import Grant, Team, User

UNFIT = re.compile(r"[^a-z0-9._@+-]+")
LONGEST = 140  # leaves room for a number that makes a user name unique


def claims(account: Any) -> dict[str, Any]:
    """What the provider says: user info, on top of the id token where both came."""
    given = account.extra_data
    return {**(given.get("id_token") or {}), **(given.get("userinfo") or given)}


def known_by_address(addresses: Iterable[Any]) -> User | None:
    """The employee whose address the provider has verified; an address somebody only claims finds nobody."""
    verified = [one.email.lower() for one in addresses if one.verified]
    return User.objects.filter(email__in=verified, kind=User.Kind.EMPLOYEE).first()


def own(addresses: Iterable[Any]) -> list[Any]:
    """Those that are verified and nobody else's."""
    verified = {one.email.lower(): one for one in addresses if one.verified}
    taken = set(User.objects.filter(email__in=verified).values_list("email", flat=True))
    return [one for email, one in verified.items() if email not in taken]


def fill(person: User, said: dict[str, Any], addresses: Iterable[Any], *, now: datetime) -> User:
    """A new employee from the claims and their `own` addresses; no password."""
    email = next((one.email.lower() for one in addresses), None)
    person.email = email
    person.username = _user_name(said, email)
    person.name = str(said.get("name") or said.get("preferred_username") or email or person.username)[:120]
    person.kind, person.created_at = User.Kind.EMPLOYEE, now
    person.set_unusable_password()
    return person


def _user_name(said: dict[str, Any], email: str | None) -> str:
    wished = str(said.get("preferred_username") or (email or "").partition("@")[0] or said.get("sub") or "person").lower()
    base = UNFIT.sub("-", wished).strip("-")[:LONGEST] or "person"
    taken = set(User.objects.filter(username__startswith=base).values_list("username", flat=True))
    return next(name for name in (base, *(f"{base}{n}" for n in range(2, len(taken) + 3))) if name not in taken)


@transaction.atomic
def follow_groups(person: User, said: dict[str, Any], *, now: datetime) -> None:
    """Give and take the grants that OIDC_GROUPS maps; all others stay as administrators made them."""
    groups = said.get(settings.OIDC_GROUPS_CLAIM) or []
    held = {groups} if isinstance(groups, str) else set(map(str, groups))
    teams = {team.slug: team for team in Team.objects.all()}
    for group, (role, slug) in settings.OIDC_GROUPS.items():
        if slug and slug not in teams:
            continue
        _follow(person, role, teams.get(slug), held=group in held, now=now)


def _follow(person: User, role: str, team: Team | None, *, held: bool, now: datetime) -> None:
    there = Grant.objects.filter(user=person, role=role, team=team)
    if held == there.exists():
        return
    grant = {"role": role, "team": team.slug if team else None}
    if held:
        Grant.objects.create(user=person, role=role, team=team)
        trail.record(person, "granted by a group", actor=None, now=now, after=grant)
    else:
        there.delete()
        trail.record(person, "lost with a group", actor=None, now=now, before=grant)
