"""Sections of the desk by role. One object is reached through its app's own access module."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from servicedesk.directory.models import Role, User

View = Callable[..., HttpResponse]


class PersonRequest(HttpRequest):
    """A request of somebody who signed in."""

    user: User


def only(*roles: str) -> Callable[[View], View]:
    """Let in who holds one of these roles; everybody else gets 403 and a page that says whom to ask."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not (isinstance(request.user, User) and request.user.holds(*roles)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


readers = only(Role.AGENT, Role.MANAGER, Role.AUDITOR)
workers = only(Role.AGENT, Role.MANAGER)
managers = only(Role.MANAGER)
admins = only(Role.ADMIN)
