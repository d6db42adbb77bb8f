"""A check, and apart from it the state that changes with every result."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from monitoring.models.sources import Source
from servicedesk.directory.models import Service, ServiceState


class Check(models.Model):
    class Kind(models.TextChoices):
        PUSH = "push", _("Pushed results")
        HEARTBEAT = "heartbeat", _("Heartbeat")
        PROBE = "probe", _("Probe")

    source = models.ForeignKey(Source, models.PROTECT, related_name="checks", verbose_name=_("source"))
    slug = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PUSH)
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="checks", verbose_name=_("service"))
    confirm = models.PositiveSmallIntegerField(_("bad results in a row"), default=1)
    for_s = models.PositiveIntegerField(_("bad for at least (seconds)"), default=0)
    clear_confirm = models.PositiveSmallIntegerField(_("good results in a row"), default=1)
    period_s = models.PositiveIntegerField(_("expected every (seconds)"), null=True, blank=True)
    grace_s = models.PositiveIntegerField(_("late after another (seconds)"), default=300)
    cron = models.CharField(_("schedule"), max_length=120, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    ping_id = models.UUIDField(_("ping address"), default=uuid.uuid4, unique=True)
    is_paused = models.BooleanField(_("paused"), default=False)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["source", "slug"], name="check_once_a_source")]

    def __str__(self) -> str:
        return self.slug


class CheckStateQuerySet(models.QuerySet["CheckState"]):
    def overdue(self, now: datetime) -> CheckStateQuerySet:
        return self.filter(overdue_at__lte=now)

    def close_due(self, now: datetime) -> CheckStateQuerySet:
        return self.filter(closes_at__lte=now)

    def recheck_due(self, now: datetime) -> CheckStateQuerySet:
        return self.filter(recheck_at__lte=now)


class CheckState(models.Model):
    """The verdict's memory (verdict.State) in columns and JSON; locked in check-id order."""

    check_ref = models.OneToOneField(Check, models.CASCADE, primary_key=True, related_name="state", verbose_name=_("check"))
    status = models.CharField(_("status"), max_length=10, choices=ServiceState, default=ServiceState.UNKNOWN)
    is_settled = models.BooleanField(_("settled"), default=False, help_text=_("An equal status changes nothing (architecture, engine 8)."))
    since = models.DateTimeField(_("since"), null=True)
    memory = models.JSONField(_("verdict's memory"), default=dict)
    summary = models.CharField(_("last summary"), max_length=1024, blank=True)
    value = models.CharField(_("last value"), max_length=60, blank=True)
    last_result_at = models.DateTimeField(_("last result"), null=True)
    last_start_at = models.DateTimeField(_("last start"), null=True)
    overdue_at = models.DateTimeField(_("late at"), null=True)
    recheck_at = models.DateTimeField(_("judged again at"), null=True)
    closes_at = models.DateTimeField(_("over without a word at"), null=True)

    objects: ClassVar[models.Manager[CheckState]] = CheckStateQuerySet.as_manager()

    class Meta:
        verbose_name = _("check state")
        verbose_name_plural = _("check states")
        indexes = [
            models.Index(fields=["overdue_at"], condition=Q(overdue_at__isnull=False), name="state_overdue"),
            models.Index(fields=["recheck_at"], condition=Q(recheck_at__isnull=False), name="state_recheck"),
            models.Index(fields=["closes_at"], condition=Q(closes_at__isnull=False), name="state_closes"),
        ]

    def __str__(self) -> str:
        return f"{self.check_ref_id}: {self.status}"
