"""The desk's own copy of an alert: what it may know without importing monitoring."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident
from incidents.models.silences import Silence
from servicedesk.directory.models import Service, ServiceState


class LinkedAlertQuerySet(models.QuerySet["LinkedAlert"]):
    def open(self) -> LinkedAlertQuerySet:
        return self.filter(cleared_at=None)

    def due(self, now: datetime) -> LinkedAlertQuerySet:
        return self.filter(evaluate_at__lte=now)


class LinkedAlert(models.Model):
    alert_id = models.BigIntegerField(
        _("alert"), unique=True, help_text=_("Monitoring's number; no foreign key, imports run the other way.")
    )
    check_id = models.BigIntegerField(_("check number"))
    check_slug = models.CharField(_("check"), max_length=120)
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="alerts", verbose_name=_("service"))
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, blank=True, related_name="alerts", verbose_name=_("incident"))
    incident_reason = models.CharField(_("why linked"), max_length=240, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=ServiceState)
    since = models.DateTimeField(_("since"))
    status_since = models.DateTimeField(_("this status since"))
    cleared_at = models.DateTimeField(_("cleared"), null=True)
    summary = models.CharField(_("summary"), max_length=1024, blank=True)
    value = models.CharField(_("last value"), max_length=60, blank=True)
    detail = models.TextField(_("what stood beside it"), blank=True)
    evaluate_at = models.DateTimeField(_("rules look again"), null=True)
    silence = models.ForeignKey(Silence, models.PROTECT, null=True, blank=True, related_name="alerts", verbose_name=_("last silenced by"))
    silenced_until = models.DateTimeField(_("silenced until"), null=True)
    updated_at = models.DateTimeField(_("changed"))

    objects: ClassVar[models.Manager[LinkedAlert]] = LinkedAlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["evaluate_at"], condition=Q(evaluate_at__isnull=False), name="alert_evaluate"),
            models.Index(fields=["service", "-since"], name="alert_service"),
        ]

    def __str__(self) -> str:
        return f"{self.check_slug} {self.status}"
