"""Names the admin's site; apart, because it is read before there are models."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class DeskAdminConfig(AdminConfig):
    default_site = "servicedesk.operations.admin_site.DeskSite"
