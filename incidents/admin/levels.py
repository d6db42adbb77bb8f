"""Service levels in the admin: in the order they are asked, each edit a new version, never deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import forms_levels, levels
from incidents.models import ServiceLevel, ServiceLevelVersion, SeverityLevel
from servicedesk import clock
from servicedesk.audit.desk_admin import DeskAdmin, RecordAdmin


@admin.register(ServiceLevel)
class ServiceLevelAdmin(DeskAdmin):
    form = forms_levels.LevelForm
    list_display = ("name", "position", "whom", "is_active", "version")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = levels.CHOSEN

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).in_order().prefetch_related(*levels.CHOSEN)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The one for everything else asks for nothing, and is always in use."""
        is_rest = obj is not None and obj.is_rest
        hint = _("All that is named must fit; what is left empty may be anything.")
        about = (_("For which tickets"), {"fields": forms_levels.ASKED, "description": hint})
        names = dict(SeverityLevel.objects.values_list("rank", "name"))
        times = [
            (f"SEV{rank} {names.get(rank, '')}", {"fields": [f"{name}_{rank}" for name in (*forms_levels.TIMES, "always")]})
            for rank in forms_levels.RANKS
        ]
        head = ("name", "slug") if is_rest else ("name", "slug", "position", "is_active")
        return [(None, {"fields": head}), *([] if is_rest else [about]), *times, (None, {"fields": ("pauses",)})]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_related(request, form, formsets, change)
            levels.publish(form.instance, actor=request.user, now=clock.now())  # type: ignore[arg-type]
        for level, by in levels.hidden(levels.in_force()):
            said = _("No ticket comes under %(name)s: %(by)s stands before it and takes them all.") % {"name": level.name, "by": by.name}
            messages.warning(request, said)
        messages.info(request, _("It counts for tickets from now on. What is open keeps the times it was promised."))

    @admin.display(description=gettext_lazy("for"))
    def whom(self, row: ServiceLevel) -> str:
        return levels.because(levels.draft(row))


@admin.register(ServiceLevelVersion)
class ServiceLevelVersionAdmin(RecordAdmin):
    list_display = ("level", "version", "author", "published_at")
    list_select_related = ("level", "author")
    list_filter = ("level",)
