"""The post office in the admin: ways to reach people are configuration, everything else is a record and only read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from notifications import access
from notifications.models import Attempt, ContactMethod, Drill, DrillAnswer, Errand, LadderRung, Message, ProviderCallback, QuietHours
from servicedesk.audit.desk_admin import DeskAdmin, RecordAdmin


@admin.register(ContactMethod)
class ContactMethodAdmin(DeskAdmin):
    list_display = ("person", "kind", "address", "verified_at", "disabled_at", "disabled_reason", "flagged_at", "flagged_reason")
    list_filter = ("kind", ("flagged_at", admin.EmptyFieldListFilter), ("disabled_at", admin.EmptyFieldListFilter))
    list_select_related = ("person",)
    search_fields = ("person__username", "person__name", "address")
    autocomplete_fields = ("person",)


@admin.register(LadderRung)
class LadderRungAdmin(DeskAdmin):
    list_display = ("person", "urgency", "position", "delay_s", "method")
    list_filter = ("urgency",)
    list_select_related = ("person", "method")
    search_fields = ("person__username", "person__name")
    autocomplete_fields = ("person", "method")


@admin.register(QuietHours)
class QuietHoursAdmin(DeskAdmin):
    list_display = ("person", "starts", "ends", "weekdays")
    list_select_related = ("person",)
    search_fields = ("person__username", "person__name")
    autocomplete_fields = ("person",)


@admin.register(Drill)
class DrillAdmin(DeskAdmin):
    list_display = ("name", "due_at", "every_days", "takes_duty", "within_min", "is_on")
    list_filter = ("is_on",)
    search_fields = ("name",)
    autocomplete_fields = ("people",)


@admin.register(DrillAnswer)
class DrillAnswerAdmin(RecordAdmin):
    list_display = ("drill", "person", "began_at", "result", "sent_at", "answered_at")
    list_filter = ("result", "drill")
    list_select_related = ("drill", "person")
    search_fields = ("person__username",)
    exclude = ("token", "errand")


@admin.register(Errand)
class ErrandAdmin(RecordAdmin):
    list_display = ("thread", "person", "kind", "urgency", "state", "created_at", "settled_at")
    list_filter = ("kind", "state")
    list_select_related = ("person",)
    search_fields = ("thread", "person__username")
    show_full_result_count = False


@admin.register(Message)
class MessageAdmin(RecordAdmin):
    list_display = ("created_at", "thread", "channel", "address", "state", "reason", "attempts")
    list_filter = ("state", "channel", "lane")
    search_fields = ("thread", "to")
    show_full_result_count = False
    fields = (
        ("thread", "channel", "address", "lane", "rung"),
        "title",
        "words",
        ("state", "reason", "is_possible_duplicate", "attempts"),
        ("created_at", "due_at", "queued_at", "expires_at"),
        ("sent_at", "delivered_at", "seen_at", "acted_at", "ended_at", "stop_at"),
        "provider_id",
    )
    readonly_fields = ("address", "title", "words")

    @admin.display(description=_("to"))
    def address(self, message: Message) -> str:
        return access.masked_address(message)

    @admin.display(description=_("about"))
    def title(self, message: Message) -> str:
        return access.title(message)

    @admin.display(description=_("text"))
    def words(self, message: Message) -> str:
        return access.words(message)


@admin.register(Attempt)
class AttemptAdmin(RecordAdmin):
    list_display = ("message", "number", "state", "code", "reason", "started_at", "called_at", "ended_at")
    list_filter = ("state",)
    list_select_related = ("message",)
    exclude = ("token",)
    show_full_result_count = False


@admin.register(ProviderCallback)
class ProviderCallbackAdmin(RecordAdmin):
    list_display = ("received_at", "provider", "event_id", "outcome")
    list_filter = ("provider", "outcome")
    search_fields = ("event_id",)
    exclude = ("raw",)
    raw_id_fields = ("attempt",)
    show_full_result_count = False
