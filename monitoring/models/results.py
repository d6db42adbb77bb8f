"""What was heard: raw bodies, results, and what was seen before."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident
from monitoring.models.sources import Source
from servicedesk.directory.models import ServiceState
from servicedesk.schema import TimeIndex


class RawBody(models.Model):
    """A body as it came in, kept before anybody reads it."""

    source = models.ForeignKey(Source, models.PROTECT, null=True, related_name="bodies", verbose_name=_("source"))
    received_at = models.DateTimeField(_("received"))
    content_type = models.CharField(_("content type"), max_length=120, blank=True)
    body = models.BinaryField(_("body"))
    items = models.PositiveIntegerField(_("signals read"), default=0)
    problem = models.CharField(_("why it could not be read"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("body received")
        verbose_name_plural = _("bodies received")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["source", "-id"], name="raw_source"),
            models.Index(fields=["-id"], condition=~models.Q(problem=""), name="raw_unreadable"),
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.received_at:%Y-%m-%d %H:%M}"


class Result(models.Model):
    """One reading of one check. On PostgreSQL a table of daily partitions; nothing has a foreign key to it."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    check_id = models.BigIntegerField(_("check"))
    status = models.CharField(_("status"), max_length=10, choices=ServiceState)
    summary = models.CharField(_("summary"), max_length=1024, blank=True)
    severity = models.PositiveSmallIntegerField(_("the sender's severity"), null=True)
    flag = models.CharField(_("remark"), max_length=80, blank=True)
    metrics = models.JSONField(_("metrics"), default=list)
    labels = models.JSONField(_("labels"), default=dict)
    started_at = models.DateTimeField(_("the sender's time"), null=True)
    received_at = models.DateTimeField(_("received"))
    raw_id = models.BigIntegerField(_("body"), null=True)
    change = models.CharField(_("what it changed"), max_length=20, blank=True)
    why = models.JSONField(_("what the verdict turned on"), default=list)

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        ordering = ["-day", "-id"]
        indexes = [
            models.Index(fields=["check_id", "-id"], name="result_check"),
            TimeIndex(fields=["received_at"], name="result_received"),
        ]

    def __str__(self) -> str:
        return f"{self.check_id}: {self.status}"


class PinnedResult(models.Model):
    """A reading that an incident shows as evidence, kept for as long as the incident's evidence is."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="+", verbose_name=_("incident"))
    result = models.BigIntegerField(_("reading"))
    check_id = models.BigIntegerField(_("check"))
    status = models.CharField(_("status"), max_length=10, choices=ServiceState)
    summary = models.CharField(_("summary"), max_length=1024, blank=True)
    severity = models.PositiveSmallIntegerField(_("the sender's severity"), null=True)
    metrics = models.JSONField(_("metrics"), default=list)
    labels = models.JSONField(_("labels"), default=dict)
    started_at = models.DateTimeField(_("the sender's time"), null=True)
    received_at = models.DateTimeField(_("received"))
    raw_id = models.BigIntegerField(_("body"), null=True, db_index=True)
    change = models.CharField(_("what it changed"), max_length=20, blank=True)
    why = models.JSONField(_("what the verdict turned on"), default=list)

    class Meta:
        verbose_name = _("reading kept for an incident")
        verbose_name_plural = _("readings kept for incidents")
        ordering = ["incident", "received_at"]
        constraints = [models.UniqueConstraint(fields=["incident", "result"], name="pinned_once")]

    def __str__(self) -> str:
        return f"{self.incident_id}: {self.check_id} {self.status}"


class SeenEvent(models.Model):
    """What makes a repeat change nothing: a key per source, remembered 7 days."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="+", verbose_name=_("source"))
    key = models.CharField(_("key"), max_length=255)
    seen_at = models.DateTimeField(_("seen"), db_index=True)

    class Meta:
        verbose_name = _("seen event")
        verbose_name_plural = _("seen events")
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="seen_once")]

    def __str__(self) -> str:
        return self.key
