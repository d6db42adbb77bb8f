from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OncallConfig(AppConfig):
    name = "servicedesk.oncall"
    label = "oncall"
    verbose_name = _("On call")
