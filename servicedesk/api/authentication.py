"""Who speaks, and what they may do here: a token in the header, or a person who signed in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from servicedesk import clock
from servicedesk.directory.models import User
from servicedesk.tokens import issuing, minting
from servicedesk.tokens.models import ApiToken

SAFE = ("GET", "HEAD", "OPTIONS")


class BearerToken(BaseAuthentication):
    """Authorization: Bearer msd_…; never in the address, where it ends up in logs."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        if any(minting.prefix_of(value) for values in request.query_params.lists() for value in values[1]):
            raise AuthenticationFailed(_("A token in an address ends up in logs. Revoke it; send a new one in the Authorization header."))
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        scheme, _space, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed(_("Send the token as Authorization: Bearer msd_…, in no other scheme."))
        now = clock.now()
        token = issuing.bearer(secret.strip(), now=now)
        if token is None:
            raise AuthenticationFailed(_("This token is unknown, expired or revoked."))
        issuing.remember_use(token, now=now)
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="servicedesk"'


class SignedIn(SessionAuthentication):
    """A person with a session; what changes anything needs the CSRF token too."""


class InScope(BasePermission):
    """A token needs a scope for each area of the view, to read or to write; a person needs to be signed in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        token = request.auth
        if isinstance(token, ApiToken):
            missing = [scope for scope in scopes_of(view, request.method or "") if not token.allows(scope)]
            if missing:
                raise PermissionDenied(_("This token lacks the scope %(scopes)s.") % {"scopes": ", ".join(missing)})
        return isinstance(request.user, User) and request.user.is_active


def scopes_of(view: Any, method: str) -> list[str]:
    """The scopes a token needs for this method of this view."""
    verb = "read" if method in SAFE else "write"
    return [f"{area}:{verb}" for area in view.areas]


def is_machine(request: Request) -> bool:
    """Whether a token speaks, and no person."""
    return isinstance(request.auth, ApiToken)
