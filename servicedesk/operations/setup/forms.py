"""What the steps of the first run ask."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from notifications.forms import AddForm
from notifications.models import Channel
from servicedesk.directory.models import User
from servicedesk.operations import starters

PHONES = (Channel.SMS, Channel.VOICE)


class MailForm(AddForm):
    """An address of one's own, to be tried."""

    def __init__(self, data: Any = None, *, person: User, is_needed: bool) -> None:
        given = {**data.dict(), "kind": Channel.EMAIL.value} if data is not None else None
        super().__init__(given, person=person, is_needed=is_needed, initial={"address": person.email, "kind": Channel.EMAIL.value})
        self.fields["kind"].widget = forms.HiddenInput()
        self.fields["address"].label = _("Your e-mail")
        self.fields["address"].help_text = ""


class PhoneForm(AddForm):
    """A number of one's own, to be tried by text message or by a call."""

    def __init__(self, data: Any = None, *, person: User, is_needed: bool) -> None:
        super().__init__(data, person=person, is_needed=is_needed, initial={"address": person.phone, "kind": Channel.SMS.value})
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in PHONES]  # type: ignore[attr-defined]
        self.fields["address"].label = _("Your number")
        self.fields["address"].help_text = _("With + and the country, such as +33 6 00 00 00 01.")


class ServicesForm(forms.Form):
    """Templates nobody took yet."""

    services = forms.MultipleChoiceField(
        label=_("What your people use"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one, or skip this for now")},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        found = starters.missing()
        choices = [(one.slug, format_lazy("{} ({})", one.name, one.words)) for one in found]
        self.fields["services"].choices = choices  # type: ignore[attr-defined]
