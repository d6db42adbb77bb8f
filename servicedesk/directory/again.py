"""Who they are once more, inside a form: the password, or a passkey that this session showed a moment ago."""

from __future__ import annotations

import time
from typing import Any

from allauth.core import context
from allauth.socialaccount.models import SocialAccount
from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User

AWAY = _("The company's directory does not answer, so its passwords cannot be checked now. A password of this desk still works.")
BY_LDAP = "ldap"  # the provider's name on the link between a person and their entry
SHOWN = "passkey_shown"  # the session's note of when, in seconds
GOOD_FOR_S = 300


def shown(session: SessionBase) -> None:
    """A passkey of theirs was just used, to stand in for one password."""
    session[SHOWN] = time.time()


def spend(session: SessionBase | None) -> bool:
    """Whether a passkey was used in the last five minutes and for nothing else yet; it counts once."""
    at = session.pop(SHOWN, None) if session is not None else None
    return at is not None and 0 <= time.time() - at <= GOOD_FOR_S


def is_of_directory(person: User) -> bool:
    """Whether their password is one of the company's directory."""
    return bool(settings.LDAP["servers"]) and bool(SocialAccount.objects.filter(user=person, provider=BY_LDAP).exists())


def has_password(person: User) -> bool:
    """Here or in the directory."""
    return person.has_usable_password() or is_of_directory(person)


def note_away(request: HttpRequest | None) -> None:
    """The directory was asked, and did not answer."""
    if request is not None:
        request.directory_is_away = True  # type: ignore[attr-defined]


def was_away(request: HttpRequest | None) -> bool:
    return getattr(request, "directory_is_away", False)


class ProofField(forms.CharField):
    """The password of `person`. Empty is enough where `session` has a passkey to spend."""

    default_error_messages = {"wrong": _("That is not your password")}
    person: User
    session: SessionBase | None = None

    def __init__(self, **kwargs: Any) -> None:
        box = forms.PasswordInput(attrs={"autocomplete": "current-password"})
        super().__init__(label=_("Your password"), strip=False, widget=box, **kwargs)

    def clean(self, value: Any) -> str:
        if not value and spend(self.session):
            return ""
        given = str(super().clean(value))
        request = context.request
        if authenticate(request, username=self.person.username, password=given) != self.person:
            raise ValidationError(AWAY if was_away(request) else self.error_messages["wrong"])
        return given
