"""Giving tokens out, knowing them again, and taking them back. Each token acts as a service account, never as a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from servicedesk.audit import trail
from servicedesk.directory.models import Grant, Role, User
from servicedesk.tokens import minting
from servicedesk.tokens.models import ApiToken
from servicedesk.tokens.scopes import checked

REMEMBERED_EVERY = timedelta(minutes=1)
LONGEST_NAME = 80


class NameNeeded(ValueError):
    """A token says what uses it."""


class NotAServiceAccount(ValueError):
    """People sign in; only service accounts have tokens."""


@dataclass(frozen=True, slots=True)
class Issued:
    """`secret` is the token itself: shown once, kept nowhere."""

    token: ApiToken
    secret: str


@transaction.atomic
def mint(
    *,
    name: str,
    scopes: Iterable[str],
    now: datetime,
    created_by: User | None = None,
    owner: User | None = None,
    expires_at: datetime | None = None,
    prefix: str = "",
) -> Issued:
    """A new token. Without `owner`, it acts as the service account of that name, made where there is none.

    Raises NameNeeded, UnknownScope, NotAServiceAccount. `prefix` only where a world wants a known one.
    """
    given, words = checked(scopes), " ".join(name.split())[:LONGEST_NAME]
    if not slugify(words):
        raise NameNeeded
    account = owner or _account(words, now=now, created_by=created_by)
    if account.kind != User.Kind.SERVICE:
        raise NotAServiceAccount
    secret = minting.mint(prefix)
    token = ApiToken.objects.create(
        name=words, prefix=secret.prefix, digest=secret.digest, scopes=given, owner=account,
        created_by=created_by, created_at=now, expires_at=expires_at,
    )  # fmt: skip
    until = expires_at.isoformat() if expires_at else None
    trail.record(token, "mint", actor=created_by, now=now, after={"acts_as": account.username, "scopes": given, "expires_at": until})
    return Issued(token, secret.token)


@transaction.atomic
def revoke(token: ApiToken, *, actor: User | None, now: datetime) -> ApiToken:
    """From now on it opens nothing. Revoked already: unchanged."""
    row = ApiToken.objects.select_for_update().get(pk=token.pk)
    if row.revoked_at is None:
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        trail.record(row, "revoke", actor=actor, now=now, after={"revoked_at": now.isoformat()})
    return row


def bearer(secret: str, *, now: datetime) -> ApiToken | None:
    """The token in force whose secret this is, its owner beside it."""
    prefix = minting.prefix_of(secret)
    token = ApiToken.objects.in_force(now).select_related("owner").filter(prefix=prefix).first() if prefix else None
    return token if token is not None and minting.matches(secret, token.digest) else None


def remember_use(token: ApiToken, *, now: datetime) -> None:
    """When it was last used, written at most once a minute however often it comes."""
    stale = now - REMEMBERED_EVERY
    if token.last_used_at is None or token.last_used_at <= stale:
        rows = ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=stale), pk=token.pk)
        rows.update(last_used_at=now)


def _account(name: str, *, now: datetime, created_by: User | None) -> User:
    """The service account of this name. A new one reads and works what the desk's agents do, within its token's scopes."""
    username = f"api-{slugify(name)}"[:150]
    known = User.objects.filter(username=username, kind=User.Kind.SERVICE, is_active=True).first()
    if known is not None:
        return known
    if User.objects.filter(username=username).exists():
        username = f"{username[:140]}-{minting.mint().prefix}"
    account = User.objects.create_user(username, name=name, kind=User.Kind.SERVICE, created_at=now)
    Grant.objects.create(user=account, role=Role.AGENT)
    trail.record(account, "add", actor=created_by, now=now, after={"kind": account.kind, "role": Role.AGENT.value})
    return account
