"""How a person is reached: verified methods, two ladders, quiet hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.models.errands import Urgency
from servicedesk.directory.models import User

FLAGGED_FOR = timedelta(hours=6)
REMOVED = "removed"  # the code of a method its owner took away; its messages stay


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    VOICE = "voice", _("Call")
    CHAT = "chat", _("Chat")
    PUSH = "push", _("Browser")
    APPRISE = "apprise", _("Other service")
    WEBHOOK = "webhook", _("Webhook")


WAKING = (Channel.SMS, Channel.VOICE)  # what rings; mail, chats and browsers are read by who is awake
SEALED = (Channel.PUSH, Channel.APPRISE)  # the address is a key: kept sealed, and shown by a name


class ContactMethodQuerySet(models.QuerySet["ContactMethod"]):
    def usable(self) -> ContactMethodQuerySet:
        return self.filter(verified_at__isnull=False, disabled_at=None)

    def kept(self) -> ContactMethodQuerySet:
        """Without those their owner removed."""
        return self.exclude(disabled_code=REMOVED)

    def flagged(self, now: datetime) -> ContactMethodQuerySet:
        """Refused for good not long ago, and not proved right since."""
        return self.filter(flagged_at__gt=now - FLAGGED_FOR)


class ContactMethod(models.Model):
    person = models.ForeignKey(User, models.PROTECT, related_name="contact_methods", verbose_name=_("person"))
    kind = models.CharField(_("by"), max_length=10, choices=[(each.value, each.label) for each in Channel if each != Channel.WEBHOOK])
    address = models.CharField(_("address or number"), max_length=500)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("switched off"), null=True, blank=True)
    disabled_reason = models.CharField(_("why it is off"), max_length=200, blank=True)
    disabled_code = models.CharField(_("code"), max_length=20, blank=True, help_text=_("The provider's code, or opted_out."))
    # a provider may be wrong about a number, or about all of them: a flag says "others first" and ends by itself
    flagged_at = models.DateTimeField(_("flagged"), null=True, blank=True)
    flagged_reason = models.CharField(_("why it is flagged"), max_length=200, blank=True, db_default="")
    flagged_code = models.CharField(_("code of the flag"), max_length=20, blank=True, db_default="")
    created_at = models.DateTimeField(_("added"))

    objects: ClassVar[models.Manager[ContactMethod]] = ContactMethodQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact method")
        verbose_name_plural = _("contact methods")
        ordering = ["person", "id"]
        constraints = [models.UniqueConstraint(fields=["person", "kind", "address"], name="method_once")]
        indexes = [models.Index(fields=["address", "kind"], name="method_address")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.address}"

    def is_flagged(self, now: datetime) -> bool:
        return self.flagged_at is not None and self.flagged_at > now - FLAGGED_FOR

    @property
    def is_usable(self) -> bool:
        return self.verified_at is not None and self.disabled_at is None


class LadderRung(models.Model):
    """One step of a person's ladder: this method, so long after the page began."""

    person = models.ForeignKey(User, models.CASCADE, related_name="rungs", verbose_name=_("person"))
    urgency = models.CharField(_("ladder"), max_length=10, choices=Urgency)
    position = models.PositiveSmallIntegerField(_("position"))
    delay_s = models.PositiveIntegerField(_("after (seconds)"), default=0)
    method = models.ForeignKey(ContactMethod, models.CASCADE, related_name="rungs", verbose_name=_("method"))

    class Meta:
        verbose_name = _("ladder rung")
        verbose_name_plural = _("ladder rungs")
        ordering = ["person", "urgency", "position"]
        constraints = [models.UniqueConstraint(fields=["person", "urgency", "position"], name="rung_once")]

    def __str__(self) -> str:
        return f"{self.person}, {self.get_urgency_display()}, {self.position}"


class QuietHours(models.Model):
    person = models.OneToOneField(User, models.CASCADE, related_name="quiet_hours", verbose_name=_("person"))
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    weekdays = models.JSONField(_("week days"), default=list, blank=True, help_text=_("0 is Monday; empty: every day."))

    class Meta:
        verbose_name = _("quiet hours")
        verbose_name_plural = _("quiet hours")

    def __str__(self) -> str:
        return f"{self.person}: {self.starts:%H:%M}-{self.ends:%H:%M}"
