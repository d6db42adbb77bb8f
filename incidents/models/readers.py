"""The named list of a confidential incident: who reads it besides the team that has it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident
from servicedesk.directory.models import User


class Reader(models.Model):
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="readers", verbose_name=_("incident"))
    person = models.ForeignKey(User, models.PROTECT, related_name="confidences", verbose_name=_("person"))
    because = models.CharField(_("why this person"), max_length=240, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("reader")
        verbose_name_plural = _("readers")
        ordering = ["incident", "id"]
        constraints = [models.UniqueConstraint(fields=["incident", "person"], name="one_place_on_a_list")]

    def __str__(self) -> str:
        return f"{self.incident.number}, {self.person}"
