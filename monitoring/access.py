"""Who may speak at a door: a source's token as bearer, as basic password, or in the path. Who may see and change a check."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest

from monitoring.models import Check, Source
from servicedesk.directory.access import only
from servicedesk.directory.models import Role, User
from servicedesk.tokens import minting

READERS = (Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)
MAKERS = (Role.AGENT, Role.MANAGER, Role.ADMIN)
BEARERS = ("bearer", "geniekey", "token", "splunk", "key")


class NotAllowed(Exception):
    """No token, an unknown one, an expired one, or one of another door; `status` is 401 or 403."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def source_for(request: HttpRequest, *, door: str, now: datetime, token: str = "", also: tuple[str, ...] = ()) -> Source:
    """The source whose token this request bears; `also`: kinds of source this door is for besides its own."""
    token = token or token_in(request.headers.get("Authorization", ""))
    if not token:
        raise NotAllowed(401, "Send the source's token: Authorization: Bearer msd_…")
    source = Source.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), is_active=True, token_prefix=minting.prefix_of(token) or "-"
    ).first()
    if source is None or not minting.matches(token, source.token_hash):
        raise NotAllowed(401, "This token is unknown, expired or revoked.")
    if source.kind not in (door, *also):
        raise NotAllowed(403, f"This token is for /in/{source.kind}/, not for {door}.")
    return source


def token_in(value: str) -> str:
    """The token of `Bearer <token>` (or another word senders use for it), or of `Basic <any user>:<token>`."""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() in BEARERS:
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


readers, makers = only(*READERS), only(*MAKERS)


def may_change(user: User) -> bool:
    """Make, change, pause and ping checks."""
    return user.holds(*MAKERS)


def check(user: User, number: int, *, to_change: bool = False) -> Check:
    """A check with its state, as those who work here see it. Raises PermissionDenied, Http404."""
    if not user.holds(*(MAKERS if to_change else READERS)):
        raise PermissionDenied
    found = Check.objects.select_related("state", "service", "source").filter(pk=number, state__isnull=False).first()
    if found is None:
        raise Http404
    return found
