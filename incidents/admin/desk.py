"""Severities, rules and policies in the admin; tickets and incidents only to be read: they have pages of their own."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import knowledge, rulebook, rules, wording
from incidents.escalation import snapshot
from incidents.models import (
    Article,
    Evaluation,
    Firing,
    Incident,
    LastResort,
    Policy,
    PolicyStep,
    PolicyVersion,
    Rule,
    RuleVersion,
    Run,
    SeverityLevel,
    Silence,
    StepTarget,
    Ticket,
)
from notifications import numbers
from servicedesk import clock
from servicedesk.audit.desk_admin import DeskAdmin, RecordAdmin


@admin.register(SeverityLevel)
class SeverityLevelAdmin(DeskAdmin):
    list_display = ("rank", "name", "guideline")
    readonly_fields = ("rank",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The row, and the definition in force; a change of the definition is a new version and needs a note."""

    definition = forms.JSONField(label=gettext_lazy("Definition"), widget=forms.Textarea(attrs={"rows": 24, "cols": 100}))
    note = forms.CharField(label=gettext_lazy("Why it is changed"), required=False, max_length=240)

    class Meta:
        model = Rule
        fields = ("key", "name", "kind", "position", "mode", "owner", "review_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_force = self.instance.versions.filter(version=self.instance.version).first() if self.instance.pk else None
        self.initial.setdefault("definition", in_force.definition if in_force else {})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        columns: dict[str, rules.JSON] = {name: cleaned.get(name) for name in ("key", "kind", "position", "mode")}
        try:
            rules.rule_from_json(cleaned.get("definition") or {}, id=self.instance.pk or 0, version=1, **columns)
        except rules.RuleError as error:
            self.add_error("definition", wording.refusal(error))
        if "definition" in self.changed_data and not cleaned.get("note"):
            self.add_error("note", _("Say why the rule is changed; the note stays with the version."))
        return cleaned


class Versions(admin.TabularInline):  # type: ignore[type-arg]
    model = RuleVersion
    extra = 0
    can_delete = False
    fields = readonly_fields = ("version", "note", "author", "published_at")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Rule)
class RuleAdmin(DeskAdmin):
    form = RuleForm
    list_display = ("key", "name", "kind", "position", "mode", "version", "owner", "review_on")
    list_filter = ("kind", "mode")
    list_select_related = ("owner",)
    search_fields = ("key", "name")
    autocomplete_fields = ("owner",)
    inlines = (Versions,)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "definition" in form.changed_data:
            rulebook.publish(obj, form.cleaned_data["definition"], note=form.cleaned_data["note"], actor=request.user, now=clock.now())  # type: ignore[arg-type]


class Targets(admin.TabularInline):  # type: ignore[type-arg]
    model = StepTarget
    extra = 1
    autocomplete_fields = ("person", "schedule", "team", "webhook")


class Steps(admin.TabularInline):  # type: ignore[type-arg]
    model = PolicyStep
    extra = 0
    show_change_link = True


class LastResortForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new number is one that can be dialled; one that was written before stays, named in letters only."""

    def clean_number(self) -> str:
        written: str = self.cleaned_data["number"]
        if not written or "number" not in self.changed_data:
            return written
        if not numbers.dialled(written):
            raise forms.ValidationError(_("Write the number with + and the country, such as +33 1 70 00 02 14."))
        return written


class LastResorts(admin.TabularInline):  # type: ignore[type-arg]
    model = LastResort
    form = LastResortForm
    extra = 0
    autocomplete_fields = ("person",)


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    """Any row's own form, and why it is changed."""

    note = forms.CharField(
        label=gettext_lazy("Why it is changed"), required=False, max_length=240, help_text=gettext_lazy("Shown in the review of the plan.")
    )


