"""People who come by the company's sign-in (OIDC) or its directory (LDAP): who they are, and which roles their groups give."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from servicedesk.audit import trail
from servicedesk.directory import ldap
from servicedesk.directory.again import BY_LDAP
from servicedesk.directory.models import Grant, Team, User

UNFIT = re.compile(r"[^a-z0-9._@+-]+")
LONGEST_OF = {"name": 120, "department": 80, "phone": 40}
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


def follow_groups(person: User, said: dict[str, Any], *, now: datetime) -> None:
    """The groups of the claims, by OIDC_GROUPS."""
    groups = said.get(settings.OIDC_GROUPS_CLAIM) or []
    held = {groups} if isinstance(groups, str) else set(map(str, groups))
    follow(person, held, settings.OIDC_GROUPS, now=now)


@transaction.atomic
def follow(person: User, held: Collection[str], given: Mapping[str, tuple[str, str]], *, now: datetime) -> None:
    """Give and take the grants that `given` maps from groups; all others stay as administrators made them."""
    teams = {team.slug: team for team in Team.objects.all()}
    for group, (role, slug) in given.items():
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


# The directory


@transaction.atomic
def from_directory(entry: ldap.Entry, *, now: datetime) -> User | None:
    """Whoever this entry is: by its lasting id, else the employee with its address, else a new one. None: may not come in here."""
    link = SocialAccount.objects.filter(provider=BY_LDAP, uid=entry.key).select_related("user").first()
    person = link.user if link else _of_address(entry) or _made(entry, now=now)
    if not person.is_active or person.kind != User.Kind.EMPLOYEE:
        return None
    if link is None:
        SocialAccount.objects.create(user=person, provider=BY_LDAP, uid=entry.key)
        trail.record(person, "known in the directory", actor=None, now=now, after={"dn": entry.dn})
    bring_up_to_date(person, entry, now=now)
    return person


def bring_up_to_date(person: User, entry: ldap.Entry, *, now: datetime) -> None:
    """Name, address, department, phone and grants as the directory has them; what it leaves empty stays."""
    said = {name: entry.values.get(name, "")[:most] for name, most in LONGEST_OF.items()}
    said["email"] = entry.values.get("email", "").lower()
    if User.objects.filter(email=said["email"]).exclude(pk=person.pk).exists():
        said["email"] = ""
    before = {name: getattr(person, name) or "" for name in said}
    changed = {name: value for name, value in said.items() if value and value != before[name]}
    if changed:
        for name, value in changed.items():
            setattr(person, name, value)
        person.save(update_fields=list(changed))
        trail.record(
            person, "changed by the directory", actor=None, now=now, before={name: before[name] for name in changed}, after=changed
        )
    follow(person, entry.groups, {group.lower(): grant for group, grant in settings.LDAP_GROUPS.items()}, now=now)


def has_left(person: User) -> bool:
    """Whether the directory, asked now, has them no longer or has switched them off. A directory that is away says nothing."""
    link = SocialAccount.objects.filter(user=person, provider=BY_LDAP).first() if ldap.is_set_up() else None
    if link is None:
        return False
    try:
        entry = ldap.find_again(link.uid)
    except ldap.Away:
        return False
    return entry is None or not entry.is_active


def _of_address(entry: ldap.Entry) -> User | None:
    email = entry.values.get("email", "").lower()
    return User.objects.filter(email=email, kind=User.Kind.EMPLOYEE).first() if email else None


def _made(entry: ldap.Entry, *, now: datetime) -> User:
    said = {"preferred_username": entry.values.get("username"), "sub": entry.key}
    name = (entry.values.get("name") or entry.values.get("username") or entry.key)[:120]
    person = User(username=_user_name(said, entry.values.get("email")), name=name, kind=User.Kind.EMPLOYEE, created_at=now)
    person.set_unusable_password()
    person.save()
    trail.record(person, "came from the directory", actor=None, now=now)
    return person
