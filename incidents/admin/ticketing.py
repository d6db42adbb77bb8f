"""What agents work with and administrators keep: canned answers."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _

from incidents import canned
from incidents.models import CannedAnswer
from servicedesk.audit.desk_admin import DeskAdmin


class CannedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A placeholder nobody fills is said before it reaches a requester."""

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if wrong := canned.unknown(text):
            known = ", ".join(f"{{{name}}}" for name in canned.NAMES)
            raise forms.ValidationError(_("Nobody fills {%(name)s}. These are filled: %(known)s.") % {"name": wrong[0], "known": known})
        return text


@admin.register(CannedAnswer)
class CannedAnswerAdmin(DeskAdmin):
    form = CannedForm
    list_display = ("name", "team", "service", "is_active")
    list_select_related = ("team", "service")
    list_filter = ("is_active", "team")
    search_fields = ("name", "text")
    autocomplete_fields = ("team", "service")
