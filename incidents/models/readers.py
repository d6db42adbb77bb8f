"""The named lists of what is confidential: who reads an incident or a ticket besides the team that has it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident
from incidents.models.tickets import Ticket
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


class TicketReader(models.Model):
    """Who broke the glass of a ticket that stands in no incident, or made it confidential and is not of its team."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="readers", verbose_name=_("ticket"))
    person = models.ForeignKey(User, models.PROTECT, related_name="ticket_confidences", verbose_name=_("person"))
    because = models.CharField(_("why this person"), max_length=240, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("reader of a ticket")
        verbose_name_plural = _("readers of tickets")
        ordering = ["ticket", "id"]
        constraints = [models.UniqueConstraint(fields=["ticket", "person"], name="one_place_on_a_tickets_list")]

    def __str__(self) -> str:
        return f"{self.ticket.number}, {self.person}"
