"""What a browser says of a passkey. A script fills the hidden field; whatever else arrives there is refused with a sentence."""

from __future__ import annotations

import json
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User

MOST_BYTES = 20_000
REFUSED = _("That passkey was not accepted. Try again, or come in another way.")
MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)  # what a library says of bytes it cannot read


class CredentialField(forms.JSONField):
    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput, error_messages={"required": REFUSED, "invalid": REFUSED})

    def clean(self, value: Any) -> Any:
        said = super().clean(value)
        if not isinstance(said, dict) or not isinstance(said.get("response"), dict) or len(json.dumps(said)) > MOST_BYTES:
            raise ValidationError(REFUSED)
        return said


def name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Name of the passkey"),
        max_length=60,
        help_text=_("Such as laptop, phone or blue key: you tell them apart by it."),
        error_messages={"required": _("Give it a name")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class Refusing:
    """Nothing that a browser sends ends in anything but a yes or `REFUSED`."""

    def clean_credential(self) -> Authenticator:
        try:
            found: Authenticator = super().clean_credential()  # type: ignore[misc]
        except ValidationError as error:
            raise ValidationError(REFUSED) if getattr(error, "code", "") == "incorrect_code" else error from None
        except MALFORMED:
            raise ValidationError(REFUSED) from None
        return found


class AddPasskeyForm(webauthn.AddWebAuthnForm):
    name = name_field()
    passwordless = None
    credential = CredentialField()

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except (ValidationError, *MALFORMED):
            raise ValidationError(REFUSED) from None
        return cleaned


class RenamePasskeyForm(webauthn.EditWebAuthnForm):
    name = name_field()


class SignInByPasskeyForm(Refusing, webauthn.LoginWebAuthnForm):
    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        found = super().clean_credential()
        if found.user.kind != User.Kind.EMPLOYEE or not found.user.is_active:
            raise ValidationError(REFUSED)
        return found


class PasskeyAsSecondForm(Refusing, webauthn.AuthenticateWebAuthnForm):
    credential = CredentialField()


class PasskeyAgainForm(Refusing, webauthn.ReauthenticateWebAuthnForm):
    credential = CredentialField()
