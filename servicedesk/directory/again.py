"""Who they are once more, inside a form: the password, or a passkey that this session showed a moment ago."""

from __future__ import annotations

import time
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User

SHOWN = "passkey_shown"  # the session's note of when, in seconds
GOOD_FOR_S = 300


def shown(session: SessionBase) -> None:
    """A passkey of theirs was just used, to stand in for one password."""
    session[SHOWN] = time.time()


def spend(session: SessionBase | None) -> bool:
    """Whether a passkey was used in the last five minutes and for nothing else yet; it counts once."""
    at = session.pop(SHOWN, None) if session is not None else None
    return at is not None and 0 <= time.time() - at <= GOOD_FOR_S


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
        if authenticate(None, username=self.person.username, password=given) != self.person:
            raise ValidationError(self.error_messages["wrong"])
        return given
