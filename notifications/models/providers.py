"""How each provider stands: what failed lately, and until when another is tried first."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProviderStateQuerySet(models.QuerySet["ProviderState"]):
    def down(self) -> ProviderStateQuerySet:
        return self.filter(down_since__isnull=False)

    def avoided(self, now: datetime) -> ProviderStateQuerySet:
        """Down, and not to be tried yet where there is another."""
        return self.down().filter(try_at__gt=now)


class ProviderState(models.Model):
    name = models.CharField(_("provider"), max_length=20, unique=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failed_at = models.DateTimeField(_("first failure of late"), null=True)
    down_since = models.DateTimeField(_("down since"), null=True)
    try_at = models.DateTimeField(_("tried again"), null=True)
    reason = models.CharField(_("why"), max_length=240, blank=True)

    objects: ClassVar[models.Manager[ProviderState]] = ProviderStateQuerySet.as_manager()

    class Meta:
        verbose_name = _("state of a provider")
        verbose_name_plural = _("states of providers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
