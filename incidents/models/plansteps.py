"""Steps of the plan as an incident, ticket or alert carries them: copied at the first tick, so that a later version changes nothing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.alerts import LinkedAlert
from incidents.models.incidents import Incident
from incidents.models.tickets import Ticket
from servicedesk.directory.models import User


class PlanStep(models.Model):
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="steps", verbose_name=_("incident"))
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="steps", verbose_name=_("ticket"))
    alert = models.ForeignKey(
        LinkedAlert, models.PROTECT, null=True, related_name="steps", verbose_name=_("alert"),
        help_text=_("While it has no incident; its incident takes them over."),
    )  # fmt: skip
    part = models.CharField(_("part"), max_length=80, help_text=_("A phase of the plan, or runbook: and a service's short name."))
    place = models.PositiveSmallIntegerField(_("place"))
    text = models.CharField(_("text"), max_length=400)
    done_at = models.DateTimeField(_("done"), null=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("done by"))

    class Meta:
        verbose_name = _("step of a checklist")
        verbose_name_plural = _("steps of checklists")
        ordering = ["part", "place"]
        constraints = [
            models.CheckConstraint(
                condition=Q(incident__isnull=False, ticket=None, alert=None)
                | Q(incident=None, ticket__isnull=False, alert=None)
                | Q(incident=None, ticket=None, alert__isnull=False),
                name="step_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["incident", "part", "place"], condition=Q(incident__isnull=False), name="step_once_an_incident"
            ),
            models.UniqueConstraint(fields=["ticket", "part", "place"], condition=Q(ticket__isnull=False), name="step_once_a_ticket"),
            models.UniqueConstraint(fields=["alert", "part", "place"], condition=Q(alert__isnull=False), name="step_once_an_alert"),
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False), name="step_done_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.place}: {self.text[:60]}"
