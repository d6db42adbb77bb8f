"""The incident plan in the admin: its sections, roles and runbooks on one page; each save that changes it is a version."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from incidents import plans
from incidents.models import Plan, PlanReading, PlanRole, PlanVersion, Runbook
from servicedesk import clock
from servicedesk.audit.desk_admin import DeskAdmin, RecordAdmin


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    note = forms.CharField(label=_("Why it is changed"), max_length=240, help_text=_("Stays with the version, and is shown in the review."))

    class Meta:
        model = Plan
        fields = ("owner", "review_every_days", *Plan.TEXTS, *Plan.PHASES)


class Roles(admin.TabularInline):  # type: ignore[type-arg]
    model = PlanRole
    extra = 0
    autocomplete_fields = ("holder", "deputy")


class Runbooks(admin.StackedInline):  # type: ignore[type-arg]
    model = Runbook
    extra = 0
    autocomplete_fields = ("service",)


@admin.register(Plan)
class PlanAdmin(DeskAdmin):
    form = PlanForm
    list_display = ("__str__", "owner", "approved_at")
    list_select_related = ("owner",)
    autocomplete_fields = ("owner",)
    readonly_fields = ("version", "approved_at")
    inlines = (Roles, Runbooks)
    fieldsets = (
        (None, {"fields": ("version", "approved_at", "owner", "review_every_days", "note")}),
        (_("Sections"), {"fields": Plan.TEXTS, "description": _("In Markdown.")}),
        (_("Phases"), {"fields": Plan.PHASES}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Plan.objects.exists() and super().has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.pk = 1
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        plans.publish(form.instance, note=form.cleaned_data["note"], actor=request.user, now=clock.now())  # type: ignore[arg-type]


@admin.register(PlanVersion)
class PlanVersionAdmin(RecordAdmin):
    list_display = ("version", "note", "author", "published_at")
    list_select_related = ("author", "plan")


@admin.register(PlanReading)
class PlanReadingAdmin(RecordAdmin):
    list_display = ("person", "version", "at")
    list_select_related = ("person",)
    list_filter = ("version",)
