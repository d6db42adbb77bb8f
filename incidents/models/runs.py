"""A run: one walk through a policy for one incident. Its steps, and who was paged by each."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident
from incidents.models.policies import Policy
from incidents.states import OPEN_RUN, RunState
from servicedesk.directory.models import User


class RunQuerySet(models.QuerySet["Run"]):
    def open(self) -> RunQuerySet:
        return self.filter(state__in=OPEN_RUN)

    def open_of(self, incident: Incident) -> Run | None:
        """The incident's open run, its row held until the transaction ends; the incident's is held already."""
        run = self.open().select_for_update().filter(incident=incident).first()
        if run is not None:
            run.incident = incident
        return run

    def due(self, now: datetime) -> RunQuerySet:
        return self.open().filter(next_step_at__lte=now)


class Run(models.Model):
    """Every trigger, re-trigger and undo of an acknowledgement is a new run. It keeps the policy as it was."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="runs", verbose_name=_("incident"))
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, related_name="runs", verbose_name=_("policy"))
    policy_version = models.PositiveIntegerField(_("policy version"), null=True)
    snapshot = models.JSONField(_("policy as it was"))
    state = models.CharField(_("state"), max_length=10, choices=RunState, default=RunState.RUNNING)
    loop = models.PositiveSmallIntegerField(_("round"), default=0)
    step = models.PositiveSmallIntegerField(_("next step"), default=1)
    round_began_at = models.DateTimeField(_("round began"))
    next_step_at = models.DateTimeField(
        _("acts next"), null=True, help_text=_("The next step, the last resort again, or the question to the owner.")
    )
    why = models.CharField(_("started because"), max_length=240, blank=True)
    asked_owner_at = models.DateTimeField(_("owner asked"), null=True)
    started_at = models.DateTimeField(_("started"))
    exhausted_at = models.DateTimeField(_("exhausted"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects: ClassVar[models.Manager[Run]] = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=Q(state__in=["running", "held", "exhausted"]), name="one_open_run_an_incident"
            )
        ]
        indexes = [models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="run_next")]

    def __str__(self) -> str:
        return f"{self.incident.number}, run {self.pk}"


class StepRecord(models.Model):
    """A step that ran, or was skipped and why; unique, so no step runs twice."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="records", verbose_name=_("run"))
    loop = models.PositiveSmallIntegerField(_("round"))
    step = models.PositiveSmallIntegerField(_("step"), help_text=_("0: the last resort."))
    at = models.DateTimeField(_("at"))
    skipped = models.CharField(_("skipped because"), max_length=240, blank=True)

    class Meta:
        verbose_name = _("step taken")
        verbose_name_plural = _("steps taken")
        ordering = ["run", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "loop", "step"], name="step_taken_once", condition=Q(step__gt=0))]

    def __str__(self) -> str:
        return f"{self.run}, {self.loop}.{self.step}"


class PageQuerySet(models.QuerySet["Page"]):
    def again(self, now: datetime) -> PageQuerySet:
        """Those who asked to be asked again, and whose time has come."""
        return self.filter(again_at__lte=now)


class Page(models.Model):
    """One person paged for one incident: why, and under which errand of the post office."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="pages", verbose_name=_("incident"))
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="pages", verbose_name=_("run"))
    loop = models.PositiveSmallIntegerField(_("round"), default=0)
    step = models.PositiveSmallIntegerField(_("step"), default=0)
    person = models.ForeignKey(User, models.PROTECT, related_name="pages", verbose_name=_("person"))
    because = models.CharField(_("why this person"), max_length=240)
    errand_key = models.CharField(_("errand"), max_length=120, unique=True)
    at = models.DateTimeField(_("at"))
    answered_at = models.DateTimeField(_("acknowledged their part"), null=True, help_text=_("Where everybody of the step must."))
    again_at = models.DateTimeField(_("asked again"), null=True, help_text=_("This person asked for more time."))

    objects: ClassVar[models.Manager[Page]] = PageQuerySet.as_manager()

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ["incident", "id"]
        indexes = [
            models.Index(fields=["person", "-at"], name="page_person"),
            models.Index(fields=["again_at"], condition=Q(again_at__isnull=False), name="page_again"),
        ]

    def __str__(self) -> str:
        return f"{self.incident.number} to {self.person}"
