"""Schedules in the admin, until their own pages edit them."""

from __future__ import annotations

from django.contrib import admin

from servicedesk.audit.desk_admin import DeskAdmin
from servicedesk.oncall.models import Away, Override, Rotation, RotationMember, Schedule


class Turns(admin.TabularInline):  # type: ignore[type-arg]
    model = RotationMember
    extra = 1
    autocomplete_fields = ("person",)


@admin.register(Schedule)
class ScheduleAdmin(DeskAdmin):
    list_display = ("name", "slug", "duty", "team", "zone", "fallback")
    list_select_related = ("team", "fallback")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("team", "fallback")


@admin.register(Rotation)
class RotationAdmin(DeskAdmin):
    list_display = ("schedule", "position", "kind", "length", "handoff", "starts_on", "valid_until")
    list_select_related = ("schedule",)
    list_filter = ("schedule",)
    autocomplete_fields = ("schedule",)
    inlines = (Turns,)


@admin.register(Override)
class OverrideAdmin(DeskAdmin):
    list_display = ("schedule", "kind", "person", "replaces", "starts_at", "ends_at")
    list_select_related = ("schedule", "person", "replaces")
    list_filter = ("schedule",)
    autocomplete_fields = ("schedule", "person", "replaces")
    readonly_fields = ("created_by", "created_at")
    date_hierarchy = "starts_at"


@admin.register(Away)
class AwayAdmin(DeskAdmin):
    list_display = ("person", "starts_at", "ends_at")
    list_select_related = ("person",)
    autocomplete_fields = ("person",)
