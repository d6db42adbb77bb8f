from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from servicedesk import checks


class OperationsConfig(AppConfig):
    name = "servicedesk.operations"
    label = "operations"
    verbose_name = _("Operations")

    def ready(self) -> None:
        register(checks.settings_without_effect, "desk")
