"""Addresses that are keys, sealed; and the key by which push services know this desk."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.models.methods import ContactMethod


class SealedAddress(models.Model):
    """Where a browser's push service or another service is told, and with which keys. The method itself shows a name only."""

    method = models.OneToOneField(ContactMethod, models.CASCADE, related_name="sealed", verbose_name=_("method"))
    words = models.TextField(_("address, sealed"))

    class Meta:
        verbose_name = _("sealed address")
        verbose_name_plural = _("sealed addresses")

    def __str__(self) -> str:
        return str(self.method)


class PushKey(models.Model):
    """The private key of this desk's requests to push services (VAPID), sealed; made once."""

    name = models.CharField(_("name"), max_length=20, unique=True)
    words = models.TextField(_("key, sealed"))

    class Meta:
        verbose_name = _("push key")
        verbose_name_plural = _("push keys")

    def __str__(self) -> str:
        return self.name
