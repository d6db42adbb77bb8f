"""The books of a day: what was asked of each channel and what became of it, closed the next morning."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.models.methods import Channel


class Reckoning(models.Model):
    """One channel on one day of the organisation; counts of the messages made on that day."""

    day = models.DateField(_("day"))
    channel = models.CharField(_("by"), max_length=10, choices=Channel)
    made = models.PositiveIntegerField(_("made"))
    sent = models.PositiveIntegerField(_("taken by the provider"))
    delivered = models.PositiveIntegerField(_("delivered"))
    failed = models.PositiveIntegerField(_("not sent"))
    dropped = models.PositiveIntegerField(_("not needed any more"))
    unsettled = models.PositiveIntegerField(_("without an end"), help_text=_("Waiting or not known a day later: each is a fault."))
    learned = models.PositiveIntegerField(_("learned by asking"), help_text=_("No receipt came; the provider was asked."))
    repeated = models.PositiveIntegerField(_("possibly twice"))
    closed_at = models.DateTimeField(_("closed"))

    class Meta:
        verbose_name = _("reckoning")
        verbose_name_plural = _("reckonings")
        ordering = ["-day", "channel"]
        constraints = [models.UniqueConstraint(fields=["day", "channel"], name="reckoning_once")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.get_channel_display()}"
