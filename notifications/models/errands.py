"""An errand: one thing to tell one person. It walks the person's ladder until told, cancelled or out of rungs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User


class Urgency(models.TextChoices):
    URGENT = "urgent", _("Urgent")
    NORMAL = "normal", _("Normal")


class ErrandQuerySet(models.QuerySet["Errand"]):
    def open(self) -> ErrandQuerySet:
        return self.filter(state=Errand.State.OPEN)

    def unsettled(self) -> ErrandQuerySet:
        """Unreachable, and the one who asked has not looked yet."""
        return self.filter(state=Errand.State.UNREACHABLE, noticed_at=None)


class Errand(models.Model):
    class Kind(models.TextChoices):
        PAGE = "page", _("Page")
        NOTICE = "notice", _("Notice")

    class State(models.TextChoices):
        OPEN = "open", _("Under way")
        UNREACHABLE = "unreachable", _("Not reached")
        CANCELLED = "cancelled", _("Cancelled")
        DONE = "done", _("Done")

    person = models.ForeignKey(User, models.PROTECT, related_name="errands", verbose_name=_("person"))
    thread = models.CharField(_("thread"), max_length=40, help_text=_("Whose business it is, opaque here: INC-214."))
    key = models.CharField(_("key"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency)
    about = models.CharField(
        _("whose noise"),
        max_length=80,
        blank=True,
        db_default="",
        help_text=_("Pages about one thing never delay another's; empty: never bundled."),
    )
    rank = models.PositiveSmallIntegerField(_("severity"), default=4, help_text=_("Orders a bundle; 1 comes first."))
    because = models.CharField(_("why this person"), max_length=240, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    skipped = models.JSONField(_("methods left out"), default=list, help_text=_("Each with the reason in words."))
    created_at = models.DateTimeField(_("made"))
    settled_at = models.DateTimeField(_("settled"), null=True)
    noticed_at = models.DateTimeField(_("noticed by who asked"), null=True)

    objects: ClassVar[models.Manager[Errand]] = ErrandQuerySet.as_manager()

    class Meta:
        verbose_name = _("errand")
        verbose_name_plural = _("errands")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["thread", "id"], name="errand_thread"),
            models.Index(fields=["id"], condition=models.Q(state="unreachable", noticed_at=None), name="errand_unsettled"),
            models.Index(fields=["person", "-created_at"], name="errand_person"),
        ]

    def __str__(self) -> str:
        return f"{self.thread} to {self.person}"
