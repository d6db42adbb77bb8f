"""Names the admin's site; apart, because it is read before there are models."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register


def check_pages(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every page of the admin, whether or not somebody has asked for a URL yet."""
    admin.autodiscover()
    return check_admin_app(app_configs, **kwargs)


class DeskAdminConfig(SimpleAdminConfig):
    """The admin's pages are read with the URLs that show them: engine, worker and commands do without, 40 MB and a third of a second."""

    default = True
    default_site = "servicedesk.operations.admin_site.DeskSite"

    def ready(self) -> None:
        register(check_dependencies, Tags.admin)
        register(check_pages, Tags.admin)
