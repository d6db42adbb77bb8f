"""Who is told by mail what stands on the status page: any address, once it confirmed that it wants to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def listening(self) -> SubscriberQuerySet:
        return self.filter(confirmed_at__isnull=False, stopped_at=None)


class Subscriber(models.Model):
    email = models.EmailField(_("e-mail"), unique=True)
    token = models.CharField(_("token"), max_length=43, unique=True, help_text=_("In the links of its letters."))
    asked_at = models.DateTimeField(_("asked"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True)
    told_until = models.BigIntegerField(_("told up to update"), default=0)

    objects: ClassVar[models.Manager[Subscriber]] = SubscriberQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscriber of the status page")
        verbose_name_plural = _("subscribers of the status page")
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email
