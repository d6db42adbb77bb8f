"""What is known of a problem."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.forms import WordsField
from incidents.models import Problem

LONGEST = 4000


class ProblemForm(forms.Form):
    title = WordsField(label=_("Title"), max_length=200, error_messages={"required": _("Say what it is about")})
    state = forms.ChoiceField(label=_("State"), choices=Problem.State)
    cause = forms.CharField(label=_("Cause"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}))
    workaround = forms.CharField(
        label=_("Workaround"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What people can do until it is solved."),
    )  # fmt: skip
    is_published = forms.BooleanField(label=_("Show title and workaround to everybody"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("is_published") and not cleaned.get("workaround"):
            self.add_error("workaround", _("Only a workaround can be shown to everybody: write it first"))
        return cleaned
