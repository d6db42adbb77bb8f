"""What somebody of the desk promised the requester, and by when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.tickets import Entry, Ticket
from servicedesk.directory.models import User


class PledgeQuerySet(models.QuerySet["Pledge"]):
    def open(self) -> PledgeQuerySet:
        """Neither kept nor taken back; a missed one stays open until it is kept."""
        return self.filter(kept_at=None, withdrawn_at=None)

    def running(self) -> PledgeQuerySet:
        return self.open().filter(missed_at=None)

    def missed_by(self, now: datetime) -> PledgeQuerySet:
        return self.running().filter(due_at__lte=now)


class Pledge(models.Model):
    """ "I call you tomorrow 10:00": the requester reads it, its author is reminded, and a missed one is told upwards."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="pledges", verbose_name=_("ticket"))
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="pledge", verbose_name=_("entry"))
    person = models.ForeignKey(User, models.PROTECT, related_name="pledges", verbose_name=_("promised by"))
    text = models.CharField(_("promise"), max_length=200)
    made_at = models.DateTimeField(_("made"))
    due_at = models.DateTimeField(_("due"))
    remind_at = models.DateTimeField(_("author is reminded"), null=True)
    kept_at = models.DateTimeField(_("kept"), null=True)
    missed_at = models.DateTimeField(_("missed"), null=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True)

    objects: ClassVar[models.Manager[Pledge]] = PledgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(kept_at=None, missed_at=None, withdrawn_at=None), name="pledge_due"),
            models.Index(fields=["remind_at"], condition=Q(remind_at__isnull=False), name="pledge_remind"),
            models.Index(fields=["person", "due_at"], condition=Q(kept_at=None, withdrawn_at=None), name="pledge_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.text}"
