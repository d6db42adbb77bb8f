"""What the engine keeps about its own passes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident
from servicedesk.directory.models import User


class EnginePass(models.Model):
    """One pass of the engine: who may run it until when, and how it last went.

    All times here are the database's own (`Now()`), so that engines on hosts that disagree do no harm.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    every_s = models.PositiveSmallIntegerField(_("every, in seconds"))
    version = models.PositiveSmallIntegerField(_("version"), help_text=_("An engine older than this leaves the pass alone."))
    holder = models.CharField(_("held by"), max_length=120, blank=True)
    lease_until = models.DateTimeField(_("lease"), null=True)
    ran_at = models.DateTimeField(_("last ran without an error"), null=True)
    took_ms = models.PositiveIntegerField(_("took, in milliseconds"), default=0)

    objects: ClassVar[models.Manager[EnginePass]] = models.Manager()

    class Meta:
        verbose_name = _("engine pass")
        verbose_name_plural = _("engine passes")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Retention(models.Model):
    """How long one kind of what came in is kept. A row a category, made with its usual days."""

    category = models.CharField(_("what"), max_length=40, primary_key=True, editable=False)
    keep_days = models.PositiveIntegerField(_("days kept"), help_text=_("Older rows are dropped within the hour, for good."))

    objects: ClassVar[models.Manager[Retention]] = models.Manager()

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retention")
        ordering = ["category"]

    def __str__(self) -> str:
        return self.category


class SetupStep(models.Model):
    """What the first run keeps about a step that its rows do not tell: put off, or the incident of its test."""

    name = models.CharField(_("step"), max_length=20, primary_key=True, editable=False)
    skipped_at = models.DateTimeField(_("put off"), null=True, editable=False)
    skipped_by = models.ForeignKey(User, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by"))
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("incident"))

    objects: ClassVar[models.Manager[SetupStep]] = models.Manager()

    class Meta:
        verbose_name = _("step of the first run")
        verbose_name_plural = _("steps of the first run")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
