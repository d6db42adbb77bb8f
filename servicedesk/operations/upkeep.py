"""What `doctor` asks of the house itself: hold, backups, providers, clocks, the company's sign-in, the trail's safety."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from notifications import providers
from notifications.models import ProviderState
from servicedesk.audit.models import AuditEntry
from servicedesk.directory import ldap
from servicedesk.directory.models import Organisation, Role, User
from servicedesk.operations import backups, standstill

BACKUP_MOST = timedelta(hours=26)  # a night and some patience
REHEARSAL_MOST = timedelta(days=90)
SKEW_MOST_S = 5.0
SSO_WAIT_S = 3.0
PUBLISHED = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    part: str
    words: str
    is_fine: bool = False
    stops_pages: bool = False


def held(now: datetime) -> Iterator[Finding]:
    if words := standstill.words():
        yield Finding("hold", words, stops_pages=True)


def saved(now: datetime) -> Iterator[Finding]:
    """The age of the last backup, and of the last restore that was tried."""
    made, tried = backups.last(backups.MADE), backups.last(backups.TRIED, backups.RESTORED)
    if made is None:
        yield Finding("backup", "none was made yet. Run `manage.py backup FILE` each night and keep the file on another machine.")
        return
    if now - made.at > BACKUP_MOST:
        yield Finding("backup", f"the last one is {_age(now - made.at)} old. Run `manage.py backup FILE` each night.")
    else:
        yield Finding("backup", f"made {_age(now - made.at)} ago.", is_fine=True)
    if tried is None or now - tried.at > REHEARSAL_MOST:
        yield Finding("backup", "no restore was tried in 90 days. Run `manage.py restore FILE --scratch`.")
    elif tried.after.get("differences"):
        yield Finding("backup", f"the restore tried {_age(now - tried.at)} ago differed from its backup. Make a new one and try again.")


def out_of_order(now: datetime) -> Iterator[Finding]:
    for one in ProviderState.objects.down():
        yield Finding("providers", f"{providers.NAMES.get(one.name, one.name)} is out of order: {one.reason} Others are tried first.")


def clocks(now: datetime) -> Iterator[Finding]:
    """Leases run on the database's clock, due times on this machine's: apart, pages come early or late."""
    theirs = Organisation.objects.annotate(moment=Now()).values_list("moment", flat=True).first()
    apart = abs((now - theirs).total_seconds()) if theirs and settings.CLOCK_FILE is None else 0.0
    if apart > SKEW_MOST_S:
        yield Finding("clock", f"this machine and the database are {apart:.0f} s apart. Let both follow a time server.")


def broken_glass(now: datetime) -> Iterator[Finding]:
    """Whoever opens the door when the company's sign-in is down: administrators with a password here and a second factor."""
    admins = [person for person in User.objects.get_queryset().holding(Role.ADMIN) if person.has_usable_password()]
    if (settings.OIDC_CONFIGURED or ldap.is_set_up()) and len(admins) < 2:
        words = f"{len(admins)} administrators have a password of the desk. Two keep the door open when the company's is down."
        yield Finding("sign-in", words)
    bare = [person.username for person in admins if not Authenticator.objects.filter(user=person).exists()]
    if bare:
        yield Finding("sign-in", f"administrators without a second factor: {', '.join(sorted(bare))}. They set one up at /me/security/.")


def trail(now: datetime) -> Iterator[Finding]:
    """On PostgreSQL the desk's role may be one that cannot rewrite the trail."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, 'DELETE')", [AuditEntry._meta.db_table])
        [may] = cursor.fetchone()
    if may:
        yield Finding("audit", "this database role may delete rows of the trail. docs/operations.md has the statements that forbid it.")


def company_sign_in() -> Iterator[Finding]:
    if not settings.OIDC_CONFIGURED:
        return
    issuer = settings.OIDC_APPS[0]["settings"]["server_url"].removesuffix(PUBLISHED).rstrip("/")
    try:
        httpx2.get(issuer + PUBLISHED, timeout=SSO_WAIT_S, follow_redirects=False).raise_for_status()
    except httpx2.HTTPError as error:
        yield Finding("sign-in", f"{issuer} does not answer: {error}. Local passwords go on working; `manage.py check_sso` says more.")
    else:
        yield Finding("sign-in", f"{issuer} answers.", is_fine=True)


def directory() -> Iterator[Finding]:
    if not ldap.is_set_up():
        return
    try:
        ldap.find("nobody-is-called-this")
    except ldap.Away as error:
        yield Finding(
            "sign-in", f"the directory does not answer: {error}. Local passwords go on working; `manage.py check_ldap` says more."
        )
    else:
        yield Finding("sign-in", "the directory answers.", is_fine=True)


def _age(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{span.days} days" if span.days else f"{hours} h" if hours else f"{int(span.total_seconds() // 60)} min"


WITH_ROWS = (held, saved, out_of_order, clocks, broken_glass, trail)
