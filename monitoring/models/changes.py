from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from monitoring.models.checks import Check
from servicedesk.directory.models import ServiceState


class StateChange(models.Model):
    """One confirmed change of a check's state, with the numbers it turned on: [code, number, ...] as the verdict gives them."""

    check_ref = models.ForeignKey(Check, models.PROTECT, related_name="changes", verbose_name=_("check"))
    at = models.DateTimeField(_("at"), db_index=True)
    before = models.CharField(_("before"), max_length=10, choices=ServiceState)
    after = models.CharField(_("after"), max_length=10, choices=ServiceState)
    summary = models.CharField(_("what was said"), max_length=1024, blank=True)
    value = models.CharField(_("value"), max_length=60, blank=True)
    why = models.JSONField(_("why"), default=list)

    class Meta:
        verbose_name = _("change of state")
        verbose_name_plural = _("changes of state")
        ordering = ["-id"]
        indexes = [models.Index(fields=["check_ref", "-id"], name="change_check")]

    def __str__(self) -> str:
        return f"{self.check_ref_id}: {self.before} to {self.after}"
