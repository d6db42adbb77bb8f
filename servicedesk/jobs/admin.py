"""Long work in the admin: who asked for what, and how it ended."""

from __future__ import annotations

from django.contrib import admin

from servicedesk.audit.desk_admin import RecordAdmin
from servicedesk.jobs.models import Job


@admin.register(Job)
class JobAdmin(RecordAdmin):
    list_display = ("title", "kind", "asked_by", "state", "done", "total", "created_at", "finished_at")
    list_select_related = ("asked_by",)
    list_filter = ("state", "kind")
    search_fields = ("title", "asked_by__username")
    exclude = ("checkpoint", "claim_id", "lease_until", "due_at")
