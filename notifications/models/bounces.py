"""An address from which our letters come back for good. A mail from there lifts the mark."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class BouncedAddress(models.Model):
    address = models.CharField(_("address"), max_length=254, unique=True)
    code = models.CharField(_("code"), max_length=20, blank=True)
    reason = models.CharField(_("why"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("address that takes no mail")
        verbose_name_plural = _("addresses that take no mail")
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.address
