"""A report that somebody gets by mail."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User


class ReportMailQuerySet(models.QuerySet["ReportMail"]):
    def due(self, now: datetime) -> ReportMailQuerySet:
        return self.filter(next_at__lte=now)

    def running(self) -> ReportMailQuerySet:
        return self.filter(next_at__isnull=False)


class ReportMail(models.Model):
    class Every(models.TextChoices):
        WEEK = "week", _("every Monday")
        MONTH = "month", _("on the first of each month")

    person = models.ForeignKey(User, models.PROTECT, related_name="report_mails", verbose_name=_("person"))
    name = models.CharField(_("report"), max_length=20)
    query = models.CharField(_("asked"), max_length=300, blank=True, help_text=_("As in the report's address."))
    every = models.CharField(_("how often"), max_length=8, choices=Every)
    next_at = models.DateTimeField(_("next at"), null=True, help_text=_("Empty: stopped."))

    objects: ClassVar[models.Manager[ReportMail]] = ReportMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("report by mail")
        verbose_name_plural = _("reports by mail")
        constraints = [models.UniqueConstraint(fields=["person", "name", "query"], name="report_mailed_once")]
        indexes = [models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="report_mail_next")]

    def __str__(self) -> str:
        return f"{self.name}: {self.person}"
