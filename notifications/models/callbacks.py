"""What providers told us, raw, each once."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.models.messages import Attempt


class ProviderCallback(models.Model):
    provider = models.CharField(_("provider"), max_length=20)
    event_id = models.CharField(_("event"), max_length=160)
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="callbacks", verbose_name=_("attempt"))
    raw = models.JSONField(_("as received"), default=dict)
    received_at = models.DateTimeField(_("received"))
    outcome = models.CharField(_("what was made of it"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("provider callback")
        verbose_name_plural = _("provider callbacks")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="callback_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"
