"""The base of every admin page: writes the audit trail, shows it as history, deletes nothing, shows only what one may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from servicedesk import clock
from servicedesk.audit import trail
from servicedesk.audit.models import AuditEntry

SECRET = ("password", "token", "secret", "hash")


class DeskAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # the base is generic in the stubs only
    """Configuration: added and changed by administrators, never deleted, every change on the trail."""

    save_on_top = True
    show_full_result_count = False
    list_per_page = 50

    @property
    def search_help_text(self) -> str:  # type: ignore[override]
        """Where the search looks, by the fields' own names."""
        names = [str(_field(self.model, path.lstrip("^=@")).verbose_name) for path in self.search_fields]
        return _("Looks in: %(names)s.") % {"names": ", ".join(dict.fromkeys(names))}

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        visible = getattr(rows, "visible_to", None)
        return visible(request.user) if visible else rows

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        """The row and its line on the trail, together."""
        now = clock.now()
        with transaction.atomic():
            if not change and getattr(obj, "created_at", now) is None:
                obj.created_at = now
            super().save_model(request, obj, form, change)
            note = str(form.cleaned_data.get("note") or "")
            self.record(request, obj, "change" if change else "add", form.changed_data, form.initial, now, note=note)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        noun = str(formset.model._meta.verbose_name_plural)
        before = {noun: [str(row) for row in formset.get_queryset().all()]}
        super().save_formset(request, form, formset, change)
        if formset.has_changed():
            after = {noun: [str(row) for row in formset.get_queryset().all()]}
            trail.record(form.instance, "change parts", actor=request.user, now=clock.now(), before=before, after=after)  # type: ignore[arg-type]

    def record(
        self, request: HttpRequest, obj: models.Model, verb: str, names: Iterable[str], initial: Mapping[str, Any], now: datetime,
        *, note: str = "",
    ) -> None:  # fmt: skip
        """`note`: why, where the form asks for it."""
        known = [name for name in names if name in {field.name for field in obj._meta.get_fields()}]
        before = {name: plain(name, initial.get(name)) for name in known}
        after = {name: plain(name, getattr(obj, name, None)) for name in known} | ({"note": note} if note else {})
        trail.record(obj, verb, actor=request.user, now=now, before=before, after=after)  # type: ignore[arg-type]

    # Django's own log is not kept: the trail has every change, also those made outside the admin

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The audit trail of one row, newest first."""
        obj = get_object_or_404(self.get_queryset(request), pk=object_id)
        rows = AuditEntry.objects.filter(noun=obj._meta.label_lower, object_id=str(obj.pk))[:200]
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(name)s") % {"name": obj},
            "rows": rows,
            "object": obj,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/history.html", context)


class RecordAdmin(DeskAdmin):
    """What happened: read, never written by hand."""

    save_on_top = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


def _field(model: Any, path: str) -> Any:
    """The field at the end of a path such as "person__name"."""
    name, _between, rest = path.partition("__")
    field = model._meta.get_field(name)
    return _field(field.related_model, rest) if rest else field


def plain(name: str, value: Any) -> Any:
    """A field's value as JSON for the trail; secrets are only said to have changed."""
    if any(word in name for word in SECRET):
        return "…"
    if isinstance(value, models.Manager):
        return [str(row) for row in value.all()]
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return value.pk if isinstance(value, models.Model) else str(value)
