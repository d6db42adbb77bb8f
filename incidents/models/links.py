"""A signed link: the page /a/<token> for one person and one incident, without a login."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident
from servicedesk.directory.models import User


class SignedLink(models.Model):
    class Purpose(models.TextChoices):
        PAGE = "page", _("Page")
        PROPOSAL = "proposal", _("Proposal")

    token = models.CharField(_("token"), max_length=22, unique=True)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose, default=Purpose.PAGE)
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="links", verbose_name=_("incident"))
    because = models.CharField(_("why this person"), max_length=240, blank=True)
    created_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("signed link")
        verbose_name_plural = _("signed links")
        constraints = [models.UniqueConstraint(fields=["person", "incident", "purpose"], name="one_link_a_person")]

    def __str__(self) -> str:
        return f"{self.incident.number} for {self.person}"
