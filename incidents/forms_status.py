"""An address that wants the status by mail."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SubscribeForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages={"required": _("Give the address."), "invalid": _("This is no e-mail address. Write it like name@example.org.")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
