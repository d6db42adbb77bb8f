"""What a person did to several tickets at once, and the views of the queue they keep."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User

UNDO = timedelta(seconds=60)


class Batch(models.Model):
    """One deed on some tickets. `changed` holds [number, what was, what is] of each, which is what undoing needs."""

    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    deed = models.CharField(_("deed"), max_length=20)
    said = models.CharField(_("in words"), max_length=240)
    changed = models.JSONField(_("changed"), default=list)
    skipped = models.JSONField(_("skipped"), default=list, help_text=_("[number, why] of each."))
    at = models.DateTimeField(_("at"))
    undone_at = models.DateTimeField(_("undone"), null=True)

    class Meta:
        verbose_name = _("bulk change")
        verbose_name_plural = _("bulk changes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.said

    def may_be_undone(self, now: datetime) -> bool:
        return self.undone_at is None and bool(self.changed) and now - self.at <= UNDO


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def shown_to(self, user: User) -> SavedViewQuerySet:
        """Their own, and what colleagues share."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


class SavedView(models.Model):
    """A queue's address under a name. `query` is canonical, so what it finds is what the reader may see."""

    owner = models.ForeignKey(User, models.PROTECT, related_name="saved_views", verbose_name=_("of"))
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(_("address"), max_length=500)
    is_shared = models.BooleanField(_("for every colleague"), default=False)
    created_at = models.DateTimeField(_("created"))

    objects: ClassVar[models.Manager[SavedView]] = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name
