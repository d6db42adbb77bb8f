"""Answers kept ready: words with a few placeholders, filled from an allow-list and by nothing else."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import Service, Team, User


class CannedQuerySet(models.QuerySet["CannedAnswer"]):
    def usable_by(self, user: User) -> CannedQuerySet:
        """In use, and of everybody or of one of this person's teams."""
        rows = self.filter(is_active=True)
        return rows if user.is_manager else rows.filter(Q(team=None) | Q(team__in=user.team_ids))


class CannedAnswer(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)
    text = models.TextField(_("text"), help_text=_("May hold {requester}, {me}, {number}, {title}, {service}, {desk_phone} and {today}."))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("only for the team"))
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("first for the service"))
    is_active = models.BooleanField(_("in use"), default=True)

    objects: ClassVar[models.Manager[CannedAnswer]] = CannedQuerySet.as_manager()

    class Meta:
        verbose_name = _("canned answer")
        verbose_name_plural = _("canned answers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
