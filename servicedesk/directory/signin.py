"""Signing in with a user name or an e-mail address and a password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from servicedesk.directory.models import User

BY_PASSWORD = (User.Kind.EMPLOYEE,)


class NameOrEmailBackend(BaseBackend):
    """One box takes either. Inactive people, externals, mailboxes and service accounts have no password login."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if not username or not password:
            return None
        user = User.objects.get_queryset().by_login(username).filter(kind__in=BY_PASSWORD).first()
        if user is None:
            User().set_password(password)  # the same time is spent, so that names cannot be found by timing
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.get_queryset().active().select_related("site").filter(pk=user_id).first()  # every page asks for its zone
