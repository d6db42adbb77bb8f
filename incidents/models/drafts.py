"""What somebody is writing and has not sent: one a person, place and kind. Nobody else reads it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User


class DraftQuerySet(models.QuerySet["Draft"]):
    def written(self) -> DraftQuerySet:
        """Those in which something stands; the others only remember which form was sent."""
        return self.exclude(fields={})


class Draft(models.Model):
    class Kind(models.TextChoices):
        NEW = "new", _("Report")
        ANSWER = "answer", _("Answer of the requester")
        REPLY = "reply", _("Reply of staff")
        NOTE = "note", _("Internal note")
        CALL = "call", _("Call")

    person = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("person"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    number = models.PositiveBigIntegerField(_("ticket"), default=0, help_text=_("0: no ticket yet."))
    fields = models.JSONField(_("fields"), default=dict)
    sent_key = models.CharField(
        _("form sent last"), max_length=40, blank=True, db_default="", help_text=_("What this form still brings is too late.")
    )
    saved_at = models.DateTimeField(_("saved"))

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [models.UniqueConstraint(fields=["person", "kind", "number"], name="one_draft_a_place")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or ''}".strip()
