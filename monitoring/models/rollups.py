"""What many results come to: one row a check, metric and stretch of time, so that a chart of a month reads a few hundred rows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import ServiceState


class RollupQuerySet(models.QuerySet["Rollup"]):
    def of_states(self) -> RollupQuerySet:
        return self.filter(metric="")


class Rollup(models.Model):
    """`metric` empty: the states of the check; else the values of that metric. Nothing has a foreign key to it.

    `n` results, `bad` of them not OK, `worst` among them; `low`, `high` and `total` of the values; `warn` and `crit` are
    the ranges that were sent with the last of them: thresholds as of then.
    """

    # the first of a check's metrics: what a small line shows where one must be chosen
    is_lead = models.BooleanField(_("leading metric"), default=False)
    check_id = models.BigIntegerField(_("check"))
    metric = models.CharField(_("metric"), max_length=80, blank=True)
    step_s = models.PositiveIntegerField(_("stretch (seconds)"))
    at = models.DateTimeField(_("from"))
    n = models.PositiveIntegerField(_("results"))
    bad = models.PositiveIntegerField(_("not OK"), default=0)
    worst = models.CharField(_("worst"), max_length=10, choices=ServiceState, default=ServiceState.OK)
    low = models.FloatField(_("lowest"), null=True)
    high = models.FloatField(_("highest"), null=True)
    total = models.FloatField(_("sum"), null=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    warn = models.CharField(_("warning range"), max_length=40, blank=True)
    crit = models.CharField(_("critical range"), max_length=40, blank=True)

    objects: ClassVar[models.Manager[Rollup]] = RollupQuerySet.as_manager()

    class Meta:
        verbose_name = _("rollup")
        verbose_name_plural = _("rollups")
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["check_id", "step_s", "at", "metric"], name="rollup_once")]
        indexes = [models.Index(fields=["step_s", "at"], name="rollup_step")]

    def __str__(self) -> str:
        return f"{self.check_id} {self.metric} {self.at:%Y-%m-%d %H:%M}"


class RollupMark(models.Model):
    """How far results were rolled up at this step."""

    step_s = models.PositiveIntegerField(_("stretch (seconds)"), primary_key=True)
    done_until = models.DateTimeField(_("done until"))

    class Meta:
        verbose_name = _("rollup mark")
        verbose_name_plural = _("rollup marks")

    def __str__(self) -> str:
        return f"{self.step_s}: {self.done_until}"
