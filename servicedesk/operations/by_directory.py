"""Signing in with the password of the company's directory (LDAP), after the desk's own passwords were asked."""

from __future__ import annotations

from typing import Any

import structlog
from django.http import HttpRequest

from servicedesk import clock
from servicedesk.directory import again, ldap
from servicedesk.directory.models import User
from servicedesk.directory.signin import NameOrEmailBackend
from servicedesk.operations import newcomers

log = structlog.get_logger(__name__)


class DirectoryBackend(NameOrEmailBackend):
    """Nobody where the directory refuses, knows no such person, has switched them off, or does not answer (which the request then says)."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if not username or not password:
            return None
        try:
            entry = ldap.find(username)
            if entry is None or not entry.is_active or not ldap.fits(entry, password):
                return None
        except ldap.Away as error:
            log.error("the directory does not answer", error=str(error))
            again.note_away(request)
            return None
        if not entry.key:
            log.error("an entry of the directory has no lasting id: LDAP_ATTRIBUTES id=", dn=entry.dn)
            return None
        return newcomers.from_directory(entry, now=clock.now())
