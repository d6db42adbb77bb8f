"""How an incident is led: what stakeholders were told and when they hear again, who holds which role, the bridge, the cost."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident
from incidents.states import LIVE_INCIDENT
from servicedesk.directory.models import User


class CommandQuerySet(models.QuerySet["Command"]):
    def to_remind(self, now: datetime) -> CommandQuerySet:
        """Of those still worked on, whose promised update is near or over and nobody was reminded yet."""
        return self.filter(remind_at__lte=now, incident__state__in=LIVE_INCIDENT)


class Command(models.Model):
    """What an incident has once somebody leads it: where people meet, when the next update is due, what it cost."""

    incident = models.OneToOneField(Incident, models.PROTECT, related_name="command", verbose_name=_("incident"))
    bridge = models.CharField(_("bridge"), max_length=200, blank=True, help_text=_("A link, or a number to call."))
    next_update_at = models.DateTimeField(_("next update due"), null=True, blank=True)
    remind_at = models.DateTimeField(_("remind of the update at"), null=True, blank=True)
    cost_people = models.PositiveIntegerField(_("people"), null=True, blank=True)
    cost_minutes = models.PositiveIntegerField(_("minutes each"), null=True, blank=True)

    objects: ClassVar[models.Manager[Command]] = CommandQuerySet.as_manager()

    class Meta:
        verbose_name = _("command of an incident")
        verbose_name_plural = _("command of incidents")
        indexes = [models.Index(fields=["remind_at"], condition=Q(remind_at__isnull=False), name="command_remind")]

    def __str__(self) -> str:
        return self.incident.number


class UpdateQuerySet(models.QuerySet["Update"]):
    def public(self) -> UpdateQuerySet:
        """What every employee may read."""
        return self.filter(is_public=True, incident__is_confidential=False)


class Update(models.Model):
    """What stakeholders were told. Never changed: a later one stands beside it."""

    class Phase(models.TextChoices):
        INVESTIGATING = "investigating", _("Investigating")
        IDENTIFIED = "identified", _("Identified")
        WATCHING = "watching", _("Watching")
        RESOLVED = "resolved", _("Resolved")

    class Audience(models.TextChoices):
        STATUS_PAGE = "status_page", _("Status page")
        BANNER = "banner", _("Banner in the portal")
        REQUESTERS = "requesters", _("Mail to requesters")
        MANAGERS = "managers", _("Mail to IT managers")

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="updates", verbose_name=_("incident"))
    phase = models.CharField(_("phase"), max_length=14, choices=Phase)
    text = models.TextField(_("text"))
    audiences = models.JSONField(_("told to"), default=list)
    is_public = models.BooleanField(_("shown to employees"))
    mailed = models.PositiveIntegerField(_("mails"), default=0)
    next_update_at = models.DateTimeField(_("next update promised for"), null=True, blank=True)
    author = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("author"))
    at = models.DateTimeField(_("at"))

    objects: ClassVar[models.Manager[Update]] = UpdateQuerySet.as_manager()

    class Meta:
        verbose_name = _("stakeholder update")
        verbose_name_plural = _("stakeholder updates")
        ordering = ["incident", "id"]

    def __str__(self) -> str:
        return f"{self.incident.number}, {self.get_phase_display()}"


class RoleHolding(models.Model):
    """Somebody leads a part of an incident from one moment to another."""

    class Kind(models.TextChoices):
        COMMANDER = "commander", _("Commander")
        COMMUNICATIONS = "communications", _("Communications")
        TECHNICAL_LEAD = "technical_lead", _("Technical lead")
        SCRIBE = "scribe", _("Scribe")

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="roles", verbose_name=_("incident"))
    role = models.CharField(_("role"), max_length=14, choices=Kind)
    person = models.ForeignKey(User, models.PROTECT, related_name="incident_roles", verbose_name=_("person"))
    doing = models.CharField(_("doing now"), max_length=200, blank=True)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("role in an incident")
        verbose_name_plural = _("roles in incidents")
        ordering = ["incident", "id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "role"], condition=Q(until__isnull=True), name="one_holder_a_role"),
        ]

    def __str__(self) -> str:
        return f"{self.incident.number}, {self.get_role_display()}: {self.person}"
