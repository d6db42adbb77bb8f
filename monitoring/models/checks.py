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
        FORECAST = "forecast", _("Forecast")
        SOURCE = "source", _("A source as such")

    class Unknown(models.TextChoices):
        ALERT = "alert", _("counts as bad")
        WARN = "warn", _("counts as a warning")
        IGNORE = "ignore", _("changes nothing")

    class Missing(models.TextChoices):
        BY_KIND = "", _("critical for a heartbeat, else unknown")
        CRITICAL = "critical", _("critical")
        WARNING = "warning", _("a warning")
        UNKNOWN = "unknown", _("unknown")
        IGNORE = "ignore", _("keep what was last known")

    source = models.ForeignKey(Source, models.PROTECT, related_name="checks", verbose_name=_("source"))
    slug = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PUSH)
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="checks", verbose_name=_("service"))
    confirm = models.PositiveSmallIntegerField(_("bad results in a row"), default=1)
    of = models.PositiveSmallIntegerField(
        _("of the last so many results"), null=True, blank=True, help_text=_("Empty: the bad results must come in a row.")
    )
    for_s = models.PositiveIntegerField(_("bad for at least (seconds)"), default=0)
    clear_confirm = models.PositiveSmallIntegerField(_("good results in a row"), default=1)
    keep_s = models.PositiveIntegerField(_("kept after the last bad result (seconds)"), default=0)
    unknown_as = models.CharField(_("an unknown result"), max_length=10, choices=Unknown, default=Unknown.ALERT)
    missing_as = models.CharField(_("a missing result"), max_length=10, choices=Missing, default=Missing.BY_KIND, blank=True)
    notices_flapping = models.BooleanField(
        _("notices flapping"), default=True, help_text=_("While a check flaps its alert stays one, and recoveries are not told.")
    )
    depends_on = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="dependents",
        verbose_name=_("depends on"),
        help_text=_("While that check is bad, this one is judged as ever, and its new alerts wait."),
    )
    period_s = models.PositiveIntegerField(_("expected every (seconds)"), null=True, blank=True)
    grace_s = models.PositiveIntegerField(_("late after another (seconds)"), default=300)
    cron = models.CharField(_("schedule"), max_length=120, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    early_s = models.PositiveIntegerField(_("may come so much early (seconds)"), default=60)
    run_s = models.PositiveIntegerField(_("may run for (seconds)"), null=True, blank=True, help_text=_("Empty: as long as it may be late."))
    ping_id = models.UUIDField(_("ping address"), default=uuid.uuid4, unique=True)
    is_passing = models.BooleanField(
        _("of something that passes"), default=False, editable=False, help_text=_("An address under suspicion: forgotten when quiet.")
    )
    is_paused = models.BooleanField(_("paused"), default=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["source", "slug"], name="check_once_a_source")]
        indexes = [models.Index(fields=["paused_until"], condition=Q(paused_until__isnull=False), name="check_paused")]

    def __str__(self) -> str:
        return self.slug


class Threshold(models.Model):
    """When a metric is bad, where the desk and not the sender says so. Ranges are those of Nagios plugins.

    `clear`: the range a bad metric must come back into before it is good; without one, that of `warn` or `crit`.
    """

    check_ref = models.ForeignKey(Check, models.CASCADE, related_name="thresholds", verbose_name=_("check"))
    metric = models.CharField(_("metric"), max_length=120)
    warn = models.CharField(_("warning outside"), max_length=60, blank=True)
    crit = models.CharField(_("critical outside"), max_length=60, blank=True)
    clear = models.CharField(_("good again inside"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        ordering = ["metric"]
        constraints = [models.UniqueConstraint(fields=["check_ref", "metric"], name="threshold_once_a_metric")]

    def __str__(self) -> str:
        return self.metric


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
    why = models.JSONField(_("what the verdict turned on"), default=list)
    summary = models.CharField(_("last summary"), max_length=1024, blank=True)
    value = models.CharField(_("last value"), max_length=60, blank=True)
    detail = models.TextField(_("detail"), blank=True, help_text=_("The last that came while it is not well: evidence, a table."))
    last_result_at = models.DateTimeField(_("last result"), null=True)
    last_start_at = models.DateTimeField(_("last start"), null=True)
    overdue_at = models.DateTimeField(_("late at"), null=True)
    recheck_at = models.DateTimeField(_("judged again at"), null=True)
    closes_at = models.DateTimeField(_("over without a word at"), null=True)
    forecast = models.JSONField(_("what lies ahead"), default=dict)

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
