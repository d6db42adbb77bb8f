from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from monitoring.models.checks import Check
from servicedesk.directory.models import ServiceState


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> AlertQuerySet:
        return self.filter(cleared_at=None)

    def to_raise(self, now: datetime) -> AlertQuerySet:
        return self.filter(raise_at__lte=now)


class Alert(models.Model):
    """A check that is bad, from its opening to its clearing. One open alert per source and key."""

    check_ref = models.ForeignKey(Check, models.PROTECT, related_name="alerts", verbose_name=_("check"))
    source_id = models.BigIntegerField(_("source"))
    dedup_key = models.CharField(_("key"), max_length=255)
    status = models.CharField(_("status"), max_length=10, choices=ServiceState)
    worst = models.CharField(_("worst"), max_length=10, choices=ServiceState)
    summary = models.CharField(_("summary"), max_length=1024, blank=True)
    value = models.CharField(_("value"), max_length=60, blank=True)
    detail = models.TextField(_("detail"), blank=True)
    opened_at = models.DateTimeField(_("opened"))
    since = models.DateTimeField(_("bad since"))
    status_since = models.DateTimeField(_("this status since"))
    cleared_at = models.DateTimeField(_("cleared"), null=True)
    is_flapping = models.BooleanField(_("flapping"), default=False)
    held_by = models.ForeignKey(
        Check,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("held back by"),
        help_text=_("Not told while this check is bad."),
    )
    told_at = models.DateTimeField(_("the desk was told"), null=True)
    raise_at = models.DateTimeField(
        _("tell the desk"), null=True, help_text=_("Set when something changed that the desk has not heard yet.")
    )

    objects: ClassVar[models.Manager[Alert]] = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source_id", "dedup_key"], condition=Q(cleared_at=None), name="one_open_alert_a_key")
        ]
        indexes = [models.Index(fields=["raise_at"], condition=Q(raise_at__isnull=False), name="alert_raise")]

    def __str__(self) -> str:
        return f"{self.dedup_key}: {self.status}"
