"""Which desk hours the due times of open tickets follow: those of the organisation and of each site, as they were last worked out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class FollowedHours(models.Model):
    place = models.CharField(_("of"), max_length=40, unique=True, help_text=_("organisation, or site- and its key."))
    hours = models.JSONField(_("hours"), default=dict)

    class Meta:
        verbose_name = _("followed hours")
        verbose_name_plural = _("followed hours")
        ordering = ["place"]

    def __str__(self) -> str:
        return self.place
