"""Who is around a ticket: watching it, looking at it now, and how long they worked on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.tickets import Ticket
from servicedesk.directory.models import User

PRESENT = timedelta(seconds=45)


class Watcher(models.Model):
    """Reads the ticket as its requester does, and is written to as they are; of staff, is told of news."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="watchers", verbose_name=_("ticket"))
    person = models.ForeignKey(User, models.PROTECT, related_name="watched", verbose_name=_("person"))
    added_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("added by"))
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("watcher")
        verbose_name_plural = _("watchers")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["ticket", "person"], name="watches_once")]

    def __str__(self) -> str:
        return f"T-{self.ticket_id}, {self.person}"


class PresenceQuerySet(models.QuerySet["Presence"]):
    def here(self, now: datetime) -> PresenceQuerySet:
        return self.filter(at__gt=now - PRESENT)


class Presence(models.Model):
    """Somebody has the ticket open. The row is not history: it is written over, and forgotten after a while."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="presences", verbose_name=_("ticket"))
    person = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("person"))
    is_writing = models.BooleanField(_("writing"), default=False)
    at = models.DateTimeField(_("seen"))

    objects: ClassVar[models.Manager[Presence]] = PresenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["ticket", "person"], name="present_once")]
        indexes = [models.Index(fields=["at"], name="presence_at")]

    def __str__(self) -> str:
        return f"T-{self.ticket_id}, {self.person}"


class TimeSpent(models.Model):
    """Minutes of work on a ticket, beside those of its calls."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="times", verbose_name=_("ticket"))
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    minutes = models.PositiveIntegerField(_("minutes"))
    what = models.CharField(_("on what"), max_length=120, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("time spent")
        verbose_name_plural = _("times spent")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(minutes__range=(1, 1440)), name="time_spent_within_a_day")]

    def __str__(self) -> str:
        return f"T-{self.ticket_id}: {self.minutes}"
