"""A program outside that is told of what happens here: its address, what it hears, and the secrets that sign what it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Happening(models.TextChoices):
    """The word of an event's `type`; what a step of a policy calls is told whatever is chosen here."""

    TICKET_CREATED = "ticket.created", _("A ticket is reported")
    TICKET_STATE = "ticket.state", _("A ticket is in another state")
    TICKET_SEVERITY = "ticket.severity", _("A ticket is rated otherwise")
    INCIDENT_OPENED = "incident.opened", _("An incident is proposed or declared")
    INCIDENT_STATE = "incident.state", _("An incident is in another state")
    INCIDENT_SEVERITY = "incident.severity", _("An incident is of another severity")


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def on(self) -> WebhookQuerySet:
        return self.filter(switched_off_at=None)


class Webhook(models.Model):
    """Secrets are sealed. The one before signs too until `previous_until`, so that the other side can change its own in peace."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    url = models.CharField(_("address"), max_length=500, validators=[URLValidator(["https", "http"])])
    events = models.JSONField(_("hears of"), default=list, blank=True, help_text=_("Empty: only what a policy calls it for."))
    secret = models.CharField(_("secret"), max_length=300)
    previous_secret = models.CharField(_("secret before"), max_length=300, blank=True)
    previous_until = models.DateTimeField(_("the one before signs until"), null=True, blank=True)
    switched_off_at = models.DateTimeField(_("switched off"), null=True, blank=True)
    switched_off_reason = models.CharField(_("why it is off"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("made"))

    objects: ClassVar[models.Manager[Webhook]] = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def secrets(self, now: datetime) -> list[str]:
        """Those that sign now, the newest first, still sealed."""
        is_kept = self.previous_secret and self.previous_until is not None and self.previous_until > now
        return [self.secret, *([self.previous_secret] if is_kept else [])]
