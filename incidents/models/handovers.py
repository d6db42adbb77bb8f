"""A shift handed over: what stood then, in words, signed by who leaves and by who takes over."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User


class Handover(models.Model):
    """Never changed once given, but for the second signature."""

    giver = models.ForeignKey(User, models.PROTECT, related_name="handovers_given", verbose_name=_("given by"))
    taker = models.ForeignKey(User, models.PROTECT, related_name="handovers_taken", verbose_name=_("taken by"))
    sections = models.JSONField(_("what stood then"))
    next_steps = models.TextField(_("what comes next"), blank=True)
    left_out = models.TextField(_("what is left out"), blank=True)
    given_at = models.DateTimeField(_("signed by the giver"))
    taken_at = models.DateTimeField(_("signed by the taker"), null=True)

    class Meta:
        verbose_name = _("handover of a shift")
        verbose_name_plural = _("handovers of shifts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["giver", "taker"], condition=models.Q(taken_at=None), name="one_open_handover_a_pair"),
            models.CheckConstraint(condition=~models.Q(giver=models.F("taker")), name="handover_of_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.giver}, {self.taker}, {self.given_at:%Y-%m-%d %H:%M}"