@admin.register(Policy)
class PolicyAdmin(DeskAdmin):
    form = NoteForm
    list_display = ("name", "slug", "team", "is_default", "repeat", "version")
    list_select_related = ("team",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("team", "services")
    readonly_fields = ("version",)
    inlines = (Steps, LastResorts)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        snapshot.publish(form.instance, now=clock.now(), author=request.user)  # type: ignore[arg-type]


@admin.register(PolicyStep)
class PolicyStepAdmin(DeskAdmin):
    form = NoteForm
    list_display = ("policy", "position", "delay_s", "among", "least_severity")
    list_select_related = ("policy",)
    list_filter = ("policy",)
    autocomplete_fields = ("policy",)
    inlines = (Targets,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        snapshot.publish(form.instance.policy, now=clock.now(), author=request.user)  # type: ignore[arg-type]


class ArticleForm(forms.ModelForm):  # type: ignore[type-arg]
    note = forms.CharField(label=gettext_lazy("What changed"), required=False, max_length=240)


@admin.register(Article)
class ArticleAdmin(DeskAdmin):
    """A published article that is changed is published again, so that what is found is what is read."""

    form = ArticleForm
    list_display = ("title", "state", "is_public", "owner", "version", "updated_at")
    list_select_related = ("owner",)
    list_filter = ("state", "is_public")
    search_fields = ("title", "answer")
    prepopulated_fields = {"slug": ("title",)}
    autocomplete_fields = ("owner",)
    readonly_fields = ("state", "version", "updated_at")
    actions = ("publish", "retire")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            obj.updated_at = clock.now()
            super().save_model(request, obj, form, change)
            if obj.state == Article.State.PUBLISHED:
                note = form.cleaned_data.get("note", "")
                knowledge.publish(obj, actor=request.user, now=obj.updated_at, note=note)  # type: ignore[arg-type]

    @admin.action(description=gettext_lazy("Publish"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        for article in queryset:
            knowledge.publish(article, actor=request.user, now=clock.now())  # type: ignore[arg-type]

    @admin.action(description=gettext_lazy("Retire: a draft again"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        for article in queryset:
            knowledge.retire(article, actor=request.user, now=clock.now())  # type: ignore[arg-type]


@admin.register(Ticket)
class TicketAdmin(RecordAdmin):
    list_display = ("number", "title", "state", "severity", "requester", "assignee", "service", "created_at")
    list_select_related = ("requester", "assignee", "service")
    list_filter = ("state", "severity", "kind", "origin")
    search_fields = ("=id", "title")
    exclude = ("signature",)


@admin.register(Incident)
class IncidentAdmin(RecordAdmin):
    list_display = ("number", "title", "state", "severity", "service", "acknowledged_by", "created_at")
    list_select_related = ("service", "acknowledged_by")
    list_filter = ("state", "severity")
    search_fields = ("=id", "title")


@admin.register(Silence)
class SilenceAdmin(RecordAdmin):
    """Made and ended on their own page."""

    list_display = ("about", "reason", "starts_at", "ends_at", "audience", "made_by", "ended_by")
    list_filter = ("audience",)
    list_select_related = ("service", "made_by", "ended_by")
    search_fields = ("check_slug", "service__name", "reason")
    date_hierarchy = "starts_at"


class OfIncidents(RecordAdmin):
    """Rows whose words name an incident: only those of incidents one may see."""

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        seen = Incident.objects.visible_to(request.user)  # type: ignore[arg-type]
        return rows.filter(incident__in=seen)


@admin.register(Run)
class RunAdmin(OfIncidents):
    list_display = ("incident", "policy", "state", "loop", "step", "next_step_at", "started_at")
    list_select_related = ("incident", "policy")
    list_filter = ("state",)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(RecordAdmin):
    list_display = ("policy", "version", "author", "published_at")
    list_select_related = ("policy", "author")
    list_filter = ("policy",)


@admin.register(Evaluation)
class EvaluationAdmin(RecordAdmin):
    list_display = ("at", "ticket", "alert", "schema")
    list_select_related = ("ticket", "alert")
    readonly_fields = ("facts_read", "decision_read")
    fields = ("ticket", "alert", "at", "schema", "facts_read", "decision_read")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Facts hold words of the report: only those of tickets one may see."""
        rows = super().get_queryset(request)
        return rows.filter(ticket=None) | rows.filter(ticket__in=Ticket.objects.visible_to(request.user))  # type: ignore[arg-type]

    @admin.display(description=gettext_lazy("facts"))
    def facts_read(self, obj: Evaluation) -> str:
        return json.dumps(obj.facts, indent=1, ensure_ascii=False)

    @admin.display(description=gettext_lazy("decision"))
    def decision_read(self, obj: Evaluation) -> str:
        return json.dumps(obj.decision, indent=1, ensure_ascii=False)


@admin.register(Firing)
class FiringAdmin(RecordAdmin):
    def get_queryset(self, request: HttpRequest) -> Any:
        """A firing names its ticket: only those of tickets one may see, and of alerts."""
        rows = super().get_queryset(request)
        seen = Ticket.objects.visible_to(request.user)  # type: ignore[arg-type]
        incidents = Incident.objects.visible_to(request.user)  # type: ignore[arg-type]
        named = rows.filter(evaluation__ticket=None) | rows.filter(evaluation__ticket__in=seen)
        return named.filter(incident=None) | named.filter(incident__in=incidents)

    list_display = ("at", "rule", "version", "group_key", "incident", "is_shadow", "did")
    list_select_related = ("rule", "incident")
    list_filter = ("rule", "is_shadow")
