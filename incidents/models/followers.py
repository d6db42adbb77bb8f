"""Who said "I have this too" of an incident."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident
from incidents.states import IncidentState
from servicedesk.directory.models import User


class FollowerQuerySet(models.QuerySet["Follower"]):
    def to_tell(self, now: datetime) -> Self:
        """Their incident is over and they have not heard of it."""
        over = (IncidentState.RESOLVED, IncidentState.CLOSED)
        return self.filter(told_at=None, incident__state__in=over, incident__resolved_at__lte=now)


class Follower(models.Model):
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="followers", verbose_name=_("incident"))
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    since = models.DateTimeField(_("since"))
    told_at = models.DateTimeField(_("told that it is over"), null=True)

    objects = FollowerQuerySet.as_manager()

    class Meta:
        verbose_name = _("person who has it too")
        verbose_name_plural = _("people who have it too")
        constraints = [models.UniqueConstraint(fields=["incident", "person"], name="has_it_once")]
        indexes = [models.Index(fields=["incident"], condition=models.Q(told_at=None), name="follower_to_tell")]

    def __str__(self) -> str:
        return f"{self.person}: {self.incident.number}"
