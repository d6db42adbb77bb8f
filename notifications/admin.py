"""The post office in the admin: ways to reach people are configuration, everything else is a record and only read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications import access, outgoing, signing
from notifications.forms import service_name
from notifications.models import (
    Attempt,
    Channel,
    ContactMethod,
    Drill,
    DrillAnswer,
    Errand,
    Happening,
    LadderRung,
    Message,
    ProviderCallback,
    QuietHours,
    SealedAddress,
    Webhook,
)
from servicedesk import clock, sealing
from servicedesk.audit import trail
from servicedesk.audit.desk_admin import DeskAdmin, RecordAdmin


class ContactMethodForm(forms.ModelForm):  # type: ignore[type-arg]
    """The address of another service is kept sealed, and the method bears its name."""

    secret = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind, written = cleaned.get("kind"), cleaned.get("address", "")
        if kind == Channel.PUSH and self.instance._state.adding:
            self.add_error("kind", _("A browser is added by its owner, in that browser, at My notifications."))
        elif kind == Channel.APPRISE and ("://" in written or self.instance._state.adding):
            try:
                cleaned["address"], self.secret = service_name(written), written
            except forms.ValidationError as error:
                self.add_error("address", error)
        return cleaned


@admin.register(ContactMethod)
class ContactMethodAdmin(DeskAdmin):
    form = ContactMethodForm
    list_display = ("person", "kind", "address", "verified_at", "disabled_at", "disabled_reason", "flagged_at", "flagged_reason")
    list_filter = ("kind", ("flagged_at", admin.EmptyFieldListFilter), ("disabled_at", admin.EmptyFieldListFilter))
    list_select_related = ("person",)
    search_fields = ("person__username", "person__name", "address")
    autocomplete_fields = ("person",)

    def save_model(self, request: HttpRequest, obj: ContactMethod, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.secret:
            SealedAddress.objects.update_or_create(method=obj, defaults={"words": sealing.seal(form.secret)})


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


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    events = forms.MultipleChoiceField(
        label=_("Hears of"), choices=Happening.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing chosen: it is told only where a policy calls it."),
    )  # fmt: skip

    class Meta:
        model = Webhook
        fields = ("name", "url", "events")


@admin.register(Webhook)
class WebhookAdmin(DeskAdmin):
    """The secret is shown once, when it is made; after that it is only changed."""

    form = WebhookForm
    list_display = ("name", "host", "events", "switched_off_at", "switched_off_reason", "previous_until")
    search_fields = ("name",)
    actions = ("test", "rotate", "switch_off", "switch_on")

    @admin.display(description=_("to"))
    def host(self, row: Webhook) -> str:
        return access.masked_address(Message(channel="webhook", to=row.url))

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        secret = "" if change else signing.new_secret()
        obj.secret = obj.secret or sealing.seal(secret)
        super().save_model(request, obj, form, change)
        if secret:
            self._show(request, obj, secret)

    @admin.action(description=_("Send a test"), permissions=["change"])
    def test(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        sent = [row.name for row in queryset if outgoing.test(row, now=clock.now())]
        said = gettext("A test goes to: %(names)s. What becomes of it stands in the outbox.") % {"names": ", ".join(sent)}
        self.message_user(request, said if sent else gettext("They are switched off."), messages.INFO if sent else messages.WARNING)

    @admin.action(description=_("A new secret; the one before signs too for 24 hours"), permissions=["change"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        for row in queryset:
            self._show(request, row, signing.rotate(row, actor=request.user, now=clock.now()))  # type: ignore[arg-type]

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        now = clock.now()
        self._switch(request, queryset.filter(switched_off_at=None), "switch off", switched_off_at=now, switched_off_reason="")

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        self._switch(request, queryset.exclude(switched_off_at=None), "switch on", switched_off_at=None, switched_off_reason="")

    @transaction.atomic
    def _switch(self, request: HttpRequest, rows: QuerySet[Webhook], verb: str, **columns: Any) -> None:
        for row in rows.select_for_update():
            Webhook.objects.filter(pk=row.pk).update(**columns)
            trail.record(row, verb, actor=request.user, now=clock.now())  # type: ignore[arg-type]

    def _show(self, request: HttpRequest, row: Webhook, secret: str) -> None:
        said = gettext("The secret of %(name)s, shown this once: %(secret)s") % {"name": row.name, "secret": secret}
        self.message_user(request, said, messages.WARNING)
