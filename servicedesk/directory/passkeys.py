"""Passkeys: where a browser may use one, and those that somebody has."""

from __future__ import annotations

import re
from ipaddress import ip_address

from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from servicedesk.directory.models import User

PORT = re.compile(r":\d+$")


def are_possible(request: HttpRequest) -> bool:
    """Browsers use passkeys over https, or at localhost, and never at an address of digits."""
    host = PORT.sub("", request.get_host()).strip("[]").lower()
    try:
        ip_address(host)
    except ValueError:
        return request.is_secure() or host == "localhost" or host.endswith(".localhost")
    return False


def of(person: User) -> list[Authenticator]:
    """Theirs, oldest first."""
    return list(Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).order_by("pk"))


def has_one(person: User) -> bool:
    return bool(Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).exists())


def stand_in(request: HttpRequest) -> bool:
    """Whether a form of this page may offer a passkey in place of the password."""
    return isinstance(request.user, User) and are_possible(request) and has_one(request.user)
