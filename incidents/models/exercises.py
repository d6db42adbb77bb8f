"""What was rehearsed and with whom: what no log knows, and a review asks for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models.catalogue import Vendor
from servicedesk.directory.models import User


class Exercise(models.Model):
    """A rehearsal that was held: around a table, by restoring a backup, by signing in without single sign-on."""

    class Kind(models.TextChoices):
        TABLETOP = "tabletop", _("Around a table")
        PAGES = "pages", _("Pages to real people")
        RESTORE = "restore", _("Restore of a backup")
        BREAK_GLASS = "break_glass", _("Sign-in without single sign-on")
        PROVIDER_DOWN = "provider_down", _("A provider was away")

    kind = models.CharField(_("kind"), max_length=14, choices=Kind, default=Kind.TABLETOP)
    held_on = models.DateField(_("held on"))
    scenario = models.CharField(_("scenario"), max_length=240)
    people: models.ManyToManyField[User, User] = models.ManyToManyField(User, related_name="exercises", verbose_name=_("who took part"))
    outside_hours = models.BooleanField(_("outside desk hours"), default=False)
    vendor = models.ForeignKey(Vendor, models.PROTECT, null=True, blank=True, related_name="exercises", verbose_name=_("with the vendor"))
    minutes = models.PositiveIntegerField(_("minutes it took"), null=True, blank=True)
    passed = models.BooleanField(_("it worked"), default=True)

    class Meta:
        verbose_name = _("exercise")
        verbose_name_plural = _("exercises")
        ordering = ["-held_on", "-id"]

    def __str__(self) -> str:
        return f"{self.held_on:%Y-%m-%d} {self.get_kind_display()}: {self.scenario}"


class ExerciseFinding(models.Model):
    exercise = models.ForeignKey(Exercise, models.PROTECT, related_name="findings", verbose_name=_("exercise"))
    text = models.CharField(_("finding"), max_length=240)
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("finding of an exercise")
        verbose_name_plural = _("findings of exercises")
        ordering = ["exercise", "id"]

    def __str__(self) -> str:
        return self.text
