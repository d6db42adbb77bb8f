"""What agents work with and administrators keep: canned answers, request types and their questions, vendors, what comes round."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from incidents import canned, scheduled
from incidents.models import CannedAnswer, CustomField, RequestType, ScheduledTicket, Vendor
from servicedesk import clock
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


@admin.register(CustomField)
class CustomFieldAdmin(DeskAdmin):
    list_display = ("label", "category", "key", "kind", "needed", "position")
    list_filter = ("category", "kind", "needed")
    search_fields = ("label", "key", "category")


@admin.register(RequestType)
class RequestTypeAdmin(DeskAdmin):
    list_display = ("name", "slug", "category", "team", "approved_by", "is_active")
    list_select_related = ("team",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("service", "team", "approver")


@admin.register(Vendor)
class VendorAdmin(DeskAdmin):
    list_display = ("name", "phone", "email", "tested_on", "is_active")
    search_fields = ("name",)
    autocomplete_fields = ("services",)


class ScheduledForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        try:
            scheduled.following(str(cleaned.get("cron")), str(cleaned.get("zone")), clock.now())
        except (scheduled.BadTime, ValueError, KeyError):
            self.add_error("cron", _("Write five fields of cron, such as 0 8 * * 1, and a time zone such as Europe/Paris."))
        return cleaned


@admin.register(ScheduledTicket)
class ScheduledTicketAdmin(DeskAdmin):
    form = ScheduledForm
    list_display = ("title", "cron", "zone", "team", "next_at", "is_active")
    list_select_related = ("team",)
    search_fields = ("title",)
    autocomplete_fields = ("requester", "service", "team")

    def save_model(self, request: HttpRequest, obj: ScheduledTicket, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        scheduled.plan(obj, now=clock.now())
