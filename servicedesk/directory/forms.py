"""Founding a desk."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User
from servicedesk.directory.models.people import USERNAME


class UserNameField(forms.CharField):
    """Small letters, however they were typed."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).lower()


class SetupForm(forms.Form):
    """The organisation and its first administrator."""

    organisation = forms.CharField(
        label=_("Name of the organisation"), max_length=80, error_messages={"required": _("Name the organisation")}
    )
    zone = forms.ChoiceField(
        label=_("Time zone"), choices=[(z, z.replace("_", " ")) for z in sorted(available_timezones())], initial="Europe/London"
    )
    desk_phone = forms.CharField(label=_("Help desk phone"), max_length=40, required=False, help_text=_("Shown at the foot of every page."))
    name = forms.CharField(label=_("Your name"), max_length=120, error_messages={"required": _("Enter your name")})
    username = UserNameField(
        label=_("Your user name"),
        max_length=150,
        validators=[USERNAME],
        error_messages={"required": _("Choose a user name")},
        help_text=_("Small letters and digits; you sign in with it."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail"),
        error_messages={"required": _("Enter your e-mail address")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        error_messages={"required": _("Choose a password")},
        help_text=_("At least 10 characters. Three or four words are good."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "password" in cleaned:
            person = User(username=cleaned.get("username", ""), name=cleaned.get("name", ""), email=cleaned.get("email"))
            try:
                password_validation.validate_password(cleaned["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned
