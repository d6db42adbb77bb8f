"""Founding a desk, and describing the organisation later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import Organisation, User
from servicedesk.directory.models.people import USERNAME

TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
OWN_NAMES = [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES]
WORKING_DAYS = range(5)
HOURS = ("opens", "closes", "weekdays")


class UserNameField(forms.CharField):
    """Small letters, however they were typed."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).lower()


class OrganisationForm(forms.Form):
    """What an organisation is called, where it is, and when its help desk is open: `described` is the row's columns."""

    organisation = forms.CharField(
        label=_("Name of the organisation"), max_length=80, error_messages={"required": _("Name the organisation")}
    )
    zone = forms.ChoiceField(
        label=_("Time zone"), choices=[(z, z.replace("_", " ")) for z in sorted(available_timezones())], initial="Europe/London"
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=OWN_NAMES, help_text=_("Of what is stored, and of letters to whoever chose none.")
    )
    desk_phone = forms.CharField(label=_("Help desk phone"), max_length=40, required=False, help_text=_("Shown at the foot of every page."))
    opens = forms.TimeField(label=_("The desk opens"), widget=TIME, required=False, initial=time(8))
    closes = forms.TimeField(label=_("It closes"), widget=TIME, required=False, initial=time(18))
    weekdays = forms.TypedMultipleChoiceField(
        label=_("It is open on"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        required=False,
        initial=list(WORKING_DAYS),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Clocks of less urgent tickets stand still outside these hours. Leave both times empty: open round the clock."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        opens, closes = cleaned.get("opens"), cleaned.get("closes")
        if bool(opens) != bool(closes) and not {"opens", "closes"} & set(self.errors):
            self.add_error("closes", _("Give both times, or neither: open round the clock"))
        elif opens and opens == closes:
            self.add_error("closes", _("It must close at another time than it opens"))
        elif opens and "weekdays" in self.fields and not cleaned.get("weekdays"):
            self.add_error("weekdays", _("Choose the days on which it is open"))
        return cleaned

    @property
    def described(self) -> dict[str, Any]:
        """Columns of the organisation; without the hours where they were not asked for."""
        said = self.cleaned_data
        hours = {"desk_hours": hours_of(said["opens"], said["closes"], said["weekdays"])} if "opens" in self.fields else {}
        return {"name": said["organisation"], "zone": said["zone"], "language": said["language"], "desk_phone": said["desk_phone"], **hours}


class DescribeForm(OrganisationForm):
    """The same of an organisation there is. Hours that differ by day, or have a pause, are not asked for: they stay."""

    def __init__(self, data: Any = None, *, organisation: Organisation) -> None:
        names = ("zone", "language", "desk_phone")
        told = {name: getattr(organisation, name) for name in names} | {"organisation": organisation.name}
        alike = alike_hours(organisation.desk_hours)
        super().__init__(data, initial=told | (alike or {}))
        if alike is None:
            for name in HOURS:
                del self.fields[name]


class SetupForm(OrganisationForm):
    """The organisation and its first administrator."""

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
        cleaned = super().clean()
        if "password" in cleaned:
            person = User(username=cleaned.get("username", ""), name=cleaned.get("name", ""), email=cleaned.get("email"))
            try:
                password_validation.validate_password(cleaned["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned

    @property
    def person(self) -> dict[str, str]:
        """Who administers it."""
        return {name: self.cleaned_data[name] for name in ("name", "username", "email", "password")}


def hours_of(opens: time | None, closes: time | None, weekdays: list[int]) -> dict[str, list[list[str]]]:
    """Desk hours as rows keep them; without times: round the clock."""
    if opens is None or closes is None:
        return {}
    return {str(day): [[f"{opens:%H:%M}", f"{closes:%H:%M}"]] for day in sorted(weekdays)}


def alike_hours(hours: Mapping[str, list[list[str]]]) -> dict[str, Any] | None:
    """What the form shows of desk hours that are the same on each day; None where they are not."""
    days = {int(day): spans for day, spans in hours.items() if spans}
    if not days:
        return {"opens": None, "closes": None, "weekdays": list(WORKING_DAYS)}
    spans = next(iter(days.values()))
    if len(spans) != 1 or any(each != spans for each in days.values()):
        return None
    opens, closes = (time.fromisoformat("00:00" if end == "24:00" else end) for end in spans[0])
    return {"opens": opens, "closes": closes, "weekdays": sorted(days)}
