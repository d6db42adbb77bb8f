"""Sources and checks in the admin; what was heard only to be read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring import telling, thresholds
from monitoring.models import Alert, Check, RawBody, Source, Threshold
from servicedesk import sealing
from servicedesk.audit.desk_admin import DeskAdmin, RecordAdmin
from servicedesk.tokens import minting


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    new_token = forms.BooleanField(
        label=gettext_lazy("Make a new token"),
        required=False,
        help_text=gettext_lazy("Shown once, after saving. The old one stops working."),
    )

    signing_secret = forms.CharField(
        label=Source._meta.get_field("signing_secret").verbose_name, required=False, max_length=200, strip=True,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "Sentry: the client secret. CloudWatch: the ARN of the SNS topic. What is not signed so is then refused. "
            "Empty: as it is. A single dash: no longer asked for."
        ),
    )  # fmt: skip

    def clean_signing_secret(self) -> str:
        given: str = self.cleaned_data["signing_secret"]
        return "" if given == "-" else sealing.seal(given) or self.initial.get("signing_secret", "")

    class Meta:
        model = Source
        fields = (
            "name",
            "slug",
            "kind",
            "service",
            "severity_map",
            "mapping",
            "ping_key",
            "signing_secret",
            "silent_after_s",
            "expires_at",
            "is_active",
        )


@admin.register(Source)
class SourceAdmin(DeskAdmin):
    form = SourceForm
    list_display = ("name", "slug", "kind", "service", "is_active", "last_heard_at")
    list_select_related = ("service",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("service",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if form.cleaned_data["new_token"]:
            minted = minting.mint()
            obj.token_prefix, obj.token_hash = minted.prefix, minted.digest
            messages.warning(request, _("The token of %(name)s, shown once: %(token)s") % {"name": obj, "token": minted.token})
        super().save_model(request, obj, form, change)


class CheckForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_depends_on(self) -> Check | None:
        """Checks in a ring would all wait for each other."""
        parent = above = self.cleaned_data.get("depends_on")
        for _step in range(telling.DEEPEST):
            if above is None:
                return parent
            if above.pk == self.instance.pk:
                break
            above = above.depends_on
        raise forms.ValidationError(_("That check depends on this one already, or stands at the end of too long a row."))


class ThresholdForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in ("warn", "crit", "clear"):
            try:
                thresholds.parse(given.get(name, ""))
            except thresholds.BadRange:
                self.add_error(name, _("A range such as 10, 10:, ~:10, 10:20 or @10:20."))
        return given


class ThresholdInline(admin.TabularInline):  # type: ignore[type-arg]
    model, form, extra = Threshold, ThresholdForm, 0


@admin.register(Check)
class CheckAdmin(DeskAdmin):
    form = CheckForm
    inlines = (ThresholdInline,)
    list_display = ("slug", "kind", "source", "service", "confirm", "for_s", "period_s", "is_paused")
    list_select_related = ("source", "service")
    list_filter = ("kind", "source", "is_paused")
    search_fields = ("slug",)
    autocomplete_fields = ("source", "service", "depends_on")
    readonly_fields = ("ping_id", "created_at")


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    list_display = ("dedup_key", "status", "worst", "opened_at", "cleared_at", "is_flapping", "summary")
    list_filter = ("status",)
    search_fields = ("dedup_key",)


@admin.register(RawBody)
class RawBodyAdmin(RecordAdmin):
    list_display = ("received_at", "source", "content_type", "items", "problem")
    list_select_related = ("source",)
    list_filter = ("source",)
    fields = ("source", "received_at", "content_type", "problem", "start")
    readonly_fields = ("start",)

    @admin.display(description=gettext_lazy("begins with"))
    def start(self, obj: RawBody) -> str:
        return bytes(obj.body[:4000]).decode(errors="replace")
