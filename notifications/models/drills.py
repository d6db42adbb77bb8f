"""Drills: real pages that begin with TEST, planned ahead, and what each person made of them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.models.errands import Errand
from servicedesk.directory.models import User


class DrillQuerySet(models.QuerySet["Drill"]):
    def due(self, now: datetime) -> DrillQuerySet:
        return self.filter(is_on=True, due_at__lte=now)


class Drill(models.Model):
    """Who is paged for practice, when, and how often."""

    name = models.CharField(_("name"), max_length=80)
    due_at = models.DateTimeField(_("next time"), null=True, blank=True, help_text=_("In working hours: it wakes whoever sleeps."))
    every_days = models.PositiveSmallIntegerField(_("every (days)"), default=0, help_text=_("0: once."))
    takes_duty = models.BooleanField(_("whoever is on duty then"), default=True)
    people: models.ManyToManyField[User, models.Model] = models.ManyToManyField(
        User, related_name="drills", blank=True, verbose_name=_("and these")
    )
    within_min = models.PositiveSmallIntegerField(
        _("answered within (minutes)"), default=15, validators=[MinValueValidator(5), MaxValueValidator(240)]
    )
    is_on = models.BooleanField(_("on"), default=True)
    created_at = models.DateTimeField(_("planned"), null=True, editable=False)

    objects: ClassVar[models.Manager[Drill]] = DrillQuerySet.as_manager()

    class Meta:
        verbose_name = _("drill")
        verbose_name_plural = _("drills")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DrillAnswer(models.Model):
    """One person in one round of a drill. Seconds run from the beginning of the round."""

    class Result(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        ANSWERED = "answered", _("Answered")
        MISSED = "missed", _("Not answered")
        UNREACHED = "unreached", _("Not reached")

    drill = models.ForeignKey(Drill, models.PROTECT, related_name="answers", verbose_name=_("drill"))
    person = models.ForeignKey(User, models.PROTECT, related_name="drill_answers", verbose_name=_("person"))
    began_at = models.DateTimeField(_("round"))
    ends_at = models.DateTimeField(_("answered by"))
    token = models.CharField(_("token"), max_length=22, unique=True)
    errand = models.ForeignKey(Errand, models.PROTECT, null=True, related_name="+", verbose_name=_("errand"))
    result = models.CharField(_("result"), max_length=10, choices=Result, default=Result.WAITING)
    sent_at = models.DateTimeField(_("first message out"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        verbose_name = _("answer to a drill")
        verbose_name_plural = _("answers to drills")
        ordering = ["-began_at", "person"]
        constraints = [models.UniqueConstraint(fields=["drill", "person", "began_at"], name="drill_answer_once")]
        indexes = [models.Index(fields=["ends_at"], condition=models.Q(result="waiting"), name="drill_waiting")]

    def __str__(self) -> str:
        return f"{self.drill}, {self.person}"

    @property
    def took_s(self) -> float | None:
        """From the beginning of the round to the answer."""
        return (self.answered_at - self.began_at).total_seconds() if self.answered_at else None
