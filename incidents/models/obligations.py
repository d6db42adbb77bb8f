"""Deadlines outside the house that begin when a security incident or a loss is known. Templates, not advice; never paused."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident
from servicedesk.directory.models import User


class ObligationQuerySet(models.QuerySet["Obligation"]):
    def open(self) -> ObligationQuerySet:
        return self.filter(decided_at=None)

    def to_remind(self, now: datetime) -> ObligationQuerySet:
        return self.open().filter(remind_at__lte=now)


class Obligation(models.Model):
    class Kind(models.TextChoices):
        WARNING = "warning", _("Early warning, 24 hours")
        NOTICE = "notice", _("Notification, 72 hours")
        REPORT = "report", _("Final report, one month")

    class Decision(models.TextChoices):
        DONE = "done", _("Told")
        NOT_OWED = "not_owed", _("Not owed")

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="obligations", verbose_name=_("incident"))
    kind = models.CharField(_("deadline"), max_length=10, choices=Kind)
    aware_at = models.DateTimeField(_("known since"))
    due_at = models.DateTimeField(_("due"))
    remind_at = models.DateTimeField(_("reminded"), null=True)
    decision = models.CharField(_("decided"), max_length=10, choices=Decision, blank=True)
    reason = models.TextField(_("why, or to whom and how"), blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)

    objects: ClassVar[models.Manager[Obligation]] = ObligationQuerySet.as_manager()

    class Meta:
        verbose_name = _("obligation")
        verbose_name_plural = _("obligations")
        ordering = ["incident", "due_at"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "kind"], name="obligation_once"),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None) | ~Q(decision="") & Q(decided_at__isnull=False), name="obligation_decided_at"
            ),
        ]
        indexes = [models.Index(fields=["remind_at"], condition=Q(remind_at__isnull=False), name="obligation_remind")]

    def __str__(self) -> str:
        return f"{self.incident.number}, {self.get_kind_display()}"
