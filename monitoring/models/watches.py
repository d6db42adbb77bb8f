"""What we look at ourselves: a probe, its options, and when it is due."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from monitoring.models.checks import Check


class WatchQuerySet(models.QuerySet["Watch"]):
    def due(self, now: datetime) -> WatchQuerySet:
        return self.filter(due_at__lte=now)

    def free(self) -> WatchQuerySet:
        """Nobody runs it now."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))


class Watch(models.Model):
    """A check of kind probe; its period and service stand in the check. One run at a time: lease and attempt."""

    check_ref = models.OneToOneField(Check, models.CASCADE, primary_key=True, related_name="watch", verbose_name=_("check"))
    probe = models.CharField(_("probe"), max_length=30)
    options = models.JSONField(_("options"), default=dict)
    memory = models.JSONField(_("what the last run left"), default=dict, editable=False)
    due_at = models.DateTimeField(_("due"), null=True, help_text=_("None: it is switched off."))
    rung_at = models.DateTimeField(_("workers were asked"), null=True, editable=False)
    lease_until = models.DateTimeField(_("taken until"), null=True, editable=False)
    attempt_id = models.UUIDField(_("attempt"), null=True, editable=False)
    ran_at = models.DateTimeField(_("last run"), null=True, editable=False)
    late_s = models.FloatField(_("began so many seconds late"), default=0, editable=False)
    took_s = models.FloatField(_("took seconds"), default=0, editable=False)

    objects: ClassVar[models.Manager[Watch]] = WatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("probe")
        verbose_name_plural = _("probes")
        ordering = ["check_ref__slug"]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="watch_due")]

    def __str__(self) -> str:
        return f"{self.check_ref}"
