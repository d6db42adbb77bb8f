from __future__ import annotations

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "servicedesk.api"
    label = "api"
    verbose_name = _("API")
    default = True


class StaticConfig(StaticFilesConfig):
    """Of the page that shows the API only what it loads: the rest is 8 MB that every start would look through anew."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "rest_framework", "redoc", "*.js.map", "oauth2-redirect.*"]
