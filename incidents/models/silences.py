"""A silence: whose alerts open nothing, from when until when, and why. Always with an end."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incidents import windows
from servicedesk.directory.models import Service, User


class SilenceQuerySet(models.QuerySet["Silence"]):
    def standing(self, now: datetime) -> SilenceQuerySet:
        """Begun and not over; a recurring one among them may be between two windows."""
        return self.filter(starts_at__lte=now, ends_at__gt=now)

    def coming(self, now: datetime) -> SilenceQuerySet:
        return self.filter(starts_at__gt=now, ends_at__gt=now)

    def past(self, now: datetime) -> SilenceQuerySet:
        return self.filter(ends_at__lte=now)

    def announced(self, now: datetime) -> SilenceQuerySet:
        """What employees are told of, not over."""
        return self.filter(audience=Silence.Audience.EMPLOYEES, ends_at__gt=now)

    def to_announce(self, now: datetime) -> SilenceQuerySet:
        return self.filter(announce_at__lte=now)

    def about(self, service: Service | None, check_slug: str) -> SilenceQuerySet:
        """Of this check, or of all checks of this service."""
        named = Q(check_slug=check_slug) & ~Q(check_slug="")
        return self.filter(named | Q(service=service, check_slug="") if service else named)


class Silence(models.Model):
    """Monitoring goes on; the rules are not asked about covered alerts until it ends. With weekdays: only in those windows.

    With an audience it is announced maintenance: its public text stands where they read, and goes to them by mail ahead.
    """

    class Audience(models.TextChoices):
        NOBODY = "", _("Nobody: it is only kept quiet")
        DESK = "desk", _("The desk")
        EMPLOYEES = "employees", _("Everybody: portal and status page")

    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="silences", verbose_name=_("service"))
    check_slug = models.CharField(_("check"), max_length=120, blank=True)
    reason = models.CharField(_("why"), max_length=240)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    weekdays = models.JSONField(
        _("weekdays"), default=list, blank=True, help_text=_("Monday is 0. Empty: all the time from beginning to end.")
    )
    opens = models.TimeField(_("opens"), null=True, blank=True)
    closes = models.TimeField(_("closes"), null=True, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    audience = models.CharField(_("announced to"), max_length=10, choices=Audience, blank=True, default=Audience.NOBODY)
    public_text = models.CharField(_("what they read"), max_length=240, blank=True)
    announce_at = models.DateTimeField(_("mail goes"), null=True, blank=True, help_text=_("Empty: no mail, or it has gone."))
    announced_at = models.DateTimeField(_("mail went"), null=True, blank=True, editable=False)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    created_at = models.DateTimeField(_("made"))
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ended by"))

    objects: ClassVar[models.Manager[Silence]] = SilenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("silence")
        verbose_name_plural = _("silences")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["ends_at"], name="silence_ends"),
            models.Index(fields=["announce_at"], condition=Q(announce_at__isnull=False), name="silence_announce"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="silence_ends_after_it_starts"),
            models.CheckConstraint(condition=~Q(check_slug="") | Q(service__isnull=False), name="silence_of_something"),
            models.CheckConstraint(
                condition=Q(audience="", public_text="", announce_at=None) | (~Q(audience="") & ~Q(public_text="")),
                name="silence_announced_in_words",
            ),
            models.CheckConstraint(
                condition=Q(weekdays=[]) | Q(opens__isnull=False, closes__isnull=False), name="silence_windows_have_times"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.about}: {self.reason}"

    @property
    def about(self) -> str:
        """What it silences, by name."""
        return self.check_slug or str(self.service)

    def window(self, now: datetime) -> tuple[datetime, datetime] | None:
        """What it covers at `now`, as instants; None: nothing at this moment."""
        if not self.starts_at <= now < self.ends_at:
            return None
        if not self.weekdays or self.opens is None or self.closes is None:
            return self.starts_at, self.ends_at
        found = windows.window_at(now, weekdays=self.weekdays, start=self.opens, end=self.closes, zone=ZoneInfo(self.zone))
        return (found[0], min(found[1], self.ends_at)) if found else None

    def next_window(self, now: datetime) -> tuple[datetime, datetime] | None:
        """What it covers now, or else next."""
        at = now if self.window(now) else self.next_at(now)
        return self.window(at) if at is not None else None

    def next_at(self, now: datetime) -> datetime | None:
        """When it begins to cover something next."""
        after = max(now, self.starts_at)
        if not self.weekdays or self.opens is None or self.closes is None:
            return self.starts_at if self.starts_at > now else None
        if self.starts_at > now and self.window(self.starts_at):
            return self.starts_at
        found = windows.next_window(after, weekdays=self.weekdays, start=self.opens, end=self.closes, zone=ZoneInfo(self.zone))
        return found[0] if found and found[0] < self.ends_at else None
