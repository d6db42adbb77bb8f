"""The admin: grouped as an administrator thinks, and with what was changed last beside it."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from servicedesk.audit.desk_admin import RecordAdmin
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.shelves import SHELVES, Shelf

SHOWN = 10
LOOKED_THROUGH = 20_000  # of the trail, newest first: most of it is daily work


class DeskSite(admin.AdminSite):
    site_title = site_header = _("Servicedesk administration")
    index_title = _("What is configured, and what happened")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The shelves with what this person may see; with `app_label` Django's own list of that app."""
        if app_label is not None:
            return list(super().get_app_list(request, app_label))
        found = {row["model"]._meta.label_lower: row for app in self._build_app_dict(request).values() for row in app["models"]}
        shelves = [_shelf(shelf, [found.pop(label) for label in shelf.models if label in found], request) for shelf in SHELVES]
        shelves[-1]["models"] += found.values()  # a test forbids it, and nothing is ever hidden
        return [shelf for shelf in shelves if shelf["models"]]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**(extra_context or {}), "recent": self.recent()})

    def recent(self) -> list[dict[str, Any]]:
        """The configuration people changed last."""
        nouns = [model._meta.label_lower for model, page in self._registry.items() if not isinstance(page, RecordAdmin)]
        newest = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        rows = AuditEntry.objects.filter(pk__gt=newest - LOOKED_THROUGH, noun__in=nouns, actor__isnull=False)[:SHOWN]
        return [_change(row) for row in rows]


def _shelf(shelf: Shelf, models: list[dict[str, Any]], request: HttpRequest) -> dict[str, Any]:
    is_here = any(row["admin_url"] and request.path.startswith(row["admin_url"]) for row in models)
    pages = [{"name": word, "url": reverse(name)} for word, name in shelf.pages]
    return {"name": shelf.word, "hint": shelf.hint, "app_label": "", "is_current": is_here, "pages": pages, "models": models}


def _change(row: AuditEntry) -> dict[str, Any]:
    model = apps.get_model(row.noun)
    href = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_history", args=[row.object_id])
    return {"at": row.at, "who": row.actor_label, "what": capfirst(model._meta.verbose_name), "href": href}
