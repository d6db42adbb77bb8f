"""A problem: the cause behind several tickets. Known error and workaround stand on it, for staff and, published, for everybody."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incidents.models.tickets import Ticket
from servicedesk.directory.models import Service, User


class ProblemQuerySet(models.QuerySet["Problem"]):
    def open(self) -> ProblemQuerySet:
        return self.exclude(state=Problem.State.SOLVED)

    def published(self) -> ProblemQuerySet:
        return self.open().filter(is_published=True).exclude(workaround="")


class Problem(models.Model):
    class State(models.TextChoices):
        OPEN = "open", _("Cause not known")
        KNOWN = "known", _("Known error")
        SOLVED = "solved", _("Solved")

    title = models.CharField(_("title"), max_length=200)
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="problems", verbose_name=_("service"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    cause = models.TextField(_("cause"), blank=True)
    workaround = models.TextField(_("workaround"), blank=True)
    is_published = models.BooleanField(_("workaround shown to everybody"), default=False)
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    signature = models.JSONField(_("rare words"), default=list)
    tickets: models.ManyToManyField[Ticket, Ticket] = models.ManyToManyField(Ticket, related_name="problems", verbose_name=_("tickets"))
    created_at = models.DateTimeField(_("made"))
    updated_at = models.DateTimeField(_("changed"))

    objects: ClassVar[models.Manager[Problem]] = ProblemQuerySet.as_manager()

    class Meta:
        verbose_name = _("problem")
        verbose_name_plural = _("problems")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"P-{self.pk} {self.title}"

    @property
    def number(self) -> str:
        return f"P-{self.pk}"


class SimilarVote(models.Model):
    """What a person said of two tickets that were shown as similar; the last word counts."""

    one = models.ForeignKey(Ticket, models.PROTECT, related_name="+", verbose_name=_("ticket"))
    other = models.ForeignKey(Ticket, models.PROTECT, related_name="+", verbose_name=_("other ticket"))
    is_similar = models.BooleanField(_("similar"))
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("word on similar tickets")
        verbose_name_plural = _("words on similar tickets")
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="similar_vote_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="similar_vote_in_order"),
        ]

    def __str__(self) -> str:
        return f"T-{self.one_id}, T-{self.other_id}: {self.is_similar}"
