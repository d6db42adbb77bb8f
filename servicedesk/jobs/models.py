"""A job: what was asked for, by whom, how far it is; and its file, in parts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User


class JobState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_JOB = (JobState.QUEUED, JobState.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    def open(self) -> JobQuerySet:
        return self.filter(state__in=OPEN_JOB)

    def due(self, now: datetime) -> JobQuerySet:
        """The engine must look after these."""
        return self.filter(due_at__lte=now)

    def visible_to(self, user: User) -> JobQuerySet:
        """One's own; administrators see that there are others."""
        return self if user.is_admin else self.filter(asked_by=user)


class Job(models.Model):
    """Leases are set and compared by the database's clock, everything else by the desk's."""

    kind = models.CharField(_("kind"), max_length=40, help_text=_("A name of JOB_KINDS."))
    title = models.CharField(_("what"), max_length=160)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="jobs", verbose_name=_("asked by"))
    parameters = models.JSONField(_("parameters"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("of"), null=True)
    message = models.CharField(_("message"), max_length=240, blank=True)
    checkpoint = models.JSONField(_("goes on from"), null=True)
    result = models.JSONField(_("result"), default=dict)
    result_url = models.CharField(_("result's page"), max_length=240, blank=True)
    file_name = models.CharField(_("result's file"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("asked"))
    started_at = models.DateTimeField(_("started"), null=True)
    heard_at = models.DateTimeField(_("last heard of"), null=True)
    finished_at = models.DateTimeField(_("ended"), null=True)
    cancel_asked_at = models.DateTimeField(_("cancelling since"), null=True)
    due_at = models.DateTimeField(_("the engine looks"), null=True)
    claim_id = models.UUIDField(_("claim"), null=True)
    lease_until = models.DateTimeField(_("lease"), null=True)
    tries = models.PositiveSmallIntegerField(_("begun without getting on"), default=0)

    objects: ClassVar[models.Manager[Job]] = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="job_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OPEN_JOB, finished_at=None)
                | Q(state__in=("done", "failed", "cancelled"), due_at=None, lease_until=None, finished_at__isnull=False),
                name="job_over_or_due",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_JOB

    @property
    def rate(self) -> int:
        """Pieces a minute since it was begun; 0: not known yet."""
        heard = self.finished_at or self.heard_at
        seconds = (heard - self.started_at).total_seconds() if heard and self.started_at else 0
        return round(self.done * 60 / seconds) if seconds >= 1 else 0


class JobPart(models.Model):
    """A piece of a job's file, written with the checkpoint behind it: a job that is resumed never writes one twice."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="parts", verbose_name=_("job"))
    number = models.PositiveIntegerField(_("number"))
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("part of a file")
        verbose_name_plural = _("parts of files")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="job_part_once")]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.number}"
